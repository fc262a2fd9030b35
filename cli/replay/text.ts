// What was shown in a session, as lines to read: one block for each statement, rows as a table. Pure.
// All of it comes from clients and databases: every text passes safeText or safeLine here, and once more where lines are printed.
import type { RecordingEvent, RecordingHead, ReplayLine } from '../../shared/recording.ts'
import { beginning, safeLine, safeText } from '../../shared/text.ts'
import { cellFrom } from '../query/values.ts'
import { tableLines, timeFrom } from '../table.ts'

/** A cell longer than this would push all the others off the screen; --json has it whole. */
const maxCellCharacters = 200

/** Turns the lines of a replay into text, one after another: what a line means may depend on those before it. */
export class ReplayText {
  /** Names of the columns of the result that goes on, by connection. */
  readonly #columns = new Map<number, readonly string[]>()
  readonly #connections = new Set<number>()

  lines(line: ReplayLine): string[] {
    switch (line.type) {
      case 'recording': return headLines(line)
      case 'damaged': return ['', `the recording is damaged: ${safeLine(line.reason)}; nothing behind this is shown`]
      case 'connection.start': this.#connections.add(line.connection ?? 0); break
      case 'columns': this.#columns.set(line.connection ?? 0, line.columns.map(({ name }) => name)); return []
      default:
    }
    const [first, ...more] = this.#about(line)
    if (first === undefined) return []
    const connection = this.#connections.size > 1 && line.connection !== undefined ? `#${line.connection} ` : ''
    return [`${clock(line.at)}  ${connection}${first}`, ...more.map((text) => `           ${text}`)]
  }

  #about(event: RecordingEvent): string[] {
    const columns = this.#columns.get(event.connection ?? 0)
    switch (event.type) {
      case 'connection.start': return [`connection ${event.connection} opened`]
      case 'connection.end': return [`connection ${event.connection} closed${event.error === undefined ? '' : `: ${safeLine(event.error)}`}`]
      case 'statement': {
        const step = event.step === 'execute' ? '' : ` (${event.step} only)`
        const parameters = (event.parameters ?? []).map((value, i) => `$${i + 1} = ${value === null ? 'NULL' : short(value)}`)
        return [...block(`> `, event.text).map((text, i) => i === 0 ? text + step : text), ...parameters]
      }
      case 'held': return [`held by rule "${safeLine(event.rule)}", asked: ${event.asked.map(safeLine).join(', ')} (review ${event.review})`, ...block('> ', event.text)]
      case 'decided': return [`${event.state}${event.by === undefined ? '' : ` by ${safeLine(event.by)}`}${event.reason === undefined ? '' : `: ${safeLine(event.reason)}`} (review ${event.review})`]
      case 'denied': return [`denied by rule "${safeLine(event.rule)}": ${safeLine(event.reason)}`, ...block('> ', event.text)]
      case 'rows': return rowLines(columns, event.rows)
      case 'copy': return block('', event.text.replace(/\n$/, ''))
      case 'notice': case 'error': {
        const state = event.sqlState === '' || event.sqlState === '00000' ? '' : ` ${safeLine(event.sqlState)}`
        const more = [['detail', event.detail], ['hint', event.hint], ['context', event.context]] as const
        return [
          ...block(`${safeLine(event.severity)}${state}: `, event.message),
          ...more.flatMap(([name, text]) => text === undefined ? [] : block(`${name}: `, text))
        ]
      }
      case 'done': {
        const empty = columns === undefined || event.tag !== 'SELECT 0' ? [] : [columns.map(safeLine).join('  ')]
        this.#columns.delete(event.connection ?? 0)
        return [...empty, event.tag === '' ? 'nothing to run' : safeLine(event.tag)]
      }
      case 'cut': return [event.what === 'text'
        ? `CUT: the text goes on; it has ${event.bytes} bytes, sha256 ${event.sha256}`
        : `CUT: ${event.rows} more rows were shown, ${event.bytes} bytes, sha256 ${event.sha256}`]
      case 'warning': return [`warning: ${safeLine(event.message)}`]
      case 'end': return [`the session ended: ${safeLine(event.reason)}`]
      default: return []
    }
  }
}

/** Pure. Whether the file is the one the log names, in words. */
function matchText(matches: RecordingHead['matches']): string {
  switch (matches) {
    case true: return 'yes'
    case false: return 'NO: the file is not the one that was written'
    case 'open': return 'not yet: the session is still open'
    case 'unknown': return 'unknown: the gateway stopped before it could write that down'
  }
}

function headLines({ session, matches }: RecordingHead): string[] {
  const { id, principal, target, startedAt, endedAt, endReason } = session
  return tableLines(['SESSION', id], [
    ['who', `${principal.email ?? principal.subject} (${principal.kind})`],
    ['target', target],
    ['started', `${timeFrom(startedAt)} UTC`],
    ['ended', endedAt === undefined ? 'still open' : `${timeFrom(endedAt)} UTC${endReason === undefined ? '' : `: ${endReason}`}`],
    ['matches the audit log', matchText(matches)]
  ])
}

/** `+00:01:02.345`, from the session's begin. */
function clock(milliseconds: number): string {
  const pad = (value: number, length = 2) => String(value).padStart(length, '0')
  const seconds = Math.floor(milliseconds / 1000)
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(milliseconds % 1000, 3)}`
}

function rowLines(columns: readonly string[] | undefined, rows: readonly (readonly (string | null)[])[]): string[] {
  const width = Math.max(columns?.length ?? 0, ...rows.map((row) => row.length))
  if (width === 0) return [`${rows.length} rows without columns`]
  const head = Array.from({ length: width }, (_, i) => columns?.[i] ?? `column ${i + 1}`)
  return tableLines(head, rows.map((row) => Array.from({ length: width }, (_, i) => short(cellFrom(row[i] ?? null)))))
}

function short(text: string): string {
  return text.length <= maxCellCharacters
    ? safeLine(text)
    : `${safeLine(beginning(text, maxCellCharacters))}... (${text.length} characters)`
}

function block(prefix: string, text: string): string[] {
  return safeText(text).split('\n').map((line, i) => (i === 0 ? prefix : ' '.repeat(prefix.length)) + line)
}
