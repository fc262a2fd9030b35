// PostgreSQL's csvlog as rows: fields in quotes, doubled quotes, line breaks within them. Pure.
// See PostgreSQL docs, Error Reporting and Logging, *Using CSV-Format Log Output*.
import { GatewayError } from '../../shared/errors.ts'

/** What is needed of a line. */
export interface LogLine {
  /** RFC 3339, UTC. */
  readonly time: string
  readonly user: string
  readonly database: string
  /** Of one server process: every line of a connection has the same. */
  readonly backend: string
  readonly severity: string
  readonly message: string
  /** The statement that failed, on error lines. */
  readonly query: string
  readonly application: string
  /** From 1. */
  readonly line: number
}

const columns = { time: 0, user: 1, database: 2, backend: 5, severity: 11, message: 13, query: 19, application: 22 } as const
const fewestColumns = 23

/** Splits pieces of text into rows of fields. A field larger than this is no log of PostgreSQL's. */
const maxFieldCharacters = 128 * 1024 * 1024

export class CsvSplitter {
  #field = ''
  #row: string[] = []
  #quoted = false
  /** The last character was a quote within a quoted field: it ends the field, or is half of a doubled one. */
  #ending = false
  #line = 1
  #began = 1

  /** @returns complete rows, each with the number of its first line @throws GatewayError bad_request */
  push(text: string): { fields: string[], line: number }[] {
    const rows: { fields: string[], line: number }[] = []
    let from = 0
    const take = (to: number) => { if (to > from) this.#field += text.slice(from, to) }
    for (let at = 0; at < text.length; at++) {
      const character = text[at]!
      if (character === '\n') this.#line++
      if (this.#quoted && !this.#ending) {
        if (character !== '"') continue
        take(at)
        from = at + 1
        this.#ending = true
      } else if (this.#ending && character === '"') {
        // The quote itself is a character of the field; `from` stands on it.
        this.#ending = false
      } else {
        if (this.#ending) {
          this.#quoted = this.#ending = false
          from = at
        }
        if (character === '"' && this.#field === '' && at === from) {
          this.#quoted = true
          from = at + 1
        } else if (character === ',' || character === '\n') {
          take(at)
          from = at + 1
          this.#row.push(this.#field)
          this.#field = ''
          if (character === ',') continue
          rows.push({ fields: this.#row, line: this.#began })
          this.#row = []
          this.#began = this.#line
        }
      }
    }
    take(text.length)
    if (this.#field.length > maxFieldCharacters) throw new GatewayError('bad_request', `line ${this.#began} has a field that does not end: this is no csvlog`)
    return rows
  }

  /** Whether the text ended within a row. */
  get unfinished(): boolean { return this.#row.length > 0 || this.#field !== '' }
}

/** @throws GatewayError bad_request where the row has not the fields of a csvlog */
export function logLineFrom(fields: readonly string[], line: number): LogLine {
  const time = fields.length < fewestColumns ? undefined : timeOf(fields[columns.time]!)
  if (time === undefined) throw new GatewayError('bad_request', `line ${line} is no line of a PostgreSQL csvlog`, { hint: 'log_destination = csvlog, PostgreSQL 14 or later; times in UTC (log_timezone)' })
  const of = (name: keyof typeof columns) => fields[columns[name]]!
  return {
    time,
    line,
    user: of('user'),
    database: of('database'),
    backend: of('backend'),
    severity: of('severity'),
    message: of('message'),
    query: of('query'),
    application: of('application')
  }
}

/** `2026-11-25 20:58:13.123 UTC`; an offset is understood, names of other zones are not. */
function timeOf(text: string): string | undefined {
  const [, date, clock, zone] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) (UTC|GMT|[+-]\d\d(?::?\d\d)?)$/.exec(text) ?? []
  if (date === undefined) return undefined
  const offset = zone === 'UTC' || zone === 'GMT' ? 'Z' : /^[+-]\d\d$/.test(zone!) ? `${zone!}:00` : zone!.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')
  const at = Date.parse(`${date}T${clock!}${offset}`)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
