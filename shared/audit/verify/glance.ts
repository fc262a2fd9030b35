// Reads of an entry's bytes what a verification looks at, and sees on the way that they are canonical JSON: without building the whole
// value, which costs more than all the rest. What it does not see at a glance it leaves to `parseCanonical`. Pure.
import { parseCanonical } from '../canonical.ts'
import type { AuditEntry } from '../entry.ts'

/** Members of an entry that checks of every entry need; of the kinds below, all are read. No two are as long and begin alike. */
const wanted = new Map(['boot', 'index', 'intent', 'kind', 'monotonic', 'origin', 'sealed', 'time', 'version'].map((name) => {
  const bytes = Buffer.from(name)
  return [bytes.length << 8 | bytes[0]!, { name, bytes }] as const
}))
/** Kinds whose other members matter, all of them rare. */
const whole = new Set(['key.rotate', 'recovery', 'retention.prune'])
const maxDepth = 32

/** 1: stands for itself in a string. Bytes beyond ASCII do, since the text is valid UTF-8 and canonical JSON escapes none of it. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) => byte >= 0x20 && byte !== 0x22 && byte !== 0x5c ? 1 : 0)
/** After a backslash, the escapes that canonical JSON has; \u for other controls is looked at closer. */
const escapes = Uint8Array.from({ length: 256 }, (_, byte) => '"\\bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0)

/**
 * The entry, or as much of it as a verification looks at.
 * @param bytes valid UTF-8
 * @throws SyntaxError when it is not JSON, or not canonical
 */
export function glanceAt(bytes: Buffer): unknown {
  const entry = new Glance(bytes).entry()
  return entry === undefined || whole.has(entry.kind as string) ? parseCanonical(bytes.toString()) : entry as Partial<AuditEntry>
}

class Glance {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** undefined: look closer. */
  entry(): Record<string, unknown> | undefined {
    const bytes = this.#bytes
    const found: Record<string, unknown> = {}
    const seen = this.#object(0, (nameBegin, nameEnd, begin, end) => {
      const name = wantedName(bytes, nameBegin, nameEnd)
      if (name !== undefined) found[name] = valueOf(bytes, begin, end)
    })
    return seen && this.#at === bytes.length ? found : undefined
  }

  /** Each of these steps over one value, and returns false where it is not plainly canonical. */
  #value(depth: number): boolean {
    const byte = this.#bytes[this.#at]!
    if (byte === 0x22) return this.#string()
    if (byte === 0x7b) return this.#object(depth)
    if (byte === 0x5b) return this.#array(depth)
    if (byte === 0x74) return this.#word('true')
    if (byte === 0x66) return this.#word('false')
    if (byte === 0x6e) return this.#word('null')
    return this.#number()
  }

  #object(depth: number, member?: (nameBegin: number, nameEnd: number, begin: number, end: number) => void): boolean {
    const bytes = this.#bytes
    if (bytes[this.#at] !== 0x7b || depth > maxDepth) return false
    if (bytes[++this.#at] === 0x7d) return ++this.#at > 0
    let [lastBegin, lastEnd] = [0, 0]
    for (;;) {
      const begin = this.#at + 1
      if (bytes[this.#at] !== 0x22 || !this.#name()) return false
      const end = this.#at - 1
      if (lastEnd > 0 && !follows(bytes, lastBegin, lastEnd, begin, end)) return false
      ;[lastBegin, lastEnd] = [begin, end]
      if (bytes[this.#at++] !== 0x3a) return false
      const value = this.#at
      if (!this.#value(depth + 1)) return false
      member?.(begin, end, value, this.#at)
      const next = bytes[this.#at++]
      if (next === 0x7d) return true
      if (next !== 0x2c) return false
    }
  }

  #array(depth: number): boolean {
    const bytes = this.#bytes
    if (depth > maxDepth) return false
    if (bytes[++this.#at] === 0x5d) return ++this.#at > 0
    for (;;) {
      if (!this.#value(depth + 1)) return false
      const next = bytes[this.#at++]
      if (next === 0x5d) return true
      if (next !== 0x2c) return false
    }
  }

  #string(): boolean {
    const bytes = this.#bytes
    let at = this.#at + 1
    for (;;) {
      while (plain[bytes[at]!] === 1) at++
      if (bytes[at] === 0x22) {
        this.#at = at + 1
        return true
      }
      if (bytes[at] !== 0x5c || escapes[bytes[at + 1]!] !== 1) return false
      at += 2
    }
  }

  /** Of ASCII alone, without escapes: then the order of bytes is that of UTF-16 code units. */
  #name(): boolean {
    const bytes = this.#bytes
    let at = this.#at + 1
    while (plain[bytes[at]!] === 1 && bytes[at]! < 0x80) at++
    this.#at = at + 1
    return bytes[at] === 0x22
  }

  #number(): boolean {
    const bytes = this.#bytes
    const begin = this.#at
    let at = begin
    while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
    const next = bytes[at]
    this.#at = at
    const ends = next === 0x2c || next === 0x7d || next === 0x5d
    if (ends && at > begin && at - begin < 16 && (bytes[begin] !== 0x30 || at === begin + 1)) return true
    while (at < bytes.length && '0123456789.eE+-'.includes(String.fromCharCode(bytes[at]!))) at++
    this.#at = at
    const text = bytes.toString('latin1', begin, at)
    return at > begin && String(Number(text)) === text && text !== 'NaN'
  }

  #word(word: string): boolean {
    const begin = this.#at
    this.#at += word.length
    return this.#bytes.toString('latin1', begin, this.#at) === word
  }
}

function wantedName(bytes: Uint8Array, begin: number, end: number): string | undefined {
  const found = wanted.get((end - begin) << 8 | bytes[begin]!)
  if (found === undefined) return undefined
  for (let i = 1; i < found.bytes.length; i++) if (bytes[begin + i] !== found.bytes[i]) return undefined
  return found.name
}

/** Whether the name in [begin, end) comes after the one in [lastBegin, lastEnd), and is not the same. */
function follows(bytes: Uint8Array, lastBegin: number, lastEnd: number, begin: number, end: number): boolean {
  for (let i = 0; ; i++) {
    if (begin + i === end) return false
    if (lastBegin + i === lastEnd) return true
    const difference = bytes[begin + i]! - bytes[lastBegin + i]!
    if (difference !== 0) return difference > 0
  }
}

function valueOf(bytes: Buffer, begin: number, end: number): unknown {
  if (bytes[begin] !== 0x22) return JSON.parse(bytes.toString('utf8', begin, end)) as unknown
  for (let at = begin + 1; at < end - 1; at++) {
    if (bytes[at]! >= 0x80 || bytes[at] === 0x5c) return JSON.parse(bytes.toString('utf8', begin, end)) as unknown
  }
  return bytes.toString('latin1', begin + 1, end - 1)
}
