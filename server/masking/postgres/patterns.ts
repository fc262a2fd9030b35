// Names of columns as policy authors write them: `schema.relation.column` with `*` for any run of characters. Pure.

export interface Glob {
  /** The one text that matches, where it is one. */
  readonly only?: string
  test(text: string): boolean
}

export interface ColumnPattern {
  readonly schema: Glob
  readonly relation: Glob
  readonly column: Glob
}

/**
 * Fewer parts than three: `relation.column` in any schema, `column` in any relation. A part in double quotes is taken as it stands,
 * but for `*`; others are folded to lower case as PostgreSQL folds them.
 * @returns undefined where it is none: an empty part, or more than three
 */
export function columnPattern(text: string): ColumnPattern | undefined {
  const parts = partsOf(text.trim())
  if (parts === undefined || parts.length > 3) return undefined
  const [column, relation = '*', schema = '*'] = parts.toReversed()
  return { schema: glob(schema), relation: glob(relation), column: glob(column!) }
}

/**
 * `*` stands for any run of characters, nothing else for anything but itself; the whole text must match. In the time of so many searches
 * as there are stars: a regular expression would try where they could end one against the other.
 */
export function glob(pattern: string): Glob {
  const pieces = pattern.split('*')
  const [first, last] = [pieces[0]!, pieces.at(-1)!]
  if (pieces.length === 1) return { only: pattern, test: (text) => text === pattern }
  return {
    test(text) {
      if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
      let at = first.length
      for (const piece of pieces.slice(1, -1)) {
        const found = text.indexOf(piece, at)
        if (found < 0) return false
        at = found + piece.length
      }
      return at <= text.length - last.length
    }
  }
}

/** Whether an expression, as PostgreSQL prints one, may have the column in it. Text in its constants counts as well. */
export function mentions(expression: string, column: string): boolean {
  if (expression.includes(`"${column.replaceAll('"', '""')}"`)) return true
  const plain = column.replace(/[\\^$.|?+*()[\]{}]/g, '\\$&')
  return new RegExp(`(?<![\\p{L}\\p{N}_$"])${plain}(?![\\p{L}\\p{N}_$"])`, 'u').test(expression)
}

function partsOf(text: string): string[] | undefined {
  const parts: string[] = []
  let at = 0
  while (at <= text.length) {
    const quoted = /^"((?:[^"]|"")+)"/.exec(text.slice(at))
    const plain = quoted === null ? /^[^".\s]+/.exec(text.slice(at)) : null
    const found = quoted ?? plain
    if (found === null) return undefined
    // Only ASCII letters are folded (PostgreSQL docs, *Identifiers and Key Words*).
    parts.push(quoted === null ? found[0].replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : quoted[1]!.replaceAll('""', '"'))
    at += found[0].length
    if (at === text.length) return parts
    if (text[at] !== '.') return undefined
    at++
  }
  return undefined
}
