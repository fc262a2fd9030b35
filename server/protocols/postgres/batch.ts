// From a run of client messages to what is asked for permission and what is then sent: one operation for each statement that would
// be parsed, bound or run, and one owed reply for each message. Pure. Long because it is the one place that knows
// what each client message asks for.
import { createHash } from 'node:crypto'
import type { Exposure, StatementOperation } from '../../../shared/model.ts'
import type { Analysis, AnalyzedStatement, Analyzer } from '../../sql/postgres/index.ts'
import { askedValues } from '../../masking/postgres/asked.ts'
import type { Finding } from '../../masking/postgres/finding.ts'
import { marksTheSame } from '../../policy/protect.ts'
import { unknownFinding, type Guard, type Guards, type NamedFindings } from './guard.ts'
import { altersInPlace, movesNames } from './moves.ts'
import type { Judged, Lookup, NameChange, Names, Portal } from './names.ts'
import type { Owed, OwedStatement } from './replies.ts'
import type { Search, Searches } from './search.ts'
import { statementOperation } from './statement-operation.ts'
import { encode, type FrontendMessage } from './wire/frontend.ts'

/** One client message as it arrived. */
export interface Received {
  readonly bytes: Buffer
  readonly message: FrontendMessage
}

/** One message to send, with the reply it will be owed; `permit`s are named by the index of their operation. */
export interface PlannedStep {
  readonly bytes: Uint8Array
  readonly owed: Planned<Owed> | undefined
  /**
   * The server is to describe this before anything behind it is sent: a Query's text before the Query, a portal after its Bind, and
   * before an Execute where it is judged anew.
   */
  readonly describe?: { readonly guard: Guard, readonly bytes: Uint8Array, readonly operation: number }
}
type Planned<T> = T extends { readonly permit: unknown } ? Omit<T, 'permit'> & { readonly operation: number | undefined }
  : T extends { readonly statements: unknown } ? { readonly kind: 'query', readonly statements: readonly (Omit<OwedStatement, 'permit'> & { readonly operation: number })[] }
  : T

export interface Plan {
  readonly operations: readonly StatementOperation[]
  readonly steps: readonly PlannedStep[]
  /** What is sent, for whoever keeps track of what it may change. */
  readonly statements: readonly Sent[]
  /** The text of one message does not parse: it goes to the server's parser alone, and what stood behind it up to Sync is left out. */
  readonly cut: boolean
}

export interface Sent {
  readonly statement: AnalyzedStatement
  readonly finding: Finding
}

/** What an operation is made from; how far it goes is raised by the messages that follow. */
interface Draft {
  statement: AnalyzedStatement
  step: StatementOperation['step']
  bound: Bound
  readonly guard: Guard | undefined
}

type Bound = Pick<Portal, 'parameters' | 'parameterFormats'>
const unbound = { parameters: [], parameterFormats: [], resultFormats: [] } as const

const hashOfNothing = createHash('sha256').update('').digest('hex')
const nothing = { functions: [], relations: [], flags: [], text: '', sha256: hashOfNothing } as const

/** An empty query string: nothing runs, and yet it was sent. */
const empty: AnalyzedStatement = { ...nothing, verb: 'EMPTY', effects: [], redacted: '' }

/** Nothing but blanks, comments and semicolons: no statement, and yet the server is sent it, and its own log has it. */
function withoutStatement(text: string): AnalyzedStatement {
  return text === '' ? empty : { ...empty, text, sha256: createHash('sha256').update(text).digest('hex') }
}

function isEmpty({ verb }: AnalyzedStatement): boolean {
  return verb === empty.verb
}

/**
 * @param refusal an ErrorResponse for a text that the gateway cannot parse though the server can
 * @param guards where something is protected, or looked for
 * @param searches where something is looked for
 * @returns `unsettled` where a name's meaning depends on replies that have not come: wait for them and plan again
 */
export function planBatch(
  received: readonly Received[],
  analyzer: Analyzer,
  names: Names,
  refusal: (why?: string) => Buffer,
  guards?: Guards,
  searches?: Searches
): Plan | 'unsettled' {
  return new Planner(analyzer, names, refusal, guards, searches).plan(received)
}

interface StepFacts {
  readonly guard?: Guard | undefined
  readonly search?: Search | undefined
  readonly describe?: PlannedStep['describe']
  readonly copyIn?: boolean
  readonly ends?: boolean
  readonly runs?: Portal
  readonly describes?: AnalyzedStatement | undefined
}

interface Guarded {
  readonly finding: Finding
  /** Where it reaches something protected. */
  readonly guard?: Guard
  /** Where something is looked for. */
  readonly search?: Search
}

/** Whose relations the server looks up while it parses. */
const analysed = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'VALUES', 'TABLE'])

/** A portal's or a cursor's, that was made when other columns were protected. */
const outlived = unknownFinding('what is protected has changed since its portal or cursor was made: make it again')
const noCursors: ReadonlyMap<string, Finding> = new Map()

/** Why a statement is for the server's parser alone: it names what is not there, and that parser says so as clients expect. */
function missingIn({ verb }: AnalyzedStatement, finding: Finding | undefined): string | undefined {
  return analysed.has(verb) ? finding?.missing : undefined
}

class Unsettled extends Error {}

class Planner {
  readonly #drafts: Draft[] = []
  readonly #steps: PlannedStep[] = []
  /** Names as they stand within this batch; a draft there may still be raised to a further step. */
  readonly #statements = new Map<string, { statement: AnalyzedStatement, draft: number | undefined } | undefined>()
  readonly #portals = new Map<string, { portal: Portal, draft: number | undefined, ran?: number } | undefined>()
  /** Portals of this batch: whatever cursor had the name is no more. */
  readonly #rebound = new Set<string>()
  /** How many portals have been run before. */
  #ran = 0

  /** What every further statement is, once one may change what it would be judged by. */
  #moved: Finding | undefined
  /** The one table that has been altered so far, in place; to anything but more of that, this one is as if it had `moved` names. */
  #altered: { readonly table: string, readonly moved: Finding } | undefined
  readonly #lastSteps = new Map<number, { last: boolean }>()
  readonly #sent: Sent[] = []

  constructor(
    private readonly analyzer: Analyzer,
    private readonly names: Names,
    private readonly refusal: (why?: string) => Buffer,
    private readonly guards: Guards | undefined,
    private readonly searches: Searches | undefined
  ) {}

  plan(received: readonly Received[]): Plan | 'unsettled' {
    let cut = false
    try {
      for (const one of received) {
        cut = this.#add(one)
        if (cut) break
      }
    } catch (error) {
      if (error instanceof Unsettled) return 'unsettled'
      throw error
    }
    return { operations: this.#drafts.map(operationOf), steps: this.#steps, statements: this.#sent, cut }
  }

  /** @returns whether nothing behind this message may be sent */
  #add({ bytes, message }: Received): boolean {
    switch (message.type) {
      case 'Query': return this.#query(bytes, message, this.analyzer.analyze(message.text))
      case 'Parse': return this.#parse(bytes, message, this.analyzer.analyze(message.text))
      case 'Bind': this.#bind(bytes, message); return false
      case 'Execute': this.#execute(bytes, message.portal); return false
      case 'Describe': this.#step(bytes, 'describe', undefined, [], { describes: this.#described(message.what, message.name) }); return false
      case 'Close': this.#close(bytes, message.what, message.name); return false
      default: throw new Error(`a ${message.type} is no part of a batch`)
    }
  }

  #query(bytes: Buffer, { text, textBytes }: Extract<FrontendMessage, { type: 'Query' }>, analysis: Analysis): boolean {
    const all = analysis.type === 'syntax_error' ? [analysis.statement] : analysis.statements.length === 0 ? [withoutStatement(text)] : analysis.statements
    const [first] = all as [AnalyzedStatement]
    const alone = all.length === 1
    // Of several, what one means may rest on those before it.
    const found = alone ? this.#find(first) : undefined
    const missing = missingIn(first, found)
    if (analysis.type === 'syntax_error' || missing !== undefined) {
      const owed = { kind: 'check', operation: this.#draft(first, 'check', undefined), refusal: this.refusal(missing), changes: [] } as const
      this.#steps.push({ bytes: encode.parse('', textBytes), owed }, { bytes: encode.sync(), owed: { kind: 'sync' } })
      return true
    }
    const statements = all.map((statement) => {
      const resolved = this.#resolved(statement)
      const finding = alone ? found : this.#find(statement)
      const { guard, search } = this.#guardedBy(finding, statement, alone)
      this.#runs(statement, finding)
      const changes = changesOf(statement, finding, this.guards)
      this.#apply(changes)
      return { operation: this.#draft(resolved, 'execute', guard), changes, copyIn: statement.copy === 'in', guard, search, ends: endsTransaction(statement) }
    })
    const [{ guard, operation }] = statements as [typeof statements[number]]
    const probed = guard ?? this.guards?.watch(first, found)
    const describe = probed?.describe === true
      ? { describe: { guard: probed, operation, bytes: Buffer.concat([encode.parse('', textBytes), encode.describeStatement('')]) } }
      : {}
    this.#steps.push({ bytes, owed: { kind: 'query', statements }, ...describe })
    return false
  }

  #parse(bytes: Buffer, { name, text, parameterTypes }: Extract<FrontendMessage, { type: 'Parse' }>, analysis: Analysis): boolean {
    const statement = analysis.type === 'syntax_error' ? analysis.statement : single(text, analysis.statements)
    const changes: NameChange[] = [{ kind: 'statement', name, value: statement }]
    const found = analysis.type === 'syntax_error' ? undefined : this.#find(statement)
    const missing = missingIn(statement, found)
    if (analysis.type === 'syntax_error' || missing !== undefined) {
      this.#steps.push({ bytes, owed: { kind: 'check', operation: this.#draft(statement, 'check', undefined), refusal: this.refusal(missing), changes } })
      return true
    }
    // Reading a value of such a type runs code of the database's own, at Bind.
    if (this.guards?.runCode(parameterTypes) === true) this.#moved ??= unknownFinding('a parameter has a type of the database\'s own, whose code runs with it')
    const { guard } = this.#guardedBy(found === undefined ? undefined : this.#moved ?? found, statement, true)
    const draft = this.#draft(this.#resolved(statement), 'prepare', guard)
    this.#step(bytes, 'parse', draft, changes, { guard })
    this.#statements.set(name, { statement, draft })
    return false
  }

  #bind(bytes: Buffer, { portal: name, statement: statementName, parameters, parameterFormats, resultFormats }: Extract<FrontendMessage, { type: 'Bind' }>): void {
    const known = this.#statement(statementName)
    const statement = known?.statement ?? unseen(`prepared statement "${statementName}"`)
    const bound = { parameters, parameterFormats }
    const { guard, search, finding } = this.#guarded(statement, true)
    const judged = finding === undefined ? {} : { judged: { finding, by: this.guards!.setting.protection } }
    let draft = known?.draft
    if (draft === undefined) draft = this.#draft(this.#resolved(statement), 'bind', guard, bound)
    else Object.assign(this.#drafts[draft]!, { step: 'bind', bound })
    // The next Bind of the same statement is an operation of its own.
    if (known !== undefined) this.#statements.set(statementName, { statement, draft: undefined })
    const portal: Portal = {
      statement,
      ...bound,
      resultFormats,
      ...(guard === undefined ? {} : { guard }),
      ...(search === undefined ? {} : { search }),
      ...judged
    }
    const probed = guard ?? this.guards?.watch(statement, finding)
    const describe = probed?.describe === true ? { describe: { guard: probed, operation: draft, bytes: encode.describePortal(name) } } : {}
    this.#step(bytes, 'bind', draft, [{ kind: 'portal', name, value: portal }], { guard, ...describe })
    if (guard === undefined) this.#shape(name, statement, search)
    this.#portals.set(name, { portal, draft, ran: this.#ran })
    this.#rebound.add(name)
  }

  /** The client may never ask what the portal's rows are. */
  #shape(portal: string, { copy }: AnalyzedStatement, search: Search | undefined): void {
    if (search === undefined || copy !== undefined) return
    this.#steps.push({ bytes: encode.describePortal(portal), owed: { kind: 'shape', operation: undefined, changes: [], search } })
  }

  #execute(bytes: Buffer, name: string): void {
    const known = this.#portal(name)
    const portal = known?.portal ?? { statement: unseen(`portal "${name}"`), ...unbound }
    // The server looks up what FETCH, EXECUTE and CURRENT OF name when they run: it may be another one than when they were bound.
    const stale = portal.judged?.finding.ofSession === true && known?.ran !== this.#ran
    this.#ran++
    const judged = known === undefined ? this.#guarded(portal.statement, true) : this.#stillGuarded(portal)
    const { guard, search } = stale ? this.#stale(portal) : judged
    if (guard === undefined && search !== portal.search) this.#shape(name, portal.statement, search)
    let draft = known?.draft
    if (draft === undefined) draft = this.#draft(this.#resolved(portal.statement), 'execute', guard, { parameters: portal.parameters, parameterFormats: portal.parameterFormats })
    else Object.assign(this.#drafts[draft]!, { step: 'execute', guard })
    if (known !== undefined) this.#portals.set(name, { portal, draft: undefined })
    const finding = this.#find(portal.statement)
    this.#runs(portal.statement, finding)
    if (known?.ran === undefined) this.#sendsAgain(portal)
    const changes = changesOf(portal.statement, finding, this.guards)
    this.#apply(changes)
    const anew = guard?.describe === true && guard !== portal.guard && known !== undefined
    const describe = anew ? { describe: { guard, operation: draft, bytes: encode.describePortal(name) } } : {}
    this.#step(bytes, 'execute', draft, changes, {
      ...describe,
      guard,
      search,
      copyIn: portal.statement.copy === 'in',
      ends: endsTransaction(portal.statement),
      runs: portal
    })
  }

  /** What a batch before this one has bound changes the schema, or what names mean, only now. */
  #sendsAgain({ statement, judged }: Portal): void {
    if (judged === undefined) return
    const { finding } = judged
    if (finding.changesCatalog || movesNames(statement)) this.#sent.push({ statement, finding })
  }

  /**
   * What a portal shows was judged when it was bound. What is protected may be something else by now: an exemption has ended, the policy
   * is a new one. What it means has not changed with it, since names were looked up then.
   */
  #stillGuarded(portal: Portal): Pick<Portal, 'guard' | 'search'> {
    const { guards } = this
    const { statement, guard, judged, search } = portal
    if (guards === undefined || isEmpty(statement)) return portal
    if (judged?.by === guards.setting.protection) {
      // One that was bound before anything was looked for is described now.
      const unsearched = this.searches !== undefined && search === undefined && guard === undefined
      return unsearched ? this.#guarded(statement, true) : portal
    }
    return this.#guardedBy(this.#stillFound(judged), statement, true)
  }

  #stillFound(judged: Judged | undefined): Finding {
    return judged !== undefined && marksTheSame(judged.by, this.guards!.setting.protection) ? judged.finding : outlived
  }

  /** For a recording only: where the name is not settled, the description is nobody's. */
  #described(what: 'statement' | 'portal', name: string): AnalyzedStatement | undefined {
    if (what === 'statement') return this.#statements.has(name) ? this.#statements.get(name)?.statement : settled(this.names.statement(name))
    return (this.#portals.has(name) ? this.#portals.get(name)?.portal : settled(this.names.portal(name)))?.statement
  }

  #close(bytes: Buffer, what: 'statement' | 'portal', name: string): void {
    this.#step(bytes, 'close', undefined, [{ kind: what, name }])
    if (what === 'statement') this.#statements.set(name, undefined)
    else this.#portals.set(name, undefined)
  }

  #step(
    bytes: Buffer,
    kind: 'parse' | 'bind' | 'describe' | 'execute' | 'close',
    operation: number | undefined,
    changes: readonly NameChange[],
    { describe, copyIn = false, ...more }: StepFacts = {}
  ): void {
    const owed = { kind, operation, changes, copyIn, last: false, ...more }
    // Of the messages one permit is for, the last one settles it.
    if (operation !== undefined) {
      const before = this.#lastSteps.get(operation)
      if (before !== undefined) before.last = false
      owed.last = true
      this.#lastSteps.set(operation, owed)
    }
    this.#steps.push({ bytes, owed, ...(describe === undefined ? {} : { describe }) })
  }

  #draft(statement: AnalyzedStatement, step: StatementOperation['step'], guard: Guard | undefined, bound: Bound = unbound): number {
    return this.#drafts.push({ statement, step, bound, guard }) - 1
  }

  /** @param alone no other statement stands in the same string */
  #guarded(statement: AnalyzedStatement, alone: boolean): Partial<Guarded> {
    return this.#guardedBy(this.#find(statement), statement, alone)
  }

  #guardedBy(finding: Finding | undefined, statement: AnalyzedStatement, alone: boolean): Partial<Guarded> {
    const { guards } = this
    if (guards === undefined || finding === undefined) return {}
    this.#sent.push({ statement, finding })
    const search = this.searches?.begin()
    const guard = guards.guard(statement, finding, alone, search)
    if (guard === undefined && statement.copy === 'out') search?.copies(guards.copyFormat(statement, finding), finding.columns)
    return { finding, ...(guard === undefined ? {} : { guard }), ...(search === undefined ? {} : { search }) }
  }

  #find(statement: AnalyzedStatement): Finding | undefined {
    const { guards } = this
    if (guards === undefined || isEmpty(statement)) return undefined
    const named: NamedFindings = {
      prepared: (name) => {
        const known = this.#statement(name)
        return known === undefined ? undefined : asPrepared(guards.find(known.statement, named), name)
      },
      cursors: this.#cursors()
    }
    if (this.#altered !== undefined && this.#alters(statement) !== this.#altered.table) this.#moved ??= this.#altered.moved
    return this.#moved ?? guards.find(statement, named)
  }

  /** What follows in this batch is judged before this one has run. */
  #runs(statement: AnalyzedStatement, finding: Finding | undefined): void {
    if (finding === undefined) return
    const what = finding.changesCatalog ? 'changes the schema' : movesNames(statement) ? 'changes what names mean' : undefined
    if (what === undefined) return
    const moved = unknownFinding(`the statement before it in the same batch ${what}: send it in a batch of its own`)
    const table = movesNames(statement) ? undefined : this.#alters(statement)
    if (table === undefined || this.#moved !== undefined) this.#moved ??= moved
    else this.#altered ??= { table, moved }
  }

  /** @returns the table that it alters in place, and does nothing else */
  #alters(statement: AnalyzedStatement): string | undefined {
    return statement.verb === 'ALTER TABLE' ? altersInPlace(this.guards?.world.parse(statement.text)) : undefined
  }

  #cursors(): ReadonlyMap<string, Finding> {
    const cursors = this.names.cursors()
    if (cursors === 'unsettled') throw new Unsettled()
    if (cursors.size === 0) return noCursors
    const still = [...cursors].filter(([name]) => !this.#rebound.has(name))
    return new Map(still.map(([name, judged]) => [name, this.#stillFound(judged)]))
  }

  #apply(changes: readonly NameChange[]): void {
    for (const change of changes) {
      if (change.kind === 'statement') this.#statements.set(change.name, change.value === undefined ? undefined : { statement: change.value, draft: undefined })
      else if (change.kind === 'cursor') this.#portals.set(change.name, undefined)
    }
  }

  /** An SQL-level EXECUTE does what the statement it names does. */
  #resolved(statement: AnalyzedStatement): AnalyzedStatement {
    if (statement.executes === undefined) return statement
    const named = this.#statement(statement.executes.name)?.statement
    if (named === undefined) return { ...statement, effects: ['unknown'] }
    const { copy: _, ...own } = statement
    // An EXECUTE by itself is unknown; with calls among its arguments it stays so, whatever it executes.
    const ownEffects = statement.functions.length > 0 ? statement.effects : statement.effects.filter((effect) => effect !== 'unknown')
    return { ...own, ...together(named, { ...statement, effects: ownEffects, effectful: [] }) }
  }

  #statement(name: string): { statement: AnalyzedStatement, draft: number | undefined } | undefined {
    if (this.#statements.has(name)) return this.#statements.get(name)
    const found = this.names.statement(name)
    if (found === 'unsettled') throw new Unsettled()
    return found === undefined ? undefined : { statement: found, draft: undefined }
  }

  #stale({ statement }: Portal): Pick<Portal, 'guard' | 'search'> {
    const finding = unknownFinding('what it names may have changed since it was bound: bind it and run it together, before anything else runs')
    const guard = this.guards?.guard(statement, finding, true)
    return guard === undefined ? {} : { guard }
  }

  #portal(name: string): { portal: Portal, draft: number | undefined, ran?: number } | undefined {
    if (this.#portals.has(name)) return this.#portals.get(name)
    const found = this.names.portal(name)
    if (found === 'unsettled') throw new Unsettled()
    return found === undefined ? undefined : { portal: found, draft: undefined }
  }
}

function operationOf({ statement, step, bound, guard }: Draft): StatementOperation {
  return statementOperation(statement, step, bound, guard === undefined ? undefined : exposureOf(guard, statement, bound))
}

function settled<T>(found: Lookup<T>): T | undefined {
  return found === 'unsettled' ? undefined : found
}

/** A Parse takes one statement; the server itself refuses more, and until it has, all of them count. */
function single(text: string, statements: readonly AnalyzedStatement[]): AnalyzedStatement {
  const [first, ...more] = statements
  if (first === undefined) return withoutStatement(text)
  return more.reduce((all, next) => ({ ...all, ...together(all, next) }), first)
}

/** What two statements do between them. Functions account for the effects only where they do for both. */
function together(a: AnalyzedStatement, b: AnalyzedStatement) {
  return {
    effects: union(a.effects, b.effects),
    relations: union(a.relations, b.relations),
    functions: union(a.functions, b.functions),
    ...(a.effectful === undefined || b.effectful === undefined ? {} : { effectful: union(a.effectful, b.effectful) }),
    flags: union(a.flags, b.flags)
  }
}

/** The server may know a name that was made behind the gateway's back, inside a function for example. */
function unseen(what: string): AnalyzedStatement {
  return { ...nothing, verb: 'EXECUTE', effects: ['unknown'], redacted: `${what} that the gateway has not seen` }
}

const noChanges: readonly NameChange[] = []

/** What SQL's EXECUTE, or a Bind, of it shows. */
function asPrepared(finding: Finding, name: string): Finding {
  return finding.defines !== undefined ? finding : { ...finding, defines: { type: 'prepared', name, columns: finding.columns } }
}

function changesOf(changing: AnalyzedStatement, finding: Finding | undefined, guards: Guards | undefined): readonly NameChange[] {
  if (changing.prepares === undefined && changing.deallocates === undefined && finding?.defines === undefined) return noChanges
  const { prepares, deallocates, ...statement } = changing
  const changes: NameChange[] = []
  if (finding?.defines?.type === 'cursor') changes.push({ kind: 'cursor', name: finding.defines.name, value: { finding, by: guards!.setting.protection } })
  if (prepares !== undefined) changes.push({ kind: 'statement', name: prepares.name, value: statement })
  if (deallocates !== undefined) changes.push(deallocates.name === null ? { kind: 'every statement' } : { kind: 'statement', name: deallocates.name })
  return changes
}

/** With the values it asks for, for the budget. PREPARE asks for none: that is for EXECUTE, or a Bind. */
function exposureOf({ exposure, asked }: Guard, { prepares }: AnalyzedStatement, bound: Bound): Exposure {
  return asked.length === 0 || prepares !== undefined ? exposure : { ...exposure, asked: askedValues(asked, bound) }
}

/** What was put off to the end of the transaction fails there. */
function endsTransaction({ flags, verb }: AnalyzedStatement): boolean {
  return flags.includes('transaction') || verb.startsWith('SET')
}

function union<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  return b.length === 0 ? a : [...new Set([...a, ...b])]
}
