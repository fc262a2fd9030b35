// What detectors share: kinds, where one was found, and the bytes that are being looked at. Pure.
import { calledBefore, mayBeCalled, type Named } from './context.ts'

/** What is looked for; the identifiers of HIPAA's Safe Harbor (45 CFR 164.514(b)(2)) that have a form by which they can be told. */
export const detectorKinds = [
  'ssn', 'email', 'phone', 'credit-card', 'iban', 'mrn', 'health-plan', 'account', 'license', 'vin', 'device', 'url', 'ip',
  'date-of-birth', 'date', 'zip'
] as const
export type DetectorKind = typeof detectorKinds[number]

/** Dates and five digits are in most texts. */
export const defaultKinds: readonly DetectorKind[] = detectorKinds.filter((kind) => kind !== 'date' && kind !== 'zip')

/** For people, of several. */
export const kindNames: Readonly<Record<DetectorKind, string>> = {
  ssn: 'SSNs',
  email: 'e-mail addresses',
  phone: 'phone numbers',
  'credit-card': 'card numbers',
  iban: 'IBANs',
  mrn: 'medical record numbers',
  'health-plan': 'health plan numbers',
  account: 'account numbers',
  license: 'licence numbers',
  vin: 'vehicle numbers',
  device: 'device numbers',
  url: 'web addresses',
  ip: 'IP addresses',
  'date-of-birth': 'dates of birth',
  date: 'dates',
  zip: 'ZIP codes'
}

export type Wanted = Readonly<Record<DetectorKind, boolean>>

/** bytes[begin, end). */
export interface Hit {
  readonly kind: DetectorKind
  readonly begin: number
  readonly end: number
}

const none: Hit[] = []

/** The value under examination: one after the other, so that looking at one costs no memory. */
export class Text {
  bytes: Uint8Array = new Uint8Array()
  begin = 0
  end = 0
  hits = none
  /** The place whose name is known. */
  #named = -1
  #name: Named | undefined

  /** @param column what the column's name says */
  constructor(readonly wants: Wanted, readonly column: ReadonlySet<Named>) {}

  take(bytes: Uint8Array, begin: number, end: number): void {
    this.bytes = bytes
    this.begin = begin
    this.end = end
    this.hits = none
    this.#named = -1
  }

  /** Whether what stands at `at` is called anything: false for most. */
  named(at: number): boolean {
    return this.column.size > 0 || mayBeCalled(this.bytes, this.begin, at)
  }

  /** Whether what stands at `at` is called so, by the words in front of it or by its column. */
  called(name: Named, at: number): boolean {
    if (this.column.size > 0 && this.column.has(name)) return true
    if (this.#named !== at) {
      this.#named = at
      this.#name = calledBefore(this.bytes, this.begin, at)
    }
    return this.#name === name
  }

  /** What was found before within it is part of it. */
  hit(kind: DetectorKind, begin: number, end: number): void {
    if (this.hits === none) this.hits = []
    while (this.hits.length > 0 && this.hits.at(-1)!.end > begin) {
      const last = this.hits.pop()!
      if (last.begin < begin) begin = last.begin
      if (last.end > end) end = last.end
    }
    this.hits.push({ kind, begin, end })
  }

  /** 0 outside. */
  at(index: number): number {
    return index >= this.begin && index < this.end ? this.bytes[index]! : 0
  }

  /** As Latin-1; what is looked for is ASCII. */
  string(begin: number, end: number): string {
    let text = ''
    for (let at = Math.max(begin, this.begin); at < end; at++) text += String.fromCharCode(this.bytes[at]!)
    return text
  }
}

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
export const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
export const isWord = (byte: number): boolean => isDigit(byte) || isLetter(byte)
export const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
