// Where PostgreSQL's tokens begin and end: for counting them before the parser works, and for taking constants out of audit
// text. Pure. Decides nothing; on text that parses it agrees with PostgreSQL's scan.l (the tests compare them).

/**
 *   constant   number, or string of any spelling: '...', E'...', U&'...', B'...', X'...', $tag$...$tag$
 *   word       keyword or plain identifier
 *   quoted     "..." or U&"..."
 *   parameter  $1
 *   symbol     operator or punctuation
 */
export type TokenKind = 'constant' | 'word' | 'quoted' | 'parameter' | 'symbol'

/**
 * Calls back for each token, in order, with its place `[begin, end)` in UTF-16 units, until the callback returns false.
 * @returns false if it was stopped, or something quoted or commented does not end
 */
export function scan(text: string, token: (kind: TokenKind, begin: number, end: number) => boolean): boolean {
  let at = skipSpace(text, 0)
  while (at >= 0 && at < text.length) {
    const begin = at
    const kind = kindAt(text, begin)
    const end = endOf(text, begin, kind)
    if (end < 0 || !token(kind, begin, end)) return false
    at = skipSpace(text, end)
  }
  return at >= 0
}

function kindAt(text: string, at: number): TokenKind {
  const c = text[at]!
  const next = text[at + 1] ?? ''
  if (c === '\'') return 'constant'
  if (c === '"') return 'quoted'
  if (isDigit(c) || (c === '.' && isDigit(next))) return 'constant'
  if (startsWord(c)) {
    if (next === '\'' && /[ebx]/i.test(c)) return 'constant'
    if (next === '&' && /u/i.test(c)) {
      if (text[at + 2] === '\'') return 'constant'
      if (text[at + 2] === '"') return 'quoted'
    }
    return 'word'
  }
  if (c === '$') {
    if (isDigit(next)) return 'parameter'
    if (dollarTag(text, at) !== undefined) return 'constant'
  }
  return 'symbol'
}

/** @returns -1 when the token does not end */
function endOf(text: string, begin: number, kind: TokenKind): number {
  switch (kind) {
    case 'constant': return endOfConstant(text, begin)
    case 'quoted': return endOfQuoted(text, text.indexOf('"', begin) + 1, '"', 'doubled')
    case 'parameter': return skipWhile(text, begin + 1, isDigit)
    case 'word': return skipWhile(text, begin + 1, continuesWord)
    case 'symbol': return endOfSymbol(text, begin)
  }
}

function endOfConstant(text: string, begin: number): number {
  const c = text[begin]!
  if (c === '$') {
    const tag = dollarTag(text, begin)!
    const close = text.indexOf(tag, begin + tag.length)
    return close < 0 ? -1 : close + tag.length
  }
  if (isDigit(c) || c === '.') return endOfNumber(text, begin)
  const inside = /e/i.test(c) ? 'escaped' : /[bx]/i.test(c) ? 'nothing' : 'doubled'
  let end = endOfQuoted(text, text.indexOf('\'', begin) + 1, '\'', inside)
  // A string goes on in the next quotes if there is a line break between them, and keeps its way of escaping. libpg_query,
  // unlike the server, does not see that where a comment stands between them too; such a statement does not parse for us.
  for (let next = continuation(text, end); next > 0; next = continuation(text, end)) end = endOfQuoted(text, next, '\'', inside)
  return end
}

/**
 * @param at behind the opening quote
 * @param inside how a quote may stand inside: doubled, that or behind a backslash, or not at all
 */
function endOfQuoted(text: string, at: number, quote: string, inside: 'doubled' | 'escaped' | 'nothing'): number {
  for (let i = at; i < text.length; i++) {
    const c = text[i]
    if (c === '\\' && inside === 'escaped') i++
    else if (c === quote) {
      if (text[i + 1] !== quote || inside === 'nothing') return i + 1
      i++
    }
  }
  return -1
}

/** @returns the place behind the next opening quote of the same string, or -1 */
function continuation(text: string, end: number): number {
  let broken = false
  for (let i = end; i >= 0 && i < text.length;) {
    const c = text[i]!
    if (c === '\'') return broken ? i + 1 : -1
    if (c === '\n' || c === '\r') broken = true
    if (isSpace(c)) i++
    else if (c === '-' && text[i + 1] === '-') i = skipWhile(text, i, (inside) => inside !== '\n' && inside !== '\r')
    else return -1
  }
  return -1
}

const decimal = /(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?/y

/** Generous: letters and underscores behind digits belong to it, as in hexadecimal, whether or not this major reads them so. */
function endOfNumber(text: string, begin: number): number {
  decimal.lastIndex = begin
  decimal.test(text)
  return skipWhile(text, decimal.lastIndex, (c) => isDigit(c) || startsWord(c))
}

const operatorCharacters = new Set('~!@#^&|`?+-*/%<>=')

function endOfSymbol(text: string, begin: number): number {
  if (/^(::|:=|\.\.)/.test(text.slice(begin, begin + 2))) return begin + 2
  let end = begin
  while (end < text.length && operatorCharacters.has(text[end]!) && !startsComment(text, end)) end++
  // `=-1` is an operator and a sign: only operators with one of these characters may end in + or -.
  if (!/[~!@#^&|`?%]/.test(text.slice(begin, end))) {
    while (end > begin + 1 && (text[end - 1] === '+' || text[end - 1] === '-')) end--
  }
  return Math.max(end, begin + 1)
}

/** `$tag$` at this place, or undefined. */
function dollarTag(text: string, at: number): string | undefined {
  let end = at + 1
  if (startsWord(text[end] ?? '')) end = skipWhile(text, end, (c) => c !== '$' && continuesWord(c))
  return text[end] === '$' ? text.slice(at, end + 1) : undefined
}

/** @returns -1 when a comment does not end */
function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    if (isSpace(text[at]!)) at++
    else if (text[at] === '-' && text[at + 1] === '-') at = skipWhile(text, at, (c) => c !== '\n' && c !== '\r')
    else if (text[at] === '/' && text[at + 1] === '*') {
      at = endOfComment(text, at + 2)
      if (at < 0) return -1
    } else break
  }
  return at
}

/** Comments nest. */
function endOfComment(text: string, from: number): number {
  let depth = 1
  for (let i = from; i < text.length; i++) {
    if (text[i] === '*' && text[i + 1] === '/') {
      i++
      if (--depth === 0) return i + 1
    } else if (text[i] === '/' && text[i + 1] === '*') {
      i++
      depth++
    }
  }
  return -1
}

function startsComment(text: string, at: number): boolean {
  const pair = text.slice(at, at + 2)
  return pair === '--' || pair === '/*'
}

function skipWhile(text: string, from: number, belongs: (c: string) => boolean): number {
  let at = from
  while (at < text.length && belongs(text[at]!)) at++
  return at
}

function isSpace(c: string): boolean { return c === ' ' || (c >= '\t' && c <= '\r') }
function isDigit(c: string): boolean { return c >= '0' && c <= '9' }
function startsWord(c: string): boolean { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c === '_' || c >= '\x80' }
function continuesWord(c: string): boolean { return startsWord(c) || isDigit(c) || c === '$' }
