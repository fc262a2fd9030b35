// Seals exact statements and parameters with their session's key, into frames that the log writes behind their entries. The key is
// wrapped for its recipients when the session begins, and forgotten when it ends; nothing here can open what it sealed.
import { createCipheriv, createHash, hash, randomBytes } from 'node:crypto'
import type { SessionKeyFacts } from '../../shared/audit/entry.ts'
import { attachmentOffset, framedAttachmentBytes, maxEntryBytes, writeAttachmentHeader, type Attachment } from '../../shared/audit/frame.ts'
import { nonceBytes, paddingBytes, sealedContext, sealedVersion, tagBytes, type SealedHead, type SealedStatementHead } from '../../shared/audit/sealed.ts'
import { sessionKeyBytes, wrapSessionKey, type Recipient } from '../../shared/audit/session-key.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Operation, StatementOperation } from '../../shared/model.ts'
import type { SessionKeys } from './session-keys.ts'

/** A text sealed longer ago is sealed again, so that whoever looks for it need not look far. */
const textMilliseconds = 60 * 60 * 1000
/** Texts of one session that are remembered as sealed. */
const maxTexts = 1_000
/** A plaintext up to here is encrypted at once and lies in one frame. */
const wholeBytes = 16 * 1024
/** Of a longer one so much at a time, and others get their turn. */
const stepBytes = 1024 * 1024

/** As much of an operation as is sealed. */
export type Sealable = Pick<StatementOperation, 'text' | 'sha256' | 'parameters' | 'parameterFormats'>

export interface Sealed {
  /** Of each operation, in order; a cancel request has nothing to seal. */
  readonly attachments: readonly (Attachment | undefined)[]
  /** They are durable as these entries: later ones may refer to their texts. */
  written(entries: readonly number[]): void
}

export interface Sealing {
  /**
   * Makes a session's key and writes down, wrapped, who may open what it will seal; durable when it resolves.
   * @throws GatewayError audit_unavailable
   */
  begin(session: string): Promise<{ readonly seal: SessionSeal, readonly facts: SessionKeyFacts }>
}

export interface SealingParts {
  readonly origin: string
  readonly recipients: readonly Recipient[]
  readonly keys: SessionKeys
  /** Monotonic milliseconds. */
  readonly elapsed: () => number
}

export function createSealing({ origin, recipients, keys, elapsed }: SealingParts): Sealing {
  return {
    async begin(session) {
      const key = randomBytes(sessionKeyBytes)
      const file = await wrapSessionKey(key, recipients, origin, session)
      const sha256 = await keys.write(session, file).catch((error: NodeJS.ErrnoException) => {
        throw new GatewayError('audit_unavailable', `the session's key cannot be written: ${error.code ?? 'unknown error'}`, {
          hint: 'see to the disk the audit directory lies on',
          cause: error
        })
      })
      return {
        seal: new SessionSeal(key, sealedContext(origin, session), elapsed),
        facts: { sha256, recipients: recipients.map(({ name }) => name) }
      }
    }
  }
}

export class SessionSeal {
  readonly #key: Buffer
  readonly #context: Buffer
  readonly #elapsed: () => number
  /** By hash: where the text is sealed, and since when. */
  readonly #texts = new Map<string, { readonly entry: number, readonly at: number }>()
  #sealed = 0
  #forgotten = false

  /** @param key taken over: zeroed by `forget` */
  constructor(key: Buffer, context: Buffer, elapsed: () => number) {
    this.#key = key
    this.#context = context
    this.#elapsed = elapsed
  }

  /** One attachment for each operation. @throws GatewayError session_ended once the key is forgotten */
  async each(operations: readonly Operation[]): Promise<Sealed> {
    const fresh: (string | undefined)[] = []
    const attachments: (Attachment | undefined)[] = []
    for (const operation of operations) {
      if (operation.kind !== 'statement') {
        fresh.push(undefined)
        attachments.push(undefined)
        continue
      }
      const textIn = this.#textOf(operation.sha256)
      fresh.push(textIn === undefined ? operation.sha256 : undefined)
      const plain = plainOf([operation], textIn)
      attachments.push(plain.paddedBytes <= wholeBytes ? this.#whole(plain) : await inTurns(this.#steps(plain)))
    }
    return {
      attachments,
      written: (entries) => fresh.forEach((sha256, i) => {
        if (sha256 === undefined) return
        if (this.#texts.size >= maxTexts) this.#texts.clear()
        this.#texts.set(sha256, { entry: entries[i]!, at: this.#elapsed() })
      })
    }
  }

  /** One attachment with all of them, each text included. @throws GatewayError session_ended once the key is forgotten */
  async together(statements: readonly Sealable[]): Promise<Attachment> {
    const plain = plainOf(statements)
    return plain.paddedBytes <= wholeBytes ? this.#whole(plain) : inTurns(this.#steps(plain))
  }

  /** Nothing is sealed any more. */
  forget(): void {
    this.#forgotten = true
    this.#key.fill(0)
    this.#texts.clear()
  }

  #textOf(sha256: string): number | undefined {
    const known = this.#texts.get(sha256)
    return known !== undefined && this.#elapsed() - known.at < textMilliseconds ? known.entry : undefined
  }

  /** Every statement takes this way but the very long ones: one buffer to encrypt, one that goes to the log. */
  #whole(plain: Plain): Attachment {
    const bytes = 1 + nonceBytes + plain.paddedBytes + tagBytes
    const frames = Buffer.allocUnsafe(framedAttachmentBytes(bytes))
    const attachment = frames.subarray(attachmentOffset(0))
    attachment[0] = sealedVersion
    const cipher = this.#begin(attachment.subarray(1, 1 + nonceBytes))
    attachment.set(cipher.update(wholeOf(plain)), 1 + nonceBytes)
    cipher.final()
    attachment.set(cipher.getAuthTag(), bytes - tagBytes)
    writeAttachmentHeader(frames, 0, bytes)
    return { frames, facts: { sha256: hash('sha256', attachment, 'hex'), bytes } }
  }

  /** Yields between steps of about a mebibyte. */
  * #steps(plain: Plain): Generator<void, Attachment> {
    const frames = new AttachmentFrames(1 + nonceBytes + plain.paddedBytes + tagBytes)
    const nonce = Buffer.alloc(nonceBytes)
    const cipher = this.#begin(nonce)
    frames.put(Buffer.of(sealedVersion))
    frames.put(nonce)
    let bytes = 0
    for (const part of partsOf(plain)) {
      for (let at = 0; at < part.length; at += stepBytes) {
        const step = part.subarray(at, at + stepBytes)
        frames.put(cipher.update(step))
        bytes += step.length
        if (bytes < stepBytes) continue
        bytes = 0
        yield
      }
    }
    cipher.final()
    frames.put(cipher.getAuthTag())
    return frames.done()
  }

  /** @param nonce filled in: counted, so that none is used twice under this key, which lives in this process alone */
  #begin(nonce: Buffer) {
    if (this.#forgotten) throw new GatewayError('session_ended', 'the session has ended')
    const number = ++this.#sealed
    nonce.writeUInt32BE(0, 0)
    nonce.writeUInt32BE(Math.floor(number / 2 ** 32), 4)
    nonce.writeUInt32BE(number % 2 ** 32, 8)
    return createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes }).setAAD(this.#context)
  }
}

/** A plaintext that is not put together yet; `SealedHead` says how. */
interface Plain {
  /** ASCII. */
  readonly head: string
  readonly contents: readonly (string | Uint8Array)[]
  /** All of it, padding included. */
  readonly paddedBytes: number
}

/** @param textIn where the text of the only statement is sealed already */
function plainOf(statements: readonly Sealable[], textIn?: number): Plain {
  const contents: (string | Uint8Array)[] = []
  let bytes = 4
  const heads = statements.map(({ sha256, text, parameters, parameterFormats }): SealedStatementHead => {
    const textBytes = textIn === undefined ? Buffer.byteLength(text) : undefined
    if (textBytes !== undefined) contents.push(text)
    bytes += textBytes ?? 0
    for (const parameter of parameters) {
      if (parameter === null) continue
      contents.push(parameter)
      bytes += parameter.length
    }
    // In canonical order, so that JSON.stringify spells it as canonical() would, and faster.
    return {
      ...(parameterFormats === undefined || parameterFormats.length === 0 ? {} : { formats: parameterFormats }),
      ...(parameters.length === 0 ? {} : { parameters: parameters.map((parameter) => parameter === null ? null : parameter.length) }),
      sha256,
      ...(textBytes === undefined ? { textIn: textIn! } : { text: textBytes })
    }
  })
  const head = JSON.stringify({ statements: heads } satisfies SealedHead)
  bytes += head.length
  return { head, contents, paddedBytes: Math.ceil(bytes / paddingBytes) * paddingBytes }
}

function wholeOf({ head, contents, paddedBytes }: Plain): Buffer {
  const plain = Buffer.allocUnsafe(paddedBytes)
  let at = plain.writeUInt32BE(head.length, 0)
  at += plain.write(head, at, 'latin1')
  for (const content of contents) {
    if (typeof content === 'string') {
      at += plain.write(content, at, 'utf8')
    } else {
      plain.set(content, at)
      at += content.length
    }
  }
  return plain.fill(0, at)
}

function* partsOf({ head, contents, paddedBytes }: Plain): Generator<Uint8Array> {
  const begin = wholeOf({ head, contents: [], paddedBytes: 4 + head.length })
  yield begin
  let bytes = begin.length
  for (const content of contents) {
    const part = typeof content === 'string' ? Buffer.from(content) : content
    yield part
    bytes += part.length
  }
  yield Buffer.alloc(paddedBytes - bytes)
}

/** An attachment's bytes put into frames as they come. */
class AttachmentFrames {
  readonly #frames: Buffer
  readonly #bytes: number
  readonly #hash = createHash('sha256')
  #at = 0

  constructor(bytes: number) {
    this.#bytes = bytes
    this.#frames = Buffer.allocUnsafe(framedAttachmentBytes(bytes))
  }

  put(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    for (let done = 0; done < bytes.length;) {
      const room = maxEntryBytes - this.#at % maxEntryBytes
      const piece = bytes.subarray(done, done + room)
      this.#frames.set(piece, attachmentOffset(this.#at))
      done += piece.length
      this.#at += piece.length
      if (piece.length < room && this.#at < this.#bytes) continue
      writeAttachmentHeader(this.#frames, Math.ceil(this.#at / maxEntryBytes) - 1, this.#bytes)
    }
  }

  done(): Attachment {
    return { frames: this.#frames, facts: { sha256: this.#hash.digest('hex'), bytes: this.#bytes } }
  }
}

async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
