// Compares what the audit log says was sent with what the database says it was asked: statements on one side only. Pure.
import { createHash } from 'node:crypto'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { ownMark } from '../../shared/own-statement.ts'
import type { LogLine } from './csvlog.ts'

export interface Reconciliation {
  /** First and last time of the database's log, RFC 3339. Only what lies between is compared. */
  readonly from: string
  readonly to: string
  /** Statements that are on both sides. */
  readonly matched: number
  /** The gateway's own questions: marked, and only looking. */
  readonly gateway: number
  /** In the database's log on a gateway's connection, and in no entry. */
  readonly databaseOnly: Listed
  /** Permitted and ended well, and not in the database's log. */
  readonly logOnly: Listed
  /** By a role that a gateway uses, on a connection that is none of its. */
  readonly past: Listed
}

export interface Listed {
  readonly total: number
  readonly items: readonly Unmatched[]
}

/** Nothing of a statement's text: whoever may see it finds it by these. */
export interface Unmatched {
  readonly time: string
  readonly session: string
  readonly who: string
  readonly verb: string
  readonly sha256: string
  /** Line of the csvlog, or index of the entry. */
  readonly at: number
  readonly times: number
}

interface Asked {
  /** Statements that ran, from entries with the step `execute`. */
  ran: number
  /** Those of them that ended well. */
  well: number
  /** One string of several statements: the database logs it once. */
  several: boolean
  /** Looked at before it ran, or only then. */
  looked: boolean
  readonly entry: number
  readonly time: string
  readonly who: string
  readonly verb: string
}

interface Heard {
  times: number
  readonly line: number
  readonly time: string
  readonly user: string
  readonly verb: string
}

const maxItems = 1_000
/** The two clocks may differ by so much, and a statement lies between its entry and its line. */
const slackMilliseconds = 5_000

export class Reconciler {
  readonly #heard = new Map<string, Map<string, Heard>>()
  readonly #sessionOfBackend = new Map<string, string>()
  readonly #users = new Set<string>()
  /** On connections that are none of the gateway's, by role: which roles it uses is known at the end. */
  readonly #strangers = new Map<string, Listing>()
  readonly #asked = new Map<string, Map<string, Asked>>()
  readonly #open = new Map<number, Asked>()
  #from = ''
  #to = ''
  /** Of each backend, the statement it last said it was running: an error line says it again. */
  readonly #running = new Map<string, string>()
  #gateway = 0
  #span: { readonly from: number, readonly to: number } | undefined

  /** Entries from then on are compared, RFC 3339; once the database's log is read. */
  get since(): string { return new Date(this.#compared.from - slackMilliseconds).toISOString() }

  /** First and last time of the database's log, in milliseconds since 1970. */
  get #compared() { return this.#span ??= { from: Date.parse(this.#from), to: Date.parse(this.#to) } }

  /** Of the database's log, in order; all of it before the first entry. */
  line(line: LogLine): void {
    if (this.#from === '' || line.time < this.#from) this.#from = line.time
    if (line.time > this.#to) this.#to = line.time
    const named = /^hoop\/([a-z0-9]{26})$/.exec(line.application)?.[1]
    if (named !== undefined) {
      // A client may rename its connection later; the backend stays the same.
      if (!this.#sessionOfBackend.has(line.backend)) this.#sessionOfBackend.set(line.backend, named)
      this.#users.add(line.user)
    }
    const text = statementIn(line)
    if (text === undefined) return
    const session = this.#sessionOfBackend.get(line.backend)
    if (session === undefined) {
      const catalog = line.application === 'hoop/catalog' || line.application === 'hoop/policy'
      if (line.user === '' || (catalog && onlyLooks(text))) return
      const ofRole = this.#strangers.get(line.user) ?? new Listing()
      this.#strangers.set(line.user, ofRole)
      const { time, application, user, line: at } = line
      ofRole.add({ time, session: application, who: user, verb: verbOf(text), sha256: sha256(text), at, times: 1 })
      return
    }
    if (onlyLooks(text)) {
      this.#gateway++
      return
    }
    const hash = sha256(text)
    if (line.severity === 'ERROR' && this.#running.get(line.backend) === hash) return
    this.#running.set(line.backend, hash)
    const ofSession = this.#heard.get(session) ?? new Map<string, Heard>()
    this.#heard.set(session, ofSession)
    const heard = ofSession.get(hash)
    if (heard !== undefined) heard.times++
    else ofSession.set(hash, { times: 1, line: line.line, time: line.time, user: line.user, verb: verbOf(text) })
  }

  /** Of the audit log, in order. */
  entry(entry: AuditEntry): void {
    if (entry.kind === 'outcome') {
      const asked = this.#open.get(entry.intent)
      this.#open.delete(entry.intent)
      if (asked !== undefined && entry.outcome.status === 'ok') asked.well++
      return
    }
    if (entry.kind !== 'statement.intent') return
    const at = Date.parse(entry.time)
    const { from, to } = this.#compared
    if (at < from - slackMilliseconds || at > to + slackMilliseconds) return
    const ofSession = this.#asked.get(entry.session) ?? new Map<string, Asked>()
    this.#asked.set(entry.session, ofSession)
    const { statement: { sha256: own, partOf, step, verb }, actor: { email, subject }, index, time } = entry
    const hash = partOf ?? own
    const asked = ofSession.get(hash) ?? { ran: 0, well: 0, several: false, looked: false, entry: index, time, who: email ?? subject, verb }
    ofSession.set(hash, asked)
    asked.several ||= partOf !== undefined
    if (step !== 'execute') {
      asked.looked = true
      return
    }
    asked.ran++
    this.#open.set(index, asked)
  }

  result(): Reconciliation {
    const [databaseOnly, logOnly, past] = [new Listing(), new Listing(), new Listing()]
    let matched = 0
    for (const [session, statements] of this.#heard) {
      for (const [hash, { times, line, time, user, verb }] of statements) {
        const asked = this.#asked.get(session)?.get(hash)
        // What failed while it was read or planned leaves an error line and no run.
        const known = asked === undefined ? 0 : Math.max(asked.ran, asked.looked ? times : 0)
        matched += Math.min(times, known)
        if (times > known) databaseOnly.add({ time, session, who: user, verb, sha256: hash, at: line, times: times - known })
      }
    }
    const [begin, end] = [this.#compared.from + slackMilliseconds, this.#compared.to - slackMilliseconds]
    for (const [session, statements] of this.#asked) {
      for (const [hash, { well, several, entry, time, who, verb }] of statements) {
        const times = this.#heard.get(session)?.get(hash)?.times ?? 0
        const missing = several ? (times > 0 ? 0 : well) : well - times
        if (missing <= 0 || Date.parse(time) < begin || Date.parse(time) > end) continue
        logOnly.add({ time, session, who, verb, sha256: hash, at: entry, times: missing })
      }
    }
    for (const user of this.#users) past.join(this.#strangers.get(user) ?? new Listing())
    return {
      from: this.#from,
      to: this.#to,
      matched,
      gateway: this.#gateway,
      databaseOnly: databaseOnly.listed,
      logOnly: logOnly.listed,
      past: past.listed
    }
  }
}

/** Counts all, keeps the first ones. */
class Listing {
  readonly #items: Unmatched[] = []
  #total = 0

  add(item: Unmatched): void {
    this.#total += item.times
    if (this.#items.length < maxItems) this.#items.push(item)
  }

  join(other: Listing): void {
    this.#total += other.#total
    this.#items.push(...other.#items)
  }

  get listed(): Listed { return { total: this.#total, items: this.#items.sort((a, b) => a.time < b.time ? -1 : 1).slice(0, maxItems) } }
}

/** The text as the client sent it: log_statement writes it before it runs, log_min_duration_statement after. */
function statementIn({ severity, message, query }: LogLine): string | undefined {
  if (severity === 'LOG') {
    return /^(?:duration: [\d.]+ ms {2})?(?:statement|execute [^:]*): ([\s\S]*)$/.exec(message)?.[1]
  }
  return severity === 'ERROR' && query !== '' ? query : undefined
}

/**
 * One of the gateway's own: marked, and by its words only looking. Its questions about a session's own objects come as one string of
 * several statements, in a savepoint that is rolled back. What it has explained is one statement, and is not run.
 */
function onlyLooks(text: string): boolean {
  if (!text.startsWith(ownMark)) return false
  const own = text.slice(ownMark.length).replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '\'\'')
  if (/^EXPLAIN \(FORMAT JSON\) /.test(own)) return !/;\s*\S/.test(own)
  return /^\s*(?:SELECT|BEGIN|ROLLBACK|SAVEPOINT|WITH)(?!\w)/.test(own) && !acts.test(own)
}

/** Statements, at their beginning or within WITH, that do more than look. */
const acts = /(?:^|[;(])\s*(?:INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|ALTER|DROP|GRANT|REVOKE|COPY|CALL|DO|LOCK|VACUUM|EXECUTE|DECLARE)(?!\w)/i

function verbOf(text: string): string {
  return /^[\s(]*([A-Za-z]{1,20})/.exec(text)?.[1]?.toUpperCase() ?? '(no word)'
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
