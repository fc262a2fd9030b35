// What becomes of a value in which a detector finds something: the place reads `[ssn]`, the rest stays as it is. Pure.
import type { Detector, DetectorKind, Hit } from '../detectors.ts'
import { elementTypes, typeConstants } from './types.ts'
import { maxCharacters, type CellMask } from './values.ts'

/**
 * How a type's values are searched.
 *   text   as they are sent
 *   json   as text; what replaces a number has to be a string
 *   whole  in text as text. In binary there are lengths between the parts, so a value in which something is found becomes NULL
 */
export type Searched = 'text' | 'json' | 'whole'

/** Longer values are not searched: they are masked as a whole, or pass where hits are only reported. */
export const maxSearchedBytes = 1024 * 1024

const texts = new Set([25, 1043, 1042, 19, 142, 705])
const json = new Set([114, 3802])
const tsvector = 3614

/**
 * @param type undefined: not known
 * @param own what the catalog says of a type that people made
 * @returns undefined for numbers, times and the like
 */
export function searchedAs(type: number | undefined, own?: { readonly category: string, readonly kind: string }): Searched | undefined {
  if (type === undefined) return 'whole'
  if (texts.has(type)) return 'text'
  if (json.has(type)) return 'json'
  if (own?.kind === 'e') return undefined
  const element = elementTypes.get(type)
  if (element !== undefined) return texts.has(element) || json.has(element) ? 'whole' : undefined
  if (type !== tsvector && typeConstants.has(type)) return undefined
  return own?.category === 'S' ? 'text' : 'whole'
}

export interface Search {
  readonly detector: Detector
  readonly how: Searched
  /** 0 text, 1 binary. */
  readonly format: 0 | 1
  /** As RowDescription says it. */
  readonly type: number
  readonly typeModifier: number
  readonly action: 'mask' | 'report'
  readonly seen: (kind: DetectorKind) => void
}

/** A mask that lets a value be as it is where nothing is found, byte for byte. */
export function searchMask({ detector, how, format, type, typeModifier, action, seen }: Search): CellMask {
  const limit = maxCharacters({ type, typeModifier })
  return {
    constant: how === 'text' ? Buffer.from('***'.slice(0, limit)) : null,
    whenNull: null,
    readUpTo: maxSearchedBytes,
    passLarger: action === 'report',
    of(value) {
      const hits = detector.find(value)
      if (hits.length === 0) return value
      for (const { kind } of hits) seen(kind)
      if (action === 'report') return value
      if (how === 'whole' && format === 1) return undefined
      return cut(how === 'json' ? inJson(value, hits) : inText(value, hits), limit)
    }
  }
}

function inText(value: Buffer, hits: readonly Hit[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const { kind, begin, end } of hits) {
    parts.push(value.subarray(at, begin), Buffer.from(`[${kind}]`))
    at = end
  }
  return Buffer.concat([...parts, value.subarray(at)])
}

const [quote, backslash, letterU] = [0x22, 0x5c, 0x75] as const

/** What is found may be a number, or stand behind an escape, and what comes out has to be JSON still. */
function inJson(value: Buffer, hits: readonly Hit[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  let read = 0
  let string = false
  for (const { kind, begin: from, end: to } of hits) {
    for (; read < from; read++) {
      if (value[read] === quote) string = !string
      else if (value[read] === backslash) read++
    }
    let [begin, end] = [from, to]
    if (string) {
      // Of \u00e9 the digits belong to the escape.
      if (value[begin - 1] === letterU && value[begin - 2] === backslash) begin += 4
    } else {
      while (begin > at && isNumber(value[begin - 1]!)) begin--
      while (end < value.length && isNumber(value[end]!)) end++
    }
    begin = Math.max(begin, at)
    if (begin >= end) continue
    parts.push(value.subarray(at, begin), Buffer.from(string ? `[${kind}]` : `"[${kind}]"`))
    at = end
    read = Math.max(read, end)
  }
  return Buffer.concat([...parts, value.subarray(at)])
}

const numberBytes = new Set(Buffer.from('0123456789+-.eE'))
const isNumber = (byte: number) => numberBytes.has(byte)

/** To what varchar(n) or char(n) can hold. */
function cut(value: Buffer, limit: number | undefined): Buffer {
  if (limit === undefined || value.length <= limit) return value
  return Buffer.from(Array.from(value.toString()).slice(0, limit).join(''))
}
