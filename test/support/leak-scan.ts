// Looks for protected values in bytes that went to a client: whole, in fragments, and in encodings that take one function call to make.

export interface LeakScanOptions {
  /** Shortest fragment looked for, in characters. */
  readonly fragment?: number
  /** What may be sent: fragments that occur in these texts say nothing. The encodings of whole values are looked for all the same. */
  readonly harmless?: readonly string[]
}

export interface Leak {
  readonly value: string
  /** `fragment "5-67"`, `hex`, `base64` and so on. */
  readonly as: string
  readonly at: number
}

/**
 * Made once for a set of values, used on many buffers. Letters match whatever their case.
 * Base64 is found at any of its three alignments. Of fragments hex is looked for, too, but not base64, of which too little is certain.
 */
export class LeakScan {
  readonly #needles: { readonly value: string, readonly as: string, readonly bytes: Buffer }[] = []

  constructor(values: readonly string[], { fragment = 4, harmless = [] }: LeakScanOptions = {}) {
    const seen = new Set<string>()
    const clear = harmless.map((text) => lowerCase(Buffer.from(text)))
    const add = (value: string, as: string, needle: string | Buffer, allowed = false) => {
      // Bytes of an integer may look like letters, too, so all of both sides goes through the same.
      const bytes = lowerCase(Buffer.from(needle as string))
      const key = bytes.toString('latin1')
      if (bytes.length < 4 || seen.has(key) || (allowed && clear.some((text) => text.includes(bytes)))) return
      seen.add(key)
      this.#needles.push({ value, as, bytes })
    }
    for (const value of values) {
      add(value, 'value', value, true)
      add(value, 'reversed', [...value].reverse().join(''), true)
      add(value, 'hex', Buffer.from(value).toString('hex'))
      for (const [as, text] of base64(value)) add(value, as, text)
      for (const part of fragments(value, fragment)) {
        add(value, `fragment "${part}"`, part, true)
        add(value, `hex of fragment "${part}"`, Buffer.from(part).toString('hex'))
      }
      for (const bytes of integers(value)) add(value, 'binary integer', bytes)
    }
  }

  /** @returns the first place of each needle found; empty: nothing leaked */
  find(bytes: Uint8Array): Leak[] {
    const lower = lowerCase(bytes)
    return this.#needles.flatMap(({ value, as, bytes: needle }) => {
      const at = lower.indexOf(needle)
      return at < 0 ? [] : [{ value, as, at }]
    })
  }
}

/** Of ASCII letters only, so that it is the same for text and for binary. */
function lowerCase(bytes: Uint8Array): Buffer {
  const lower = Buffer.from(bytes)
  for (let at = 0; at < lower.length; at++) if (lower[at]! >= 65 && lower[at]! <= 90) lower[at]! += 32
  return lower
}

/** All of exactly that many characters: longer ones contain them. */
function fragments(value: string, length: number): string[] {
  const characters = [...value]
  return Array.from({ length: Math.max(0, characters.length - length + 1) }, (_, at) => characters.slice(at, at + length).join(''))
}

/** What is certain of the value's base64 when it begins at each of three places in a group: the characters made of its bytes alone. */
function base64(value: string): [string, string][] {
  const bytes = Buffer.from(value)
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replaceAll('=', '')
    const certain = text.slice(Math.ceil(shift * 8 / 6), Math.floor((shift + bytes.length) * 8 / 6))
    return certain.length < 8 ? [] : [[`base64, shifted by ${shift}`, certain] as [string, string]]
  })
}

/** A number as int4 and int8; small ones match too easily. */
function integers(value: string): Buffer[] {
  if (!/^-?\d{6,18}$/.test(value)) return []
  const wide = Buffer.alloc(8)
  wide.writeBigInt64BE(BigInt(value))
  const narrow = Math.abs(Number(value)) < 2 ** 31 ? [Buffer.from(wide.subarray(4))] : []
  return [wide, ...narrow]
}
