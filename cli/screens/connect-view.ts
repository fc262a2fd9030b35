// What the screen of `hoop connect` shows, as lines that fit: where the port is, connections and what they do, what is held, whether the
// gateway is there, and what can be pressed. Pure.
import type { ReviewDetail } from '../../shared/api.ts'
import type { LoginWay } from '../login/anew.ts'
import type { Line } from '../reviews/detail.ts'
import { clockText, exactLines, visible, wrapCells } from '../reviews/text.ts'
import { cellsOf } from '../table.ts'
import { countedInThousands } from '../counted.ts'
import type { Away, Held, Live } from '../tunnel/live.ts'
import { ageClock, connectionLines } from './connection-lines.ts'
import { line, narrowColumns, paragraph } from './lines.ts'
import type { Size } from './screen.tsx'

/** Below these, what can be done without is left out. */
const roomyRows = 14
const lowRows = 8
const maxExactLines = 6

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
    ...paragraph(why, columns, 'warning', 3),
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

// What can be pressed

function footLines({ live, selected, prompt, told, mayLogIn }: ConnectFacts, { columns, rows }: Size): Line[] {
  if (prompt !== undefined) return promptLines(prompt, { columns, rows })
  const { held, connections, away } = live
  const hold = held[selected]
  const narrow = columns < narrowColumns
  const count = countedInThousands(connections.length, 'connection') + (held.length === 0 ? '' : `, ${held.length} held`)
  const signIn = mayLogIn && away?.code === 'unauthenticated'
  const keys = [
    ...(signIn ? narrow ? ['l log in', 'd by code'] : ['l logs in with the browser', 'd with a code'] : []),
    ...(hold === undefined ? [] : narrow ? ['r reason', 'w withdraw'] : ['r says why', 'w withdraws']),
    ...(hold?.mayRelease === true ? narrow ? ['a release'] : ['a breaks the glass'] : []),
    ...(narrow ? ['c copy', 'q quit'] : ['c copies the URL', 'q quits'])
  ]
  const said = told === undefined ? [] : paragraph(told, columns, 'strong', rows < lowRows ? 1 : 3)
  if (rows < lowRows) return [...said, line(keys.join(', '), columns, 'dim')]
  const both = `${count}  |  ${keys.join(', ')}`
  return [...said, ...(cellsOf(both) <= columns ? [both] : [count, ...flowed(keys, columns)]).map((text) => line(text, columns, 'dim'))]
}

/** Joined by commas into as few lines as hold them whole. */
function flowed(words: readonly string[], columns: number): string[] {
  return words.reduce<string[]>((lines, word) => {
    const joined = lines.length === 0 ? word : `${lines.at(-1)!}, ${word}`
    return lines.length === 0 || cellsOf(joined) <= columns ? [...lines.slice(0, -1), joined] : [...lines, word]
  }, [])
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
