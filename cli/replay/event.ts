// What one event of a recording reads as: lines, the first about what happened, the others set in below it. Pure.
// All of it comes from clients and databases: every text passes safeText or safeLine here, and once more where lines are printed.
import type { RecordingEvent, ShownColumn } from '../../shared/recording.ts'
import { beginning, safeLine, safeText } from '../../shared/text.ts'
import { cellFrom } from '../query/values.ts'
import type { Tone } from '../reviews/detail.ts'
import { tableLines } from '../table.ts'

export interface EventLine {
  readonly text: string
  readonly tone: Tone
  /** Of a table's row: the line that names its columns. */
  readonly head?: string
}

/** A cell longer than this would push all the others off the screen; --json has it whole. */
const maxCellCharacters = 200

/** @param columns of the result that goes on where the event happened. @returns nothing where there is nothing to see */
export function eventLines(event: RecordingEvent, columns: readonly ShownColumn[] | undefined): EventLine[] {
  switch (event.type) {
    case 'connection.start': return inTone('dim', [`connection ${event.connection} opened`])
    case 'connection.end':
      return inTone('dim', [`connection ${event.connection} closed${event.error === undefined ? '' : `: ${safeLine(event.error)}`}`])
    case 'statement': {
      const [first, ...more] = block('> ', event.text)
      const step = event.step === 'execute' ? '' : ` (${event.step} only)`
      const parameters = (event.parameters ?? []).map((value, i) => `$${i + 1} = ${value === null ? 'NULL' : short(value)}`)
      return [...inTone('strong', [first! + step, ...more]), ...inTone('plain', parameters)]
    }
    case 'held':
      return inTone('warning', [
        `held by rule "${safeLine(event.rule)}", asked: ${event.asked.map(safeLine).join(', ')} (review ${safeLine(event.review)})`,
        ...block('> ', event.text)
      ])
    case 'decided': {
      const by = event.by === undefined ? '' : ` by ${safeLine(event.by)}`
      const why = event.reason === undefined ? '' : `: ${safeLine(event.reason)}`
      return inTone(event.state === 'approved' ? 'good' : 'bad', [`${safeLine(event.state)}${by}${why} (review ${safeLine(event.review)})`])
    }
    case 'denied': return inTone('bad', [`denied by rule "${safeLine(event.rule)}": ${safeLine(event.reason)}`, ...block('> ', event.text)])
    case 'columns': return []
    case 'rows': return rowLines(columns, event.rows)
    case 'copy': return inTone('plain', block('', event.text.replace(/\n$/, '')))
    case 'notice': case 'error': {
      const state = event.sqlState === '' || event.sqlState === '00000' ? '' : ` ${safeLine(event.sqlState)}`
      const more = [['detail', event.detail], ['hint', event.hint], ['context', event.context]] as const
      return inTone(event.type === 'error' ? 'bad' : 'dim', [
        ...block(`${safeLine(event.severity)}${state}: `, event.message),
        ...more.flatMap(([name, text]) => text === undefined ? [] : block(`${name}: `, text))
      ])
    }
    case 'done': {
      const empty = columns === undefined || event.tag !== 'SELECT 0' ? [] : [columns.map(nameOf).map(safeLine).join('  ')]
      return inTone('dim', [...empty, event.tag === '' ? 'nothing to run' : safeLine(event.tag)])
    }
    case 'cut':
      return inTone('warning', [event.what === 'text'
        ? `CUT: the text goes on; it has ${event.bytes} bytes, sha256 ${safeLine(event.sha256)}`
        : `CUT: ${event.rows} more rows were shown, ${event.bytes} bytes, sha256 ${safeLine(event.sha256)}`])
    case 'warning': return inTone('warning', [`warning: ${safeLine(event.message)}`])
    case 'end': return inTone('dim', [`the session ended: ${safeLine(event.reason)}`])
    // A newer gateway may tell more.
    default: return []
  }
}

/** `01:02:03.456`, from the session's begin. */
export function clockFrom(milliseconds: number): string {
  const pad = (value: number, length = 2) => String(value).padStart(length, '0')
  const seconds = Math.floor(milliseconds / 1000)
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(Math.floor(milliseconds % 1000), 3)}`
}

function inTone(tone: Tone, lines: readonly string[]): EventLine[] {
  return lines.map((text) => ({ text, tone }))
}

/** A mask may look like a value: what is masked says so. */
function nameOf({ name, masked }: ShownColumn): string {
  return masked === true ? `${name} (masked)` : name
}

function rowLines(columns: readonly ShownColumn[] | undefined, rows: readonly (readonly (string | null)[])[]): EventLine[] {
  const width = rows.reduce((most, { length }) => Math.max(most, length), columns?.length ?? 0)
  if (width === 0) return inTone('plain', [`${rows.length} rows without columns`])
  const names = Array.from({ length: width }, (_, i) => columns?.[i] === undefined ? `column ${i + 1}` : nameOf(columns[i]))
  const [head, ...lines] = tableLines(names, rows.map((row) => names.map((_, i) => short(cellFrom(row[i] ?? null)))))
  return [{ text: head!, tone: 'dim' }, ...lines.map((text): EventLine => ({ text, tone: 'plain', head: head! }))]
}

function short(text: string): string {
  return text.length <= maxCellCharacters
    ? safeLine(text)
    : `${safeLine(beginning(text, maxCellCharacters))}... (${text.length} characters)`
}

function block(prefix: string, text: string): string[] {
  return safeText(text).split('\n').map((line, i) => (i === 0 ? prefix : ' '.repeat(prefix.length)) + line)
}
