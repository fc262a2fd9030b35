// Seals exact statements and parameters with their session's key, into frames that the log writes behind their entries. The key is
// wrapped for its recipients when the session begins, and forgotten when it ends; nothing here can open what it sealed.
import { createCipheriv, createHash, createHmac, hash, randomBytes } from 'node:crypto'
import type { SessionKeyFacts } from '../../shared/audit/entry.ts'
import { attachmentOffset, framedAttachmentBytes, maxEntryBytes, writeAttachmentHeader, type Attachment } from '../../shared/audit/frame.ts'
import { counterBytes, sealedKeys, sealedVersion, tagBytes, type SealedKeys } from '../../shared/audit/sealed.ts'
import { sessionKeyBytes, wrapSessionKey, type Recipient } from '../../shared/audit/session-key.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Operation } from '../../shared/model.ts'
import { counterBlock, Keystream, writeCounterBlock } from './keystream.ts'
import { partsOf, plainOf, writePlain, type Plain, type Sealable } from './sealed-plain.ts'
import { ShortHmac } from './short-hmac.ts'
import type { SessionKeys } from './session-keys.ts'

/** A text sealed longer ago is sealed again, so that whoever looks for it need not look far. */
const textMilliseconds = 60 * 60 * 1000
/** Texts of one session that are remembered as sealed. */
const maxTexts = 1_000
/** A plaintext up to here is encrypted at once and lies in one frame. */
const wholeBytes = 16 * 1024
/** Of a longer one so much at a time, and others get their turn. */
const stepBytes = 1024 * 1024

/** In front of the ciphertext. */
const headBytes = 1 + counterBytes

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
        seal: new SessionSeal(key, { origin, session, elapsed }),
        facts: { sha256, recipients: recipients.map(({ name }) => name) }
      }
    }
  }
}

export interface SealParts {
  readonly origin: string
  readonly session: string
  /** Monotonic milliseconds. */
  readonly elapsed: () => number
}

export class SessionSeal {
  readonly #keys: SealedKeys
  /** For all that is short; a long text has one of its own, since others get their turn while it is encrypted. */
  readonly #stream: Keystream
  #streams = 1
  readonly #hmac: ShortHmac
  readonly #elapsed: () => number
  /** By hash: where the text is sealed, and since when. */
  readonly #texts = new Map<string, { readonly entry: number, readonly at: number }>()
  #forgotten = false

  /** @param key taken over: zeroed once what is needed was derived from it */
  constructor(key: Buffer, { origin, session, elapsed }: SealParts) {
    this.#keys = sealedKeys(key, origin, session)
    key.fill(0)
    this.#stream = new Keystream(this.#keys.encryption, 0)
    this.#hmac = new ShortHmac(this.#keys.tag)
    this.#elapsed = elapsed
  }

  /** One attachment for each operation. @throws GatewayError session_ended once the key is forgotten */
  async each(operations: readonly Operation[]): Promise<Sealed> {
    const attachments: (Attachment | undefined)[] = []
    /** By number of the operation: hashes of texts that no entry has yet. */
    const fresh: [number, string][] = []
    for (const operation of operations) {
      if (operation.kind !== 'statement') {
        attachments.push(undefined)
        continue
      }
      const textIn = this.#textOf(operation.sha256)
      if (textIn === undefined) fresh.push([attachments.length, operation.sha256])
      const plain = plainOf([operation], textIn)
      attachments.push(plain.paddedBytes <= wholeBytes ? this.#whole(plain) : await inTurns(this.#steps(plain)))
    }
    return { attachments, written: (entries) => { for (const [i, sha256] of fresh) this.#remember(sha256, entries[i]!) } }
  }

  /** One attachment with all of them, each text included. @throws GatewayError session_ended once the key is forgotten */
  async together(statements: readonly Sealable[]): Promise<Attachment> {
    const plain = plainOf(statements)
    return plain.paddedBytes <= wholeBytes ? this.#whole(plain) : inTurns(this.#steps(plain))
  }

  /** Nothing is sealed any more. */
  forget(): void {
    if (this.#forgotten) return
    this.#forgotten = true
    this.#keys.encryption.fill(0)
    this.#keys.tag.fill(0)
    this.#stream.forget()
    this.#hmac.forget()
    this.#texts.clear()
  }

  #textOf(sha256: string): number | undefined {
    const known = this.#texts.get(sha256)
    return known !== undefined && this.#elapsed() - known.at < textMilliseconds ? known.entry : undefined
  }

  #remember(sha256: string, entry: number): void {
    if (this.#texts.size >= maxTexts) this.#texts.clear()
    this.#texts.set(sha256, { entry, at: this.#elapsed() })
  }

  /** Every statement takes this way but the very long ones: put together, encrypted and tagged where it goes to the log from. */
  #whole(plain: Plain): Attachment {
    this.#assertKept()
    const bytes = headBytes + plain.paddedBytes + tagBytes
    const frames = Buffer.allocUnsafe(framedAttachmentBytes(bytes))
    const attachment = frames.subarray(attachmentOffset(0))
    attachment[0] = sealedVersion
    writeCounterBlock(attachment, 1, 0, this.#stream.block)
    const content = attachment.subarray(headBytes, bytes - tagBytes)
    writePlain(content, plain)
    this.#stream.encrypt(content)
    attachment.write(this.#hmac.digest(attachment.subarray(0, bytes - tagBytes)), bytes - tagBytes, tagBytes, 'latin1')
    writeAttachmentHeader(frames, 0, bytes)
    return { frames, facts: { sha256: hash('sha256', attachment, 'hex'), bytes } }
  }

  /** Yields between steps of about a mebibyte. */
  * #steps(plain: Plain): Generator<void, Attachment> {
    this.#assertKept()
    const counter = counterBlock(this.#streams++, 0)
    const cipher = createCipheriv('aes-256-ctr', this.#keys.encryption, counter)
    const hmac = createHmac('sha256', this.#keys.tag)
    const frames = new AttachmentFrames(headBytes + plain.paddedBytes + tagBytes)
    const put = (piece: Uint8Array): void => {
      hmac.update(piece)
      frames.put(piece)
    }
    put(Buffer.of(sealedVersion))
    put(counter)
    let bytes = 0
    for (const part of partsOf(plain)) {
      for (let at = 0; at < part.length; at += stepBytes) {
        const step = part.subarray(at, at + stepBytes)
        put(cipher.update(step))
        bytes += step.length
        if (bytes < stepBytes) continue
        bytes = 0
        yield
      }
    }
    frames.put(hmac.digest().subarray(0, tagBytes))
    return frames.done()
  }

  #assertKept(): void {
    if (this.#forgotten) throw new GatewayError('session_ended', 'the session has ended')
  }
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
