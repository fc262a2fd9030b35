// Checks what each entry says of itself: form, version, place, log, clock and boot; and remembers what the report tells. Pure.
import { isUtf8 } from 'node:buffer'
import type { AuditEntry } from '../entry.ts'
import type { Findings } from './findings.ts'
import { glanceAt } from './glance.ts'

const timePattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}\.\d{3}Z$/
const digits = /^(0|[1-9]\d*)$/

export class OrderCheck {
  count: number
  firstTime: string | undefined
  lastTime: string | undefined
  /** Indexes of `clock.jump` entries. */
  readonly jumps: number[] = []
  readonly discontinuities: { readonly index: number, readonly text: string }[] = []
  readonly #origin: string
  readonly #findings: Findings
  readonly #open = new Set<number>()
  readonly #boots = new Set<string>()
  #boot = ''
  #monotonic = ''

  /** @param first index of the first entry that is still there */
  constructor(origin: string, first: number, findings: Findings) {
    this.count = first
    this.#origin = origin
    this.#findings = findings
  }

  /** Statements whose outcome has not been seen. */
  get openIntents(): number { return this.#open.size }

  /** @returns undefined when it is no entry at all */
  next(bytes: Uint8Array, file: string): AuditEntry | undefined {
    const index = this.count++
    const wrong = (message: string) => this.#findings.problem({ entry: index, file, message })
    const entry = parse(bytes)
    if (typeof entry === 'string') {
      wrong(entry)
      return undefined
    }
    if (entry.version !== 1) wrong(`has version ${JSON.stringify(entry.version)}, which this program does not know`)
    if (entry.index !== index) wrong(`says it is entry ${JSON.stringify(entry.index)}`)
    if (entry.origin !== this.#origin) wrong(`is of the log ${JSON.stringify(entry.origin)}`)
    if (typeof entry.kind !== 'string') wrong('has no kind')
    if (typeof entry.time !== 'string' || !timePattern.test(entry.time)) wrong('has no valid time')
    this.#checkClock(entry, wrong)
    this.firstTime ??= entry.time
    this.lastTime = entry.time
    if (entry.kind === 'statement.intent') this.#open.add(index)
    if (entry.kind === 'outcome') this.#close(entry.intent, index, wrong)
    if (entry.kind === 'clock.jump') this.jumps.push(index)
    if (entry.kind === 'recovery' && entry.discontinuity !== undefined) this.discontinuities.push({ index, text: entry.discontinuity })
    return entry
  }

  /** The last entry does not count. */
  drop(): void {
    this.#open.delete(--this.count)
  }

  #checkClock({ boot, monotonic }: AuditEntry, wrong: (message: string) => void): void {
    if (typeof boot !== 'string' || boot === '') return wrong('has no boot id')
    if (typeof monotonic !== 'string' || !digits.test(monotonic)) return wrong('has no valid monotonic time')
    if (boot !== this.#boot) {
      if (this.#boots.has(boot)) wrong('belongs to a start of the gateway that had ended before')
      this.#boots.add(boot)
      this.#boot = boot
    } else if (earlier(monotonic, this.#monotonic)) {
      wrong('has an earlier monotonic time than the entry before it')
    }
    this.#monotonic = monotonic
  }

  #close(intent: number, index: number, wrong: (message: string) => void): void {
    this.#open.delete(intent)
    if (!(Number.isSafeInteger(intent) && intent >= 0 && intent < index)) wrong('is the outcome of no earlier entry')
  }
}

function parse(bytes: Uint8Array): AuditEntry | string {
  if (!isUtf8(bytes)) return 'is not valid UTF-8'
  try {
    const entry = glanceAt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? entry as AuditEntry : 'is no JSON object'
  } catch (error) {
    return error instanceof SyntaxError && error.message.includes('canonical') ? error.message : 'is not valid JSON'
  }
}

/** Of two numbers in decimal digits without leading zeros. */
function earlier(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length
}
