// How COPY TO writes its rows, from the statement's options. Pure. What is not understood is refused: rows that are split at the wrong
// places would have the wrong cells masked.
import { GatewayError } from '../../../shared/errors.ts'
import { as, constant, isTree, list, strings, text, type Tree } from '../../sql/postgres/tree.ts'

export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary'
  /** One byte each. */
  readonly delimiter: string
  readonly quote: string
  readonly escape: string
  /** What stands for NULL. */
  readonly null: string
  /** The first row is column names. */
  readonly header: boolean
  /** Columns, from 0, whose values are always quoted. */
  readonly forceQuote: ReadonlySet<number>
}

/**
 * @param options of a CopyStmt, as libpg_query gives them: DefElem nodes
 * @param columns names of the columns copied, in order
 * @throws GatewayError for an option, or a value of one, that is not understood
 * @see PostgreSQL docs, COPY
 */
export function copyFormat(options: unknown, columns: readonly string[]): CopyFormat {
  const given = new Map<string, Tree>()
  for (const option of list(options)) {
    const node = as(option, 'DefElem')
    const name = text(node?.defname)
    if (node === undefined || name === undefined || !known.has(name) || given.has(name)) throw refused(name ?? '?')
    given.set(name, node)
  }
  const format = word(given.get('format'))?.toLowerCase() ?? 'text'
  if (format !== 'text' && format !== 'csv' && format !== 'binary') throw refused('format')
  const csv = format === 'csv'
  const encoding = word(given.get('encoding'))
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) throw refused('encoding')
  const quote = oneByte(given.get('quote'), '"')
  const found: CopyFormat = {
    format,
    delimiter: oneByte(given.get('delimiter'), csv ? ',' : '\t'),
    quote,
    escape: oneByte(given.get('escape'), quote),
    null: word(given.get('null')) ?? (csv ? '' : '\\N'),
    header: flag(given.get('header')),
    forceQuote: quoted(given.get('force_quote'), columns)
  }
  check(found, given)
  return found
}

const known = new Set(['format', 'delimiter', 'null', 'header', 'quote', 'escape', 'force_quote', 'encoding'])

/** What the server refuses, too, and on which the splitting of rows relies. */
function check({ format, delimiter, quote, escape, null: marker }: CopyFormat, given: ReadonlyMap<string, Tree>): void {
  const only = format === 'text' ? ['quote', 'escape', 'force_quote'] : format === 'binary' ? [...known].filter((name) => !/^(format|encoding)$/.test(name)) : []
  for (const name of only) if (given.has(name)) throw refused(name)
  const lineEnd = /[\r\n]/
  if (lineEnd.test(delimiter) || lineEnd.test(marker) || marker.includes(delimiter)) throw refused('null')
  if (format === 'text') {
    if (/[\\.a-z0-9]/.test(delimiter)) throw refused('delimiter')
    // A backslash at its end would hide the delimiter behind it.
    if (marker !== '\\N' && marker.includes('\\')) throw refused('null')
  }
  if (format === 'csv') {
    if (quote === delimiter || lineEnd.test(quote) || lineEnd.test(escape) || escape === delimiter) throw refused('quote')
    if (marker.includes(quote)) throw refused('null')
  }
}

/** A constant, or a bare word. */
function word(option: Tree | undefined): string | undefined {
  if (option === undefined) return undefined
  const value = as(option.arg, 'String')?.sval ?? (isTree(option.arg) ? constant(option.arg) : undefined)
  // An empty string may be left out of its node.
  if (as(option.arg, 'String') !== undefined) return text(value) ?? ''
  if (typeof value !== 'string') throw refused(String(option.defname))
  return value
}

function oneByte(option: Tree | undefined, otherwise: string): string {
  const value = word(option) ?? otherwise
  if (value.length !== 1 || value.charCodeAt(0) === 0 || value.charCodeAt(0) > 0x7f) throw refused(String(option?.defname))
  return value
}

/** As the server reads a boolean option; without a value it is on. */
function flag(option: Tree | undefined): boolean {
  if (option === undefined) return false
  if (option.arg === undefined) return true
  const integer = as(option.arg, 'Integer')
  const boolean = as(option.arg, 'Boolean')
  const value = integer !== undefined
    ? String(typeof integer.ival === 'number' ? integer.ival : 0)
    : boolean !== undefined ? String(boolean.boolval === true) : word(option)!.toLowerCase()
  if (['true', 'on', '1'].includes(value)) return true
  if (['false', 'off', '0'].includes(value)) return false
  throw refused(String(option.defname))
}

function quoted(option: Tree | undefined, columns: readonly string[]): ReadonlySet<number> {
  if (option === undefined) return new Set()
  if (as(option.arg, 'A_Star') !== undefined) return new Set(columns.keys())
  const names = strings(option.arg)
  if (names.length === 0 || names.length !== list(option.arg).length) throw refused('force_quote')
  return new Set(names.map((name) => {
    const column = columns.indexOf(name)
    if (column < 0 || columns.indexOf(name, column + 1) >= 0) throw refused('force_quote')
    return column
  }))
}

function refused(option: string): GatewayError {
  return new GatewayError('denied', `COPY with the option "${option.slice(0, 40)}" cannot be masked as it stands here`, { hint: 'use FORMAT text, csv or binary with DELIMITER, NULL, HEADER, QUOTE, ESCAPE and FORCE_QUOTE only' })
}
