// The values a statement asks for of protected columns, with its parameters filled in: for the budget. Pure.
import type { Asked } from '../budget.ts'
import type { Verdict } from './judge.ts'

/** What is bound to a statement's parameters. */
export interface Bound {
  /** Bytes as sent; null is SQL NULL. */
  readonly parameters: readonly (Uint8Array | null)[]
  /** None: all text; one for all, or one each. 0 text, 1 binary. */
  readonly parameterFormats: readonly number[]
}

/** Text has no NUL in it, so nothing binary is taken for text: a value asked for in both forms counts twice. */
const binaryMark = Buffer.of(0)

/** A parameter that is not bound, or an array that cannot be read, leaves its values unknown. */
export function askedValues(asked: Verdict['asked'], bound: Bound): readonly Asked[] {
  return asked.map(({ labels, values }): Asked => {
    const found = values?.map((value) => typeof value === 'string' ? [Buffer.from(value)] : parameter(value.parameter, bound))
    if (found === undefined || found.includes(undefined)) return { columns: labels }
    return { columns: labels, values: found.flatMap((some) => some ?? []) }
  })
}

/** Whether `= $1` or `= ANY ($1)` is asked is not known here, so what may be an array is one. */
function parameter(number: number, { parameters, parameterFormats }: Bound): readonly Uint8Array[] | undefined {
  const value = parameters[number - 1]
  // NULL equals nothing.
  if (value === null) return []
  if (value === undefined) return undefined
  const format = parameterFormats.length === 1 ? parameterFormats[0] : parameterFormats[number - 1] ?? 0
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (format === 1) return (binaryArray(bytes) ?? [bytes]).map((one) => Buffer.concat([binaryMark, one]))
  return format === 0 ? textElements(bytes.toString()) : undefined
}

const element = /(?:"(?:[^"\\]|\\[^])*"|(?:[^"\\{},\s]|\\[^])(?:(?:[^"\\{},]|\\[^])*(?:[^"\\{},\s]|\\[^]))?)/y

/**
 * Elements of an array as text, of all dimensions: `{a,"b c",NULL}`, `[0:1]={a,b}`; any other text is itself.
 * @returns undefined for what begins as an array does and does not go on as one
 * @see PostgreSQL docs, Array Input and Output Syntax
 */
function textElements(text: string): readonly Uint8Array[] | undefined {
  const begin = /^\s*(?:(?:\[[^\]]*\])+\s*=\s*)?(?=\{)/.exec(text)
  if (begin === null) return [Buffer.from(text)]
  const found: Uint8Array[] = []
  let depth = 0
  for (let at = begin[0].length; at < text.length;) {
    const mark = text[at]!
    if (mark === '{' || mark === '}') depth += mark === '{' ? 1 : -1
    else if (mark !== ',' && !/\s/.test(mark)) {
      element.lastIndex = at
      const [written] = element.exec(text) ?? []
      if (written === undefined || depth === 0) return undefined
      if (written.toUpperCase() !== 'NULL') found.push(Buffer.from(written.replace(/^"([^]*)"$/, '$1').replace(/\\([^])/g, '$1')))
      at += written.length
      continue
    }
    if (depth < 0) return undefined
    at++
  }
  return depth === 0 ? found : undefined
}

/**
 *   dimensions  int32, at most 6
 *   flags       int32, 1: there are NULLs
 *   element     int32, OID
 *   for each dimension its length and lower bound, int32 each; then each element, int32 length (-1: NULL) and bytes
 * @returns undefined for anything else
 */
function binaryArray(bytes: Buffer): Buffer[] | undefined {
  if (bytes.length < 12) return undefined
  const dimensions = bytes.readInt32BE(0)
  const flags = bytes.readInt32BE(4)
  if (dimensions < 0 || dimensions > 6 || (flags !== 0 && flags !== 1) || bytes.length < 12 + dimensions * 8) return undefined
  let count = dimensions === 0 ? 0 : 1
  for (let i = 0; i < dimensions; i++) count *= bytes.readInt32BE(12 + i * 8)
  const found: Buffer[] = []
  let at = 12 + dimensions * 8
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return undefined
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < -1 || at + length > bytes.length) return undefined
    if (length === -1) continue
    found.push(bytes.subarray(at, at + length))
    at += length
  }
  return at === bytes.length ? found : undefined
}
