// Names of columns as policy authors write them: `schema.relation.column` with `*` for any run of characters. Pure.

export interface ColumnPattern {
  readonly schema: RegExp
  readonly relation: RegExp
  readonly column: RegExp
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

/** `*` stands for any run of characters, nothing else for anything but itself; the whole text must match. */
export function glob(pattern: string, flags = ''): RegExp {
  // Runs of stars are one: two in a row would only cost time.
  const source = pattern.split(/\*+/).map((piece) => piece.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('[^]*?')
  return new RegExp(`^${source}$`, flags)
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
