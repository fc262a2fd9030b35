// Compares what reached a database with the entries that came before it, strictly: session, text, how often, and in which order of time.
// Pure, and apart from `hoop audit reconcile`, which is tested with it.
import { createHash } from 'node:crypto'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import type { ReachedStatement } from './postgres.ts'

export interface Comparison {
  /** Lines of the database's log that were looked at: statements run, and their Parse and Bind where it tells of them. */
  readonly compared: number
  /** Of them, those that ran: simple statements and executions. */
  readonly ran: number
  /** The gateway's own questions: marked, and only looking. */
  readonly own: number
  /** What nothing in the log had said before. */
  readonly unaudited: readonly string[]
}

interface Said {
  /** Milliseconds since 1970, of each entry that permits the text to run once, in order. */
  readonly runs: number[]
  /** Of the first entry of any step. */
  readonly first: number
  ran: number
}

const ownQuestion = /^\/\* hoop \*\/ \s*(?:(?:SELECT|BEGIN|ROLLBACK|EXPLAIN \(FORMAT JSON\))(?!\w)|WITH\b(?![\s\S]*\b(?:INSERT|UPDATE|DELETE|MERGE)\b))/

/**
 * The n-th run of a text in a session needs n entries that permit one and are not younger than it. Both clocks are this machine's.
 * @param user the role the gateway logs in with; nobody else uses it
 */
export function compare(reached: readonly ReachedStatement[], entries: readonly AuditEntry[], user: string): Comparison {
  const said = saidIn(entries)
  const applications = new Map<string, string>()
  const unaudited: string[] = []
  let [compared, ran, own] = [0, 0, 0]
  for (const statement of reached) {
    if (statement.user !== user) continue
    const { step, text, backend, time } = statement
    // A client may rename its connection; the backend stays the same.
    if (!applications.has(backend)) applications.set(backend, statement.application)
    if (ownQuestion.test(text)) {
      own++
      continue
    }
    compared++
    const runs = step === 'statement' || step === 'execute'
    if (runs) ran++
    const asked = said.get(`${applications.get(backend)} ${createHash('sha256').update(text).digest('hex')}`)
    const before = asked === undefined ? undefined : runs ? asked.runs[asked.ran++] : asked.first
    if (before === undefined || before > time) unaudited.push(`${applications.get(backend)} ${step} at ${new Date(time).toISOString()}: ${text.slice(0, 200)}`)
  }
  return { compared, ran, own, unaudited }
}

/** By session and the hash of the text; a string of several statements is one text, which the database logs once. */
function saidIn(entries: readonly AuditEntry[]): Map<string, Said> {
  const said = new Map<string, Said>()
  for (const entry of entries) {
    if (entry.kind !== 'statement.intent') continue
    const { session, statement: { sha256, partOf, step } } = entry
    const key = `hoop/${session} ${partOf ?? sha256}`
    const time = Date.parse(entry.time)
    const known = said.get(key) ?? { runs: [], first: time, ran: 0 }
    said.set(key, known)
    if (step === 'execute') known.runs.push(time)
  }
  return said
}
