// What was shown in a session, as lines to read: one block for each statement, rows as a table. Pure.
import type { RecordingHead, ReplayLine, ShownColumn } from '../../shared/recording.ts'
import { safeLine } from '../../shared/text.ts'
import { tableLines, timeFrom } from '../table.ts'
import { clockFrom, eventLines } from './event.ts'

/** Turns the lines of a replay into text, one after another: what a line means may depend on those before it. */
export class ReplayText {
  /** Of the result that goes on, by connection. */
  readonly #columns = new Map<number, readonly ShownColumn[]>()
  readonly #connections = new Set<number>()

  lines(line: ReplayLine): string[] {
    if (line.type === 'recording') return headLines(line)
    if (line.type === 'damaged') return ['', `the recording is damaged: ${safeLine(line.reason)}; nothing behind this is shown`]
    const connection = line.connection ?? 0
    if (line.connection !== undefined) this.#connections.add(connection)
    const [first, ...more] = eventLines(line, this.#columns.get(connection))
    if (line.type === 'columns') this.#columns.set(connection, line.columns)
    else if (line.type === 'done' || line.type === 'error') this.#columns.delete(connection)
    if (first === undefined) return []
    const gutter = `${clockFrom(line.at)}  ${this.#connections.size > 1 && line.connection !== undefined ? `#${line.connection} ` : ''}`
    return [gutter + first.text, ...more.map(({ text }) => ' '.repeat(gutter.length) + text)]
  }
}

/** Pure. Whether the file is the one the log names, in words. */
export function matchText(matches: RecordingHead['matches']): string {
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
