// The replies the server still owes, in order: each with its permit, so that outcomes are written down and refusals of the gateway's
// own appear in the right place of a pipeline. Pure. Long because it is the one place that knows what each
// server message answers.
import { ProtocolViolation } from '../../../shared/errors.ts'
import type { Outcome, Permit } from '../../../shared/model.ts'
import type { ShownCounts } from '../protocol.ts'
import type { Guard } from './guard.ts'
import type { NameChange, Names, Portal } from './names.ts'
import type { Search } from './search.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import { answer, type ErrorFields, decodeCommandComplete, decodeErrorFields, decodeReadyForQuery, type TransactionStatus } from './wire/backend.ts'
import { decodeRow } from './wire/row.ts'
import { decodeRowDescription, type DescribedColumn } from './wire/row-description.ts'
import type { Fate, RowRewriter } from './wire/walker.ts'

const maxQuietRowBytes = 1024 * 1024

/** One statement of a Query. */
export interface OwedStatement {
  readonly permit: Permit | undefined
  readonly changes: readonly NameChange[]
  /** It will ask the client for COPY data. */
  readonly copyIn: boolean
  /** Its rows are rewritten, its errors scrubbed and its notices dropped. */
  readonly guard?: Guard | undefined
  /** Looks through its rows, or those its guard lets pass. */
  readonly search?: Search | undefined
  /** It ends a transaction, or checks what was put off to its end. */
  readonly ends?: boolean
}

/** The gateway's own request for a description; its replies are not the client's. */
export interface Probe {
  readonly kind: 'probe'
  readonly permit: Permit | undefined
  readonly guard: Guard
  readonly changes: readonly NameChange[]
  /** `failed`: the server answered with an error, which was the client's; or never got to it. */
  state: 'waiting' | 'described' | 'failed'
  columns: readonly DescribedColumn[]
}

/** The gateway's own Query; nothing of it is the client's. */
export interface Quiet {
  readonly kind: 'quiet'
  state: 'waiting' | 'done' | 'failed'
  readonly rows: (readonly (string | null)[])[]
}

export interface OwedMessage {
  readonly kind: 'parse' | 'bind' | 'describe' | 'execute' | 'close'
  readonly permit: Permit | undefined
  /** No later message belongs to the same permit. */
  readonly last: boolean
  readonly changes: readonly NameChange[]
  readonly copyIn: boolean
  readonly guard?: Guard | undefined
  readonly search?: Search | undefined
  readonly ends?: boolean
  /** Of an execute. */
  readonly runs?: Portal
  /** Of a describe, where it is known. */
  readonly describes?: AnalyzedStatement | undefined
}

/** What the server's next message answers, for a recording. */
export interface Current {
  /** One and the same for one result. */
  readonly of: object
  readonly kind: Owed['kind']
  /** Of its intent in the audit log. */
  readonly entry: number | undefined
  readonly resultFormats: readonly number[]
  readonly runs: AnalyzedStatement | undefined
  readonly describes: AnalyzedStatement | undefined
  readonly parses: AnalyzedStatement | undefined
  /** Says which columns are masked, once they are described. */
  readonly guard: Guard | undefined
}

/** The gateway's own Describe of a portal, for a search; nobody waits for it. */
export interface Shape {
  readonly kind: 'shape'
  readonly permit: Permit | undefined
  readonly changes: readonly NameChange[]
  readonly search: Search
}

/** What a connection with protected columns does besides; without it nothing is looked into. */
export interface Shielding {
  /** @throws GatewayError where the description is not what was found */
  described(guard: Guard, columns: readonly DescribedColumn[]): void
  /** An ErrorResponse without anything that may hold a value. */
  scrubbed(fields: ErrorFields): Buffer
}

/**
 * What is owed.
 *   parse, bind, describe, execute, close   the replies of that one message
 *   query    everything up to ReadyForQuery, one CommandComplete a statement
 *   sync     ReadyForQuery
 *   check    an ErrorResponse of the server's parser; should the server accept the text, `refusal` takes the place of its reply
 *   instead  an ErrorResponse provoked by the gateway, shown as `refusal`
 *   probe    the gateway's own Describe; dropped, but for an error, which is the client's statement's
 *   shape    the gateway's own Describe of a portal; dropped, and an error is the client's
 *   quiet    the gateway's own Query; dropped
 *   own      nothing from the server: `refusal`, and ReadyForQuery with the last status seen if `ready`
 * An ErrorResponse to an extended-protocol message cancels everything up to the next sync, which itself is always answered.
 */
export type Owed =
  | OwedMessage
  | Probe
  | Shape
  | Quiet
  | { readonly kind: 'query', readonly statements: readonly OwedStatement[] }
  | { readonly kind: 'sync' }
  | { readonly kind: 'check', readonly permit: Permit | undefined, readonly refusal: Buffer, readonly changes: readonly NameChange[] }
  | { readonly kind: 'instead', readonly refusal: Buffer }
  | { readonly kind: 'own', readonly refusal?: Buffer, readonly ready: boolean }

/** Replies that end what is owed for one message, and those that come before the end. */
const endsWith: Readonly<Record<'parse' | 'bind' | 'describe' | 'execute' | 'close' | 'check', string>> = {
  parse: '1',
  bind: '2',
  describe: 'Tn',
  execute: 'CIs',
  close: '3',
  check: '1'
}
const comesBefore: Readonly<Record<string, string>> = { describe: 't', execute: 'GHc', query: 'TCIGHc', probe: '1t', quiet: 'TC' }

export class Replies {
  /** Transaction status of the last ReadyForQuery. */
  status: TransactionStatus = 'I'
  /** How many transactions and statements have ended: two equal numbers mean that nothing ran between them. */
  transactions = 0
  /** An error was answered and no Sync is on its way: the server ignores everything until one comes. */
  skipping = false
  /** The server said that it ends the connection. */
  fatal = false
  #owed: Owed[] = []
  /** Statement within the Query at the head. */
  #at = 0
  /** COPY FROM STDIN statements owed, the one under way included. */
  #copyIns = 0
  #copying = false
  #rows = 0
  #bytes = 0
  /** Cells of each row that comes now; counted once for each guard. */
  #maskedPerRow = 0
  #maskedBy: Guard | undefined
  readonly #shown = { rows: 0, maskedCells: 0 }
  readonly #names: Names
  /** Set as soon as anything is protected. */
  shielding: Shielding | undefined

  constructor(names: Names) {
    this.#names = names
  }

  /** Since the connection was opened; goes on counting. */
  get shown(): ShownCounts { return this.#shown }

  get empty(): boolean { return this.#owed.length === 0 }

  /** Something of the client's is run by the server, or is on its way there. */
  get running(): boolean { return this.#owed.some(({ kind }) => kind === 'query' || kind === 'execute') }

  /** A COPY FROM STDIN is on its way whose CopyInResponse has not come: what the client sends next may be data or messages. */
  get awaitingCopy(): boolean { return this.#copyIns > (this.#copying ? 1 : 0) }

  push(owed: Owed): void {
    this.#owed.push(owed)
    this.#copyIns += copyInsOf(owed, 0)
    for (const { changes } of changesOf(owed, 0)) this.#names.sent(changes)
  }

  /** Rows and COPY data, counted for the outcome. @throws ProtocolViolation where none are owed */
  countRow(bytes: number): void {
    const head = this.#owed[0]?.kind
    if (head !== 'query' && head !== 'execute' && head !== 'quiet') throw outOfPlace('D')
    if (head === 'quiet') return
    this.#rows++
    this.#bytes += bytes
    this.#shown.rows++
    this.#shown.maskedCells += this.#maskedPerRow
  }

  /**
   * What rewrites the rows that begin now; undefined lets them pass.
   * @throws ProtocolViolation where rows come that nobody has described
   */
  rewriter(): RowRewriter | undefined {
    const head = this.#owed[0]
    if (head?.kind === 'quiet') return collecting(head)
    const guard = this.#guard()
    if (guard !== this.#maskedBy) {
      this.#maskedBy = guard
      this.#maskedPerRow = guard?.masked?.filter((masked) => masked).length ?? 0
    }
    if (guard === undefined) return this.#search()?.rewriter
    if (guard.rewriter === undefined) throw new ProtocolViolation('row of the server', 'not described before it came')
    // An exemption, or only counts depend on what is protected.
    return guard.rewriter === 'nothing to mask' ? undefined : guard.rewriter
  }

  /** What the next message of the server answers; undefined where nothing is owed. */
  get current(): Current | undefined {
    const head = this.#owed[0]
    if (head === undefined) return undefined
    const { kind } = head
    const nothing = { kind, resultFormats: [], runs: undefined, describes: undefined, parses: undefined, guard: this.#guard() }
    if (kind === 'query') {
      // Behind the last one: what comes yet belongs to the Query as a whole.
      const statement = head.statements[this.#at]
      return { ...nothing, of: statement ?? head, entry: statement?.permit?.entry }
    }
    const entry = 'permit' in head ? head.permit?.entry : undefined
    if (kind === 'execute') return { ...nothing, of: head, entry, resultFormats: head.runs?.resultFormats ?? [], runs: head.runs?.statement }
    if (kind === 'describe') return { ...nothing, of: head, entry, describes: head.describes }
    if (kind !== 'parse') return { ...nothing, of: head, entry }
    const [change] = head.changes
    return { ...nothing, of: head, entry, parses: change?.kind === 'statement' ? change.value : undefined }
  }

  /** Of the statement whose replies come now. */
  #guard(): Guard | undefined {
    const head = this.#owed[0]
    if (head?.kind === 'query') return head.statements[this.#at]?.guard
    const guard = head !== undefined && 'guard' in head ? head.guard : undefined
    return guard?.watched === true ? undefined : guard
  }

  #search(): Search | undefined {
    const head = this.#owed[0]
    if (head?.kind === 'query') return head.statements[this.#at]?.search
    return head?.kind === 'execute' ? head.search : undefined
  }

  /** @throws ProtocolViolation for a message that is not owed */
  receive(type: string, body: Buffer): Fate {
    if (type === 'S') return 'forward'
    // A notice of a statement that reaches something protected may hold a value; a notification may hold anybody's.
    if (type === 'N') return this.#guard() !== undefined || this.#owed[0]?.kind === 'quiet' ? 'drop' : 'forward'
    if (type === 'A') return this.shielding === undefined ? 'forward' : 'drop'
    if (type === 'E') return this.#error(body)
    if (type === 'Z') return this.#ready(body)
    const head = this.#owed[0]
    if (head === undefined || head.kind === 'own' || head.kind === 'sync' || head.kind === 'instead') throw outOfPlace(type)
    if (comesBefore[head.kind]?.includes(type) === true) return this.#within(head, type, body)
    if (head.kind === 'probe' && (type === 'T' || type === 'n')) {
      this.#owed.shift()
      head.columns = type === 'T' ? decodeRowDescription(body) : []
      head.state = 'described'
      return 'drop'
    }
    if (head.kind === 'shape' && (type === 'T' || type === 'n')) {
      this.#owed.shift()
      head.search.described(type === 'T' ? decodeRowDescription(body) : [])
      return 'drop'
    }
    if (head.kind === 'query' || head.kind === 'probe' || head.kind === 'shape' || head.kind === 'quiet' || !endsWith[head.kind].includes(type)) throw outOfPlace(type)
    this.#owed.shift()
    this.#names.confirm(head.changes)
    if (head.kind === 'check') {
      head.permit?.settle({ status: 'unknown' })
      this.#skipToSync()
      return head.refusal
    }
    this.#endCopy(head.copyIn)
    if (head.last || head.kind === 'execute') this.#settle(head, 'ok', type === 'C' ? decodeCommandComplete(body).rows : undefined)
    return 'forward'
  }

  /** Bytes of the gateway's own that are due now. */
  due(): Buffer | undefined {
    let due: Buffer[] | undefined
    for (let head = this.#owed[0]; head?.kind === 'own'; head = this.#owed[0]) {
      due ??= []
      if (head.refusal !== undefined) due.push(head.refusal)
      if (head.ready) due.push(answer.readyForQuery(this.status))
      this.#owed.shift()
    }
    return due === undefined ? undefined : Buffer.concat(due)
  }

  /** The server is gone: how what was running ended, nobody knows. */
  abandon(): void {
    for (const owed of this.#owed) this.#cancel(owed, 'unknown')
    this.#owed = []
  }

  #within(head: Owed, type: string, body: Buffer): Fate {
    if (head.kind === 'probe' || head.kind === 'quiet') return 'drop'
    const guard = this.#guard()
    // A result that could not be described before: by now the server says what it is.
    if (type === 'T' && head.kind === 'query' && guard !== undefined && guard.rewriter === undefined) {
      this.shielding!.described(guard, decodeRowDescription(body))
    }
    const search = guard === undefined ? this.#search() : undefined
    if (type === 'T' && head.kind === 'query') search?.described(decodeRowDescription(body))
    else if (type === 'H') search?.copying(body)
    if (type === 'G') {
      this.#copying = true
      // From here to CopyDone the server ignores a Sync; one sent along with the Execute will not be answered.
      if (head.kind === 'execute' && this.#owed[1]?.kind === 'sync') this.#owed.splice(1, 1)
    } else if (head.kind === 'query' && (type === 'C' || type === 'I')) {
      const statement = head.statements[this.#at++]
      // More statements than were judged: the two parsers disagree, and what ran was not what was allowed.
      if (statement === undefined) throw new ProtocolViolation('message of the server', 'more statements completed than were sent')
      this.#endCopy(statement.copyIn)
      this.#settle(statement, 'ok', type === 'C' ? decodeCommandComplete(body).rows : undefined)
      this.#names.confirm(statement.changes)
    }
    return 'forward'
  }

  #ready(body: Buffer): Fate {
    const head = this.#owed[0]
    if (head === undefined || (head.kind !== 'sync' && head.kind !== 'query' && head.kind !== 'quiet')) throw outOfPlace('Z')
    if (head.kind === 'query') this.#cancel(head, 'cancelled')
    this.#owed.shift()
    this.#at = 0
    this.#copying = false
    this.transactions++
    this.status = decodeReadyForQuery(body)
    // A Query ends the unnamed statement before it looks at its own text.
    if (head.kind !== 'sync') this.#names.endUnnamed()
    if (this.status === 'I') this.#names.endTransaction()
    if (head.kind !== 'quiet') return 'forward'
    if (head.state === 'waiting') head.state = 'done'
    return 'drop'
  }

  #error(body: Buffer): Fate {
    const fields = decodeErrorFields(body)
    const severity = fields.get('V') ?? fields.get('S')
    if (severity === 'FATAL' || severity === 'PANIC') {
      this.fatal = true
      return this.shielding === undefined ? 'forward' : this.shielding.scrubbed(fields)
    }
    const head = this.#owed[0]
    if (head?.kind === 'quiet') {
      head.state = 'failed'
      return 'drop'
    }
    // What fails at the end of a transaction may be any statement of it.
    const scrub = this.shielding !== undefined && (this.#guard() !== undefined || head?.kind === 'sync' || this.#endsTransaction(head))
    const shown: Fate = scrub ? this.shielding!.scrubbed(fields) : 'forward'
    if (head === undefined || head.kind === 'own') throw outOfPlace('E')
    if (head.kind === 'sync') return shown
    const sqlState = fields.get('C')
    const outcome: Outcome = {
      status: sqlState === '57014' ? 'cancelled' : 'error',
      rows: this.#rows,
      bytes: this.#bytes,
      ...foundBy(this.#search()),
      ...(sqlState === undefined ? {} : { errorClass: sqlState.slice(0, 5) })
    }
    this.#rows = this.#bytes = 0
    if (head.kind === 'query') {
      head.statements[this.#at]?.permit?.settle(outcome)
      this.#cancel(head, 'cancelled')
      this.#at = head.statements.length
      this.#copying = false
      return shown
    }
    if (head.kind !== 'instead') {
      head.permit?.settle(outcome)
      this.#names.refuse(head.changes)
    }
    this.#skipToSync()
    return head.kind === 'instead' ? head.refusal : shown
  }

  #endsTransaction(head: Owed | undefined): boolean {
    if (head?.kind === 'query') return head.statements[this.#at]?.ends === true
    return head?.kind === 'execute' && head.ends === true
  }

  #skipToSync(): void {
    while (this.#owed.length > 0 && this.#owed[0]!.kind !== 'sync') this.#cancel(this.#owed.shift()!, 'cancelled')
    this.#at = 0
    this.#copying = false
    this.skipping = this.#owed.length === 0
  }

  #endCopy(copyIn: boolean): void {
    if (!copyIn) return
    this.#copyIns--
    this.#copying = false
  }

  /** Nothing more of it will happen; permits settled before keep their outcome. */
  #cancel(owed: Owed, status: 'cancelled' | 'unknown'): void {
    const from = owed === this.#owed[0] ? this.#at : 0
    if ((owed.kind === 'probe' || owed.kind === 'quiet') && owed.state === 'waiting') owed.state = 'failed'
    this.#copyIns -= copyInsOf(owed, from)
    for (const { permit, changes } of changesOf(owed, from)) {
      permit?.settle({ status })
      this.#names.drop(changes)
    }
  }

  #settle({ permit, search }: Pick<OwedStatement, 'permit' | 'search'>, status: 'ok', tagRows: number | undefined): void {
    permit?.settle({ status, rows: tagRows ?? this.#rows, bytes: this.#bytes, ...foundBy(search) })
    this.#rows = this.#bytes = 0
  }
}

/** Takes rows of the gateway's own out of the stream. */
function collecting(quiet: Quiet): RowRewriter {
  return {
    wholeUpTo: maxQuietRowBytes,
    rewrite(bytes, begin, end) {
      for (let at = begin; at < end; at += 1 + bytes.readInt32BE(at + 1)) {
        quiet.rows.push(decodeRow(bytes.subarray(at + 5, at + 1 + bytes.readInt32BE(at + 1))))
      }
      return Buffer.alloc(0)
    },
    rewritePiece() {
      throw new ProtocolViolation('row of the server', 'larger than any answer to the gateway')
    }
  }
}

function foundBy(search: Search | undefined): Pick<Outcome, 'detected'> {
  const detected = search?.take()
  return detected === undefined ? {} : { detected }
}

function changesOf(owed: Owed, from: number): readonly Pick<OwedStatement, 'permit' | 'changes'>[] {
  if (owed.kind === 'query') return owed.statements.slice(from)
  return 'changes' in owed ? [owed] : []
}

function copyInsOf(owed: Owed, from: number): number {
  if (owed.kind === 'query') return owed.statements.slice(from).filter(({ copyIn }) => copyIn).length
  return 'copyIn' in owed && owed.copyIn ? 1 : 0
}

function outOfPlace(type: string): ProtocolViolation {
  return new ProtocolViolation('message of the server', `type ${JSON.stringify(type)} out of place`)
}
