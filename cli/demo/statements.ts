// The demo's PostgreSQL client: an ordinary one, which knows nothing of hoop. Shows results and errors as psql would.
import type pg from 'pg'
import { GatewayError } from '../../shared/errors.ts'
import { counted } from '../counted.ts'
import { tableLines } from '../table.ts'
import { hung } from '../hung.ts'

export interface DemoClient {
  /** The statement and its answer, result or native error, as lines to show. @throws GatewayError internal when the connection fails */
  lines(statement: string, values: readonly string[]): Promise<string[]>
  /** How many statements were answered with an error. */
  readonly refused: number
  end(): Promise<void>
}

/** @param columns as wide as lines may be */
export async function openClient(url: string, columns = Infinity): Promise<DemoClient> {
  const { default: { Client, DatabaseError } } = await import('pg')
  // Values as they came: the demo shows text, and needs no dates of JavaScript's.
  const types = { getTypeParser: () => (text: string | Buffer) => String(text) } as unknown as pg.CustomTypesConfig
  const client = new Client({ connectionString: url, types, application_name: 'hoop demo' })
  let lost: Error | undefined
  client.on('error', (error) => { lost = error })
  let notices: string[] = []
  client.on('notice', ({ severity = 'NOTICE', message = '' }) => notices.push(`${severity}:  ${message}`))
  await client.connect()
  const fitting = (lines: readonly string[]) => lines.flatMap((line) => hung(line, columns, 2))
  let refused = 0
  let ended: Promise<void> | undefined
  return {
    get refused() { return refused },
    async lines(statement, values) {
      const shown = `> ${statement}${values.length === 0 ? '' : `   -- ${values.map((value, i) => `$${i + 1} = ${value}`).join(', ')}`}`
      notices = []
      try {
        const result = await client.query<(string | null)[]>({ text: statement, values: [...values], rowMode: 'array' })
        return [...fitting([shown, ...notices]), ...resultLines(result, columns)]
      } catch (error) {
        if (!(error instanceof DatabaseError)) {
          throw new GatewayError('internal', `the connection was lost: ${(lost ?? error as Error).message}`, { cause: error })
        }
        refused++
        return fitting([shown, ...notices, ...errorLines(error)])
      }
    },
    end: () => ended ??= client.end()
  }
}

function resultLines({ command, fields, rows, rowCount }: pg.QueryArrayResult<(string | null)[]>, columns: number): string[] {
  if (fields.length === 0) return [`${command} ${rowCount ?? ''}`.trimEnd()]
  return [
    ...tableLines(fields.map(({ name }) => name), rows.map((row) => row.map((value) => value ?? '')), columns),
    `(${counted(rows.length, 'row')})`
  ]
}

function errorLines({ severity = 'ERROR', code, message, detail, hint }: pg.DatabaseError): string[] {
  return [`${severity}:  ${code}: ${message}`, ...(detail === undefined ? [] : [`DETAIL:  ${detail}`]), ...(hint === undefined ? [] : [`HINT:  ${hint}`])]
}
