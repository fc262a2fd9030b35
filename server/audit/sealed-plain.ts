// What is sealed, before it is encrypted: the exact texts of statements and their parameters, behind a head that says which is which. Pure.
import { paddingBytes } from '../../shared/audit/sealed.ts'
import type { StatementOperation } from '../../shared/model.ts'

/** As much of an operation as is sealed. */
export type Sealable = Pick<StatementOperation, 'text' | 'sha256' | 'parameters' | 'parameterFormats'>

type HeadParts = Pick<Sealable, 'sha256' | 'parameters' | 'parameterFormats'> & { readonly textIn: number | undefined, readonly textBytes: number | undefined }

/** A plaintext that is not put together yet; `SealedHead` says how. */
export interface Plain {
  /** ASCII. */
  readonly head: string
  readonly contents: readonly (string | Uint8Array)[]
  /** All of it, padding included. */
  readonly paddedBytes: number
}

/** @param textIn where the text of the only statement is sealed already */
export function plainOf(statements: readonly Sealable[], textIn?: number): Plain {
  const contents: (string | Uint8Array)[] = []
  let bytes = 4
  let heads = ''
  for (const { sha256, text, parameters, parameterFormats } of statements) {
    let textBytes: number | undefined
    if (textIn === undefined) {
      textBytes = Buffer.byteLength(text)
      contents.push(text)
      bytes += textBytes
    }
    for (const parameter of parameters) {
      if (parameter === null) continue
      contents.push(parameter)
      bytes += parameter.length
    }
    heads += (heads === '' ? '' : ',') + headText({ sha256, parameters, parameterFormats, textIn, textBytes })
  }
  const head = `{"statements":[${heads}]}`
  bytes += head.length
  return { head, contents, paddedBytes: Math.ceil(bytes / paddingBytes) * paddingBytes }
}

/** What canonical() would make of a SealedStatementHead, put together: one is made for each statement. */
function headText({ sha256, parameters, parameterFormats: formats, textIn, textBytes }: HeadParts): string {
  let head = formats === undefined || formats.length === 0 ? '{' : `{"formats":[${formats.join(',')}],`
  if (parameters.length > 0) head += `"parameters":[${parameters.map((parameter) => parameter === null ? 'null' : parameter.length).join(',')}],`
  return `${head}"sha256":"${sha256}",${textBytes === undefined ? `"textIn":${textIn}` : `"text":${textBytes}`}}`
}

/** @param bytes as long as it is, padding included */
export function writePlain(bytes: Buffer, { head, contents }: Plain): void {
  let at = bytes.writeUInt32BE(head.length, 0)
  at += bytes.write(head, at, 'latin1')
  for (const content of contents) {
    if (typeof content === 'string') {
      at += bytes.write(content, at, 'utf8')
    } else {
      bytes.set(content, at)
      at += content.length
    }
  }
  // Less than the padding is left: a call would take longer.
  while (at < bytes.length) bytes[at++] = 0
}

export function* partsOf({ head, contents, paddedBytes }: Plain): Generator<Uint8Array> {
  const begin = Buffer.alloc(4 + head.length)
  writePlain(begin, { head, contents: [], paddedBytes: begin.length })
  yield begin
  let bytes = begin.length
  for (const content of contents) {
    const part = typeof content === 'string' ? Buffer.from(content) : content
    yield part
    bytes += part.length
  }
  yield Buffer.alloc(paddedBytes - bytes)
}
