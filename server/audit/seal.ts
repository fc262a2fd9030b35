// Seals exact statements and parameters with their session's key, into frames that the log writes behind their entries. The key is
// wrapped for its recipients when the session begins, and forgotten when it ends; nothing here can open what it sealed.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { canonical } from '../../shared/audit/canonical.ts'
import type { SessionKeyFacts } from '../../shared/audit/entry.ts'
import { attachmentOffset, framedAttachmentBytes, maxEntryBytes, writeAttachmentHeader, type Attachment } from '../../shared/audit/frame.ts'
import { nonceBytes, paddingBytes, sealedContext, sealedVersion, tagBytes, type SealedStatementHead } from '../../shared/audit/sealed.ts'
import { sessionKeyBytes, wrapSessionKey, type Recipient } from '../../shared/audit/session-key.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Operation, StatementOperation } from '../../shared/model.ts'
import type { SessionKeys } from './session-keys.ts'

/** A text sealed longer ago is sealed again, so that whoever looks for it need not look far. */
const textMilliseconds = 60 * 60 * 1000
/** Texts of one session that are remembered as sealed. */
const maxTexts = 1_000
/** A plaintext up to here is put together before it is encrypted; of a longer one so much at a time, and others get their turn. */
const stepBytes = 1024 * 1024
const wholeBytes = 16 * 1024

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
      const steps = this.#steps([operation], [textIn])
      const first = steps.next()
      attachments.push(first.done === true ? first.value : await inTurns(steps))
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
    return inTurns(this.#steps(statements, []))
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

  /** Counted, so that none is used twice under this key: it lives in this process alone. */
  #nonce(): Buffer {
    const nonce = Buffer.alloc(nonceBytes)
    nonce.writeBigUInt64BE(BigInt(++this.#sealed), nonceBytes - 8)
    return nonce
  }

  /** Yields between steps of about a mebibyte, if there is more than one. */
  * #steps(statements: readonly Sealable[], textsIn: readonly (number | undefined)[]): Generator<void, Attachment> {
    if (this.#forgotten) throw new GatewayError('session_ended', 'the session has ended')
    const parts = plainParts(statements, textsIn)
    const nonce = this.#nonce()
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes })
    cipher.setAAD(this.#context)
    const frames = new AttachmentFrames(1 + nonceBytes + bytesOf(parts) + tagBytes)
    frames.put(Buffer.of(sealedVersion))
    frames.put(nonce)
    let bytes = 0
    for (const part of parts) {
      for (let at = 0; at < part.length; at += stepBytes) {
        const step = part.subarray(at, at + stepBytes)
        frames.put(cipher.update(step))
        bytes += step.length
        if (bytes < stepBytes) continue
        bytes = 0
        yield
      }
    }
    frames.put(cipher.final())
    frames.put(cipher.getAuthTag())
    return frames.done()
  }
}

/** The plaintext, as `SealedHead` describes it: few and long parts rather than many short ones. */
function plainParts(statements: readonly Sealable[], textsIn: readonly (number | undefined)[]): Uint8Array[] {
  const bytes: Uint8Array[] = []
  const heads = statements.map(({ sha256, text, parameters, parameterFormats = [] }, i): SealedStatementHead => {
    const textIn = textsIn[i]
    const exact = textIn === undefined ? Buffer.from(text) : undefined
    if (exact !== undefined) bytes.push(exact)
    for (const parameter of parameters) if (parameter !== null) bytes.push(parameter)
    return {
      sha256,
      ...(exact === undefined ? { textIn: textIn! } : { text: exact.length }),
      ...(parameters.length === 0 ? {} : { parameters: parameters.map((parameter) => parameter === null ? null : parameter.length) }),
      ...(parameterFormats.length === 0 ? {} : { formats: parameterFormats })
    }
  })
  const head = Buffer.from(`    ${canonical({ statements: heads })}`)
  head.writeUInt32BE(head.length - 4)
  const total = head.length + bytesOf(bytes)
  const parts = [head, ...bytes, Buffer.alloc((paddingBytes - total % paddingBytes) % paddingBytes)]
  return total <= wholeBytes ? [Buffer.concat(parts)] : parts
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

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
