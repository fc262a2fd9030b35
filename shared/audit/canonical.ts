// The one text a JSON value has: RFC 8785 (JSON Canonicalization Scheme), so that hashing an entry needs no agreement on spelling. Pure.

const surrogate = /\p{Surrogate}/u
const lastingTexts = new WeakMap<object, string>()

/**
 * Promises that an object and all within it stay as they are, so that its text is made only once.
 * @throws TypeError as `canonical`
 */
export function lasting<T extends object>(value: T): T {
  lastingTexts.set(value, canonical(value))
  return value
}

/**
 * Members sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript prints them.
 * A member that is `undefined` is left out, as JSON.stringify does.
 * @throws TypeError for what JSON cannot say the same way everywhere: NaN, infinities, bigint, functions, lone surrogates,
 *   `undefined` in an array, objects of a class
 * @see RFC 8785 section 3.2
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string': return quoted(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`)
      return String(value === 0 ? 0 : value)
    case 'boolean': return value ? 'true' : 'false'
    case 'object': return value === null ? 'null' : lastingTexts.get(value) ?? (Array.isArray(value) ? list(value) : members(value))
    default: throw new TypeError(`a value of type ${typeof value} has no canonical form`)
  }
}

/** The value of a canonical text. @throws SyntaxError when it is not JSON, or JSON spelled another way */
export function parseCanonical(text: string): unknown {
  const value: unknown = JSON.parse(text)
  // Printing the value again would do, and costs more than all the rest of verifying an entry.
  if (membersIfPlain(text) !== membersIfSorted(value) && canonicalOrUndefined(value) !== text) {
    throw new SyntaxError('is not in canonical form (RFC 8785)')
  }
  return value
}

function list(values: readonly unknown[]): string {
  let text = '['
  for (let i = 0; i < values.length; i++) text += i === 0 ? canonical(values[i]) : `,${canonical(values[i])}`
  return `${text}]`
}

function members(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError('an object of a class has no canonical form')
  const record = value as Record<string, unknown>
  let text = ''
  for (const name of Object.keys(record).sort()) {
    const member = record[name]
    if (member === undefined) continue
    text += `${text === '' ? '{' : ','}${quoted(name)}:${canonical(member)}`
  }
  return text === '' ? '{}' : `${text}}`
}

function quoted(text: string): string {
  const json = JSON.stringify(text)
  // JSON.stringify writes a lone surrogate as an escape; the escape may also be one the text itself spells out.
  if (json.includes('\\ud') && surrogate.test(text)) throw new TypeError('a lone surrogate has no canonical form')
  return json
}

/**
 * How many members valid JSON spells out, when what it spells is seen at a glance to be canonical but for their order: no white space,
 * no escape that need not be, no number printed another way. undefined: look closer.
 */
function membersIfPlain(text: string): number | undefined {
  let members = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) {
      for (;;) {
        const inside = text.charCodeAt(++i)
        if (inside === 0x22) break
        if (inside === 0x5c && !'btnfr"\\'.includes(text[++i]!)) return undefined
        if (inside >= 0xd800 && inside <= 0xdfff) return undefined
      }
    } else if (code === 0x3a) {
      members++
    } else if (code <= 0x20) {
      return undefined
    } else if (code <= 0x39 && code !== 0x2c) {
      const begin = i
      while ('0123456789.eE+-'.includes(text[i + 1] ?? ' ')) i++
      const number = text.slice(begin, i + 1)
      if (String(Number(number)) !== number) return undefined
    }
  }
  return members
}

/** How many members a value has, all levels together; NaN when any are out of order. One that was spelled twice is there once. */
function membersIfSorted(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const item of value) members += membersIfSorted(item)
    return members
  }
  let previous: string | undefined
  for (const name in value) {
    if (previous !== undefined && name <= previous) return NaN
    members += 1 + membersIfSorted((value as Record<string, unknown>)[name])
    previous = name
  }
  return members
}

function canonicalOrUndefined(value: unknown): string | undefined {
  try {
    return canonical(value)
  } catch {
    return undefined
  }
}
