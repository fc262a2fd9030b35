// Open connections and what they do, as lines that fit: client, statement, age, rows and masked cells. Pure.
import type { StatementActivity } from '../../shared/events.ts'
import type { Line } from '../reviews/detail.ts'
import { clockText, cutCells, visible } from '../reviews/text.ts'
import { cellsOf } from '../table.ts'
import { countedInThousands } from '../counted.ts'
import type { Live, LiveConnection } from '../tunnel/live.ts'
import { line, narrowColumns } from './lines.ts'

const clientCells = 16

/** At most `room` of them: two a connection where all fit so, else a table, of those one wants to see. */
export function connectionLines({ connections, held }: Live, now: number, columns: number, room: number): Line[] {
  const waiting = new Set(held.map(({ connection }) => connection))
  const rows = connections.map((connection) => rowOf(connection, waiting, now))
  const pairs = 2 * rows.length <= room && columns < 2 * narrowColumns
  if (pairs) return rows.flatMap((row) => pairLines(printable(row), columns))
  const head = columns >= narrowColumns ? 1 : 0
  const fits = rows.length + head <= room
  const shown = (fits ? rows : busiest(rows, room - head - 1)).map(printable)
  return [
    ...(columns >= narrowColumns && shown.length > 0 ? tableLines(shown, columns) : shown.map((row) => compactLine(row, columns))),
    ...(fits ? [] : [line(shown.length === 0 ? countedInThousands(rows.length, 'connection') : `${rows.length - shown.length} more`, columns, 'dim')])
  ]
}

interface Row {
  readonly connection: number
  readonly client: string
  readonly state: 'held' | 'running' | 'idle'
  /** Of what runs, or since something did; milliseconds. */
  readonly age: number | undefined
  readonly rows: number
  readonly maskedCells: number
  readonly maskedColumns: number
  readonly statement: string
  readonly ended: string | undefined
}

function rowOf({ connection, activity, at }: LiveConnection, waiting: ReadonlySet<number>, now: number): Row {
  const { client = '', rows = 0, maskedCells = 0, maskedColumns = 0, statement } = activity ?? {}
  const since = Math.max(0, now - at)
  const running = statement?.state === 'running'
  return {
    connection,
    client,
    state: waiting.has(connection) ? 'held' : running ? 'running' : 'idle',
    age: running ? statement.milliseconds + since : statement === undefined ? undefined : since,
    rows,
    maskedCells,
    maskedColumns,
    statement: statement?.text ?? '',
    ended: statement === undefined || running ? undefined : endedText(statement)
  }
}

/** Of those that are shown only: there may be hundreds. */
function printable(row: Row): Row {
  return { ...row, client: visible(row.client), statement: visible(row.statement) }
}

/** Those that one wants to see where not all fit: what waits, what runs longest, what ended last. In the order of their numbers. */
function busiest(rows: readonly Row[], room: number): Row[] {
  const rank = { held: 0, running: 1, idle: 2 }
  const ageOf = ({ age = Number.MAX_SAFE_INTEGER }: Row) => age
  return [...rows]
    .sort((a, b) => rank[a.state] - rank[b.state] || (a.state === 'running' ? ageOf(b) - ageOf(a) : ageOf(a) - ageOf(b)))
    .slice(0, Math.max(0, room))
    .sort((a, b) => a.connection - b.connection)
}

function pairLines({ connection, client, state, age, rows, maskedCells, maskedColumns, statement, ended }: Row, columns: number): Line[] {
  const masked = maskedColumns === 0 ? '' : `, ${countedInThousands(maskedCells, 'cell')} of ${countedInThousands(maskedColumns, 'column')} masked`
  const clock = age === undefined || state === 'held' ? '' : ` ${ageClock(age)}`
  const head = `  ${connection}  ${client === '' ? '' : `${cutCells(client, clientCells)}: `}${state}${clock}, ${countedInThousands(rows, 'row')}${masked}`
  const text = statement === '' ? 'nothing yet' : ended === undefined ? statement : `${ended}: ${statement}`
  return [
    { text: cutCells(head, columns), tone: state === 'idle' ? 'plain' : 'strong' },
    // What is held stands below, with all there is to say of it.
    ...(state === 'held' ? [] : [{ text: cutCells(`     ${text}`, columns), tone: state === 'running' ? 'plain' as const : 'dim' as const }])
  ]
}

function tableLines(rows: readonly Row[], columns: number): Line[] {
  const cells = rows.map((row) => [
    String(row.connection),
    cutCells(row.client, clientCells),
    row.age === undefined || row.state === 'held' ? row.state : `${row.state} ${ageClock(row.age)}`,
    row.rows.toLocaleString('en'),
    row.maskedColumns === 0 ? '' : `${row.maskedCells.toLocaleString('en')} in ${row.maskedColumns}`
  ])
  const titles = ['', 'client', 'state', 'rows', 'masked']
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map((row) => cellsOf(row[i]!))))
  const joined = (row: readonly string[], last: string) => row.map((cell, i) => {
    const gap = ' '.repeat(widths[i]! - cellsOf(cell))
    return i === 0 || i === 3 ? gap + cell : cell + gap
  }).join('  ') + `  ${last}`
  return [
    { text: cutCells(`  ${joined(titles, 'statement')}`, columns), tone: 'dim' },
    ...rows.map(({ state, statement, ended }, i): Line => ({
      text: cutCells(`  ${joined(cells[i]!, ended === undefined ? statement : `${ended}: ${statement}`)}`, columns),
      tone: state === 'idle' ? 'plain' : 'strong'
    }))
  ]
}

function compactLine({ connection, client, state, age, rows, statement }: Row, columns: number): Line {
  const what = state === 'running' ? ageClock(age!) : state
  return {
    text: cutCells(`${connection} ${what} ${rows.toLocaleString('en')} ${cutCells(client, 8)} ${statement}`, columns),
    tone: state === 'idle' ? 'plain' : 'strong'
  }
}

function endedText({ state, milliseconds, rows }: StatementActivity): string {
  const took = milliseconds < 1000 ? `${milliseconds} ms` : milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : ageClock(milliseconds)
  switch (state) {
    case 'ok': return `${countedInThousands(rows, 'row')}, ${took}`
    case 'error': return `failed after ${took}`
    case 'cancelled': return `cancelled after ${took}`
    default: return `its end is not known`
  }
}

/** `0:04`: whole minutes and seconds that have passed. */
export function ageClock(milliseconds: number): string {
  return clockText(Math.floor(milliseconds / 1000) * 1000)
}
