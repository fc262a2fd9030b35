// The one text a JSON value has: RFC 8785 (JSON Canonicalization Scheme), so that hashing an entry needs no agreement on spelling. Pure.

const surrogate = /\p{Surrogate}/u

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
    case 'object': return value === null ? 'null' : Array.isArray(value) ? list(value) : members(value)
    default: throw new TypeError(`a value of type ${typeof value} has no canonical form`)
  }
}

/** The value of a canonical text. @throws SyntaxError when it is not JSON, or JSON spelled another way */
export function parseCanonical(text: string): unknown {
  const value: unknown = JSON.parse(text)
  // The engine's own printer settles white space, escapes, numbers and repeated names; what it leaves open is the order of members
  // and lone surrogates. Printing with `canonical` would say the same, three times slower.
  if (JSON.stringify(value) !== text || !sorted(value) || text.includes('\\ud')) {
    if (canonicalOrUndefined(value) !== text) throw new SyntaxError('is not in canonical form (RFC 8785)')
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

function sorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(sorted)
  let previous = ''
  let first = true
  for (const name in value) {
    if (!first && name <= previous) return false
    if (!sorted((value as Record<string, unknown>)[name])) return false
    previous = name
    first = false
  }
  return true
}

function canonicalOrUndefined(value: unknown): string | undefined {
  try {
    return canonical(value)
  } catch {
    return undefined
  }
}
