// What the screen of `hoop connect` shows, as lines that fit: where the port is, connections and what they do, what is held, whether the
// gateway is there, and what can be pressed. Pure.
import type { ReviewDetail } from '../../shared/api.ts'
import type { StatementActivity } from '../../shared/events.ts'
import type { LoginWay } from '../login/anew.ts'
import type { Line, Tone } from '../reviews/detail.ts'
import { clockText, cutCells, exactLines, visible, wrapCells } from '../reviews/text.ts'
import { cellsOf } from '../table.ts'
import { counted } from '../tunnel/lines.ts'
import type { Away, Held, Live, LiveConnection } from '../tunnel/live.ts'
import type { Size } from './screen.tsx'

/** Below these, texts are shorter, and what can be done without is left out. */
const narrowColumns = 64
const roomyRows = 14
const lowRows = 8
const maxExactLines = 6
const clientCells = 16

export interface PortFacts {
  readonly target: string
  readonly protocol: string
  readonly host: string
  readonly port: number
  readonly url: string
  /** A client's command line, to paste. */
  readonly command: string
}

/** What is being answered; everything else waits. */
export type Prompt =
  | { readonly type: 'reason', readonly review: string, readonly text: string }
  /** Breaking the glass. `detail`: undefined while it is fetched. */
  | { readonly type: 'release', readonly review: string, readonly text: string, readonly detail: ReviewDetail | undefined, readonly busy: boolean }
  | { readonly type: 'login', readonly way: LoginWay }

export interface ConnectFacts {
  readonly port: PortFacts
  readonly live: Live
  /** Of what is held. */
  readonly selected: number
  readonly prompt: Prompt | undefined
  readonly told: string | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  /** A login can be made here when this one has ended. */
  readonly mayLogIn: boolean
}

/** At most as many lines as there are rows, each at most as wide as there are columns. */
export function connectView(facts: ConnectFacts, size: Size): Line[] {
  const { port, live, now } = facts
  const { columns, rows } = size
  const roomy = rows >= roomyRows
  const foot = footLines(facts, size).slice(-rows)
  let left = rows - foot.length
  const take = (lines: readonly Line[]) => {
    const taken = lines.slice(0, left)
    left -= taken.length
    return taken
  }
  const title = take([titleLine(port, columns)])
  const usage = roomy ? take([line(port.url, columns), line(port.command, columns), blank]) : []
  const away = take(live.away === undefined ? [] : awayLines(live.away, now, size))
  const held = take(heldLines(facts, size, left))
  const gap = roomy && held.length > 0 && live.connections.length > 0 ? take([blank]) : []
  const end = roomy && held.length + live.connections.length > 0 ? take([blank]) : []
  const open = take(connectionLines(live, now, columns, left))
  return [...title, ...usage, ...away, ...open, ...gap, ...held, ...end, ...foot]
}

/** Whether all of what is to be pasted can be seen on the screen. */
export function showsUsage({ url, command }: PortFacts, { columns, rows }: Size): boolean {
  return rows >= roomyRows && Math.max(cellsOf(url), cellsOf(command)) <= columns
}

const blank: Line = { text: '', tone: 'plain' }

function line(text: string, columns: number, tone: Tone = 'plain'): Line {
  return { text: cutCells(visible(text), columns), tone }
}

function titleLine({ target, protocol, host, port }: PortFacts, columns: number): Line {
  const long = `${target} (${protocol}) on ${host}:${port}, for you alone`
  return line(cellsOf(long) <= columns ? long : `${target} ${host}:${port}`, columns, 'strong')
}

function awayLines({ code, reason, hint, since }: Away, now: number, { columns, rows }: Size): Line[] {
  const signIn = code === 'unauthenticated'
  const why = signIn ? reason : `gateway away for ${ageClock(now - since)}: ${reason}`
  if (rows < lowRows) return [line(why, columns, 'warning')]
  const goesOn = signIn ? 'the port stays open, and clients are told to log in' : 'trying again; the port stays open, and clients are told'
  return [
    ...wrapCells(visible(why), columns).slice(0, 3).map((text): Line => ({ text, tone: 'warning' })),
    line(goesOn, columns),
    ...(hint === undefined ? [] : [line(hint, columns, 'dim')])
  ]
}

// What is held

function heldLines({ live: { held }, selected, now }: ConnectFacts, { columns, rows }: Size, left: number): Line[] {
  if (held.length === 0) return []
  const linesEach = rows < lowRows ? 1 : rows < roomyRows ? 2 : 3
  // With many, connections keep a part of the room.
  const room = Math.max(1, Math.floor(Math.max(left * 2 / 3, linesEach) / linesEach))
  const first = Math.max(0, Math.min(selected - Math.floor(room / 2), held.length - room))
  const shown = held.slice(first, first + room)
  return [
    ...shown.flatMap((hold, i) => holdLines(hold, first + i === selected && held.length > 1, columns, now).slice(0, linesEach)),
    ...(held.length > shown.length ? [line(`${held.length - shown.length} more`, columns, 'dim')] : [])
  ]
}

/** The most important first: of a hold, only so many may be shown as there is room. */
function holdLines(hold: Held, marked: boolean, columns: number, now: number): Line[] {
  const { review, connection, rule, asked, expiresAt, statement, reasonWanted, reasonGiven, mayRelease } = hold
  const mark = marked ? '>' : ' '
  const left = clockText(Date.parse(expiresAt) - now)
  const wanted = reasonWanted && !reasonGiven
  const may = [...(wanted ? ['a reason is wanted, press r'] : []), ...(mayRelease ? ['in an emergency, a'] : [])].join('; ')
  if (columns < narrowColumns) {
    return [
      line(`${mark} held ${left}: ${statement}`, columns, 'warning'),
      line(`    asked ${asked.join(', ')}, rule "${rule}"`, columns, 'strong'),
      line(`    ${may === '' ? review : may}`, columns, 'dim')
    ]
  }
  return [
    line(`${mark} held, ${left} left: connection ${connection}, asked ${asked.join(', ')}, rule "${rule}"`, columns, 'warning'),
    line(`    ${statement}`, columns, 'strong'),
    line(`    ${review}${may === '' ? '' : `: ${may}`}`, columns, 'dim')
  ]
}

// What is open

function connectionLines({ connections, held }: Live, now: number, columns: number, room: number): Line[] {
  const waiting = new Set(held.map(({ connection }) => connection))
  const rows = connections.map((connection) => rowOf(connection, waiting, now))
  const pairs = 2 * rows.length <= room && columns < 2 * narrowColumns
  if (pairs) return rows.flatMap((row) => pairLines(row, columns))
  const head = columns >= narrowColumns ? 1 : 0
  const fits = rows.length + head <= room
  const shown = fits ? rows : busiest(rows, room - head - 1)
  return [
    ...(columns >= narrowColumns ? tableLines(shown, columns) : shown.map((row) => compactLine(row, columns))),
    ...(fits ? [] : [line(`${rows.length - shown.length} more`, columns, 'dim')])
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
    client: visible(client),
    state: waiting.has(connection) ? 'held' : running ? 'running' : 'idle',
    age: running ? statement.milliseconds + since : statement === undefined ? undefined : since,
    rows,
    maskedCells,
    maskedColumns,
    statement: visible(statement?.text ?? ''),
    ended: statement === undefined || running ? undefined : endedText(statement)
  }
}

/** Those that one wants to see where not all fit: what waits, what runs longest, what ended last. In the order of their numbers. */
function busiest(rows: readonly Row[], room: number): Row[] {
  const rank = { held: 0, running: 1, idle: 2 }
  return [...rows]
    .sort((a, b) => rank[a.state] - rank[b.state] || (a.state === 'running' ? (b.age ?? 0) - (a.age ?? 0) : (a.age ?? Infinity) - (b.age ?? Infinity)))
    .slice(0, Math.max(0, room))
    .sort((a, b) => a.connection - b.connection)
}

function pairLines({ connection, client, state, age, rows, maskedCells, maskedColumns, statement, ended }: Row, columns: number): Line[] {
  const masked = maskedColumns === 0 ? '' : `, ${counted(maskedCells, 'cell')} of ${counted(maskedColumns, 'column')} masked`
  const clock = age === undefined || state === 'held' ? '' : ` ${ageClock(age)}`
  const head = `  ${connection}  ${client === '' ? '' : `${cutCells(client, clientCells)}: `}${state}${clock}, ${counted(rows, 'row')}${masked}`
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
    case 'ok': return `${counted(rows, 'row')}, ${took}`
    case 'error': return `failed after ${took}`
    case 'cancelled': return `cancelled after ${took}`
    default: return `its end is not known`
  }
}

/** `0:04`: whole minutes and seconds that have passed. */
function ageClock(milliseconds: number): string {
  return clockText(Math.floor(milliseconds / 1000) * 1000)
}

// What can be pressed

function footLines({ live, selected, prompt, told, mayLogIn }: ConnectFacts, { columns, rows }: Size): Line[] {
  if (prompt !== undefined) return promptLines(prompt, { columns, rows })
  const { held, connections, away } = live
  const hold = held[selected]
  const narrow = columns < narrowColumns
  const count = counted(connections.length, 'connection') + (held.length === 0 ? '' : `, ${held.length} held`)
  const signIn = mayLogIn && away?.code === 'unauthenticated'
  const keys = [
    ...(signIn ? narrow ? ['l log in', 'd by code'] : ['l logs in with the browser', 'd with a code'] : []),
    ...(hold === undefined ? [] : narrow ? ['r reason', 'w withdraw'] : ['r says why', 'w withdraws']),
    ...(hold?.mayRelease === true ? narrow ? ['a release'] : ['a breaks the glass'] : []),
    ...(narrow ? ['c copy', 'q quit'] : ['c copies the URL', 'q quits'])
  ].join(', ')
  const said = told === undefined ? [] : wrapCells(visible(told), columns).slice(0, rows < lowRows ? 1 : 3).map((text): Line => ({ text, tone: 'strong' }))
  if (rows < lowRows) return [...said, line(keys, columns, 'dim')]
  const both = `${count}  |  ${keys}`
  return [...said, ...(cellsOf(both) <= columns ? [both] : [count, keys]).map((text) => line(text, columns, 'dim'))]
}

function promptLines(prompt: Prompt, { columns, rows }: Size): Line[] {
  const typed = (text: string, most: number) =>
    wrapCells(`${visible(text)}_`, columns).slice(-(rows < lowRows ? 1 : most)).map((piece): Line => ({ text: piece, tone: 'strong' }))
  switch (prompt.type) {
    case 'reason': return [...typed(`Reason: ${prompt.text}`, 3), line('Enter tells it, Esc goes back', columns, 'dim')]
    case 'login': return [
      line(prompt.way === 'browser' ? 'logging in: go on in the browser' : 'logging in: enter the code elsewhere', columns, 'strong'),
      line('Esc gives up', columns, 'dim')
    ]
    case 'release': {
      const { detail, busy, text } = prompt
      if (busy) return [line('telling the gateway ...', columns, 'dim')]
      if (detail === undefined) return [line('fetching it ...', columns, 'dim'), line('Esc goes back', columns, 'dim')]
      return [
        ...exact(detail, columns, rows < lowRows ? 0 : rows < roomyRows ? 2 : maxExactLines),
        ...(rows < roomyRows ? [] : [line('This runs it now. People are alerted, and look at it afterwards.', columns, 'bad')]),
        ...typed(`Reason: ${text}`, 3),
        line('Enter BREAKS THE GLASS, Esc goes back', columns, 'dim')
      ]
    }
  }
}

function exact({ statements, id }: ReviewDetail, columns: number, most: number): Line[] {
  const lines = statements.flatMap(({ text }) => exactLines(text, columns - 4))
  const shown = lines.slice(0, most).map(({ text }): Line => ({ text: `  | ${text}`, tone: 'strong' }))
  return lines.length <= most || most === 0 ? shown : [...shown, line(`  ${lines.length - most} more lines: hoop reviews show ${id}`, columns, 'warning')]
}
