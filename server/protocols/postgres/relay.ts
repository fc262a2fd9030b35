// Carries one logged-in connection: client messages are judged batch by batch and forwarded byte for byte, the server's stream is
// walked by message heads. Long because it is the one place where both directions, their order and their end meet.
import type { Duplex } from 'node:stream'
import { asGatewayError, ExportLags, GatewayError, ProtocolViolation } from '../../../shared/errors.ts'
import type { HeldContext, Operation, Permit } from '../../../shared/model.ts'
import { ownMark } from '../../../shared/own-statement.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Analyzer } from '../../sql/postgres/index.ts'
import type { Gone, Session } from '../protocol.ts'
import { planBatch, type Plan, type PlannedStep, type Received } from './batch.ts'
import { scrub } from '../../masking/postgres/errors.ts'
import { functionCall } from './function-call.ts'
import type { Guards } from './guard.ts'
import { heldNotice, type Holding } from './holding.ts'
import { Names } from './names.ts'
import { refusal } from './refusal.ts'
import { Replies, type Owed, type Probe, type Quiet } from './replies.ts'
import { Searches } from './search.ts'
import type { Line, Shield } from './shield.ts'
import { Shown, wholeRows } from './shown.ts'
import { protectionChanged } from './stale.ts'
import { pinnedSettings, type Upstream } from './upstream.ts'
import { answer, decodeParameterStatus, type TransactionStatus } from './wire/backend.ts'
import { FrameSplitter, type Frame } from './wire/frames.ts'
import { decodeFrontend, encode, frontendTypes } from './wire/frontend.ts'
import { BackendWalker, type Fate } from './wire/walker.ts'

const maxFrontendBytes = 64 * 1024 * 1024
const maxBackendBytes = 64 * 1024 * 1024
/** Messages without a Sync or Flush are judged when they have grown to this; behind a decision, reading stops at it. */
const maxQueuedBytes = 1024 * 1024
const lastWordsMilliseconds = 2_000

/** What ends a run of messages that are judged together. `size`: nothing did, but there is too much to wait for more. */
type BatchEnd = 'sync' | 'flush' | 'query' | 'size'

/** Refusals the session survives; any other error ends it, but for an export that lags: statements are taken again soon. */
const survivable = new Set(['denied', 'review_rejected', 'review_expired', 'review_pending', 'cancelled', 'limit_exceeded'])

export interface RelayParts {
  readonly client: Duplex
  readonly upstream: Upstream
  readonly session: Session
  readonly analyzer: Analyzer
  /** What the server was told, and what the client asked for. */
  readonly applicationName: { readonly upstream: string, readonly client: string }
  /** Stops what the server is running, when the client is gone. */
  readonly cancel: () => void
  readonly holding: Holding
  readonly shield: Shield
  /** What is known of held operations, for those who decide. */
  readonly context: (operations: readonly Operation[], transaction: HeldContext['transaction']) => Promise<HeldContext>
}

/**
 * Runs until either side ends. Both sides are closed when it returns.
 * @param early bytes of the client already read
 * @throws GatewayError; by then the client has been told
 */
export function relay(parts: RelayParts, early: Buffer): Promise<void> {
  return new Relay(parts).run(early)
}

class Relay {
  readonly #parts: RelayParts
  readonly #names = new Names()
  readonly #replies = new Replies(this.#names)
  readonly #splitter = new FrameSplitter({ maxBodyBytes: maxFrontendBytes, types: frontendTypes })
  readonly #walker: BackendWalker
  /** Extended-protocol messages since the last Sync, Flush or Query; not yet judged. */
  #batch: Received[] = []
  #batchBytes = 0
  /** Messages since the last Sync have been forwarded: an error must reach the server too, or their part would commit. */
  #groupOpen = false
  /** The client is sending COPY data. */
  #copying = false
  #pumping = false
  #ended = false
  #searches: Searches | undefined
  /** While something is held: what the client has sent behind it. */
  #ahead: FrameSplitter | undefined
  /** Where what the client is shown is recorded. */
  readonly #shown: Shown | undefined
  /** By which the last batch was judged. */
  #protection: Protection | undefined
  #waiters: { ready: () => boolean, resolve: () => void }[] = []
  #resolve!: () => void
  #reject!: (error: GatewayError) => void

  constructor(parts: RelayParts) {
    this.#parts = parts
    parts.holding.serverRuns = () => this.#replies.running
    const { recording } = parts.session
    parts.session.introduce(parts.applicationName.client === '' ? undefined : parts.applicationName.client, this.#replies.shown)
    const shown = this.#shown = recording === undefined ? undefined : new Shown(recording)
    this.#walker = new BackendWalker({
      data: (_, bytes) => this.#replies.countRow(bytes),
      rewriter: shown === undefined ? () => this.#replies.rewriter() : () => this.#replies.rewriter() ?? wholeRows,
      message: shown === undefined
        ? (type, body) => this.#fromServer(String.fromCharCode(type), body)
        : (type, body) => this.#shownFromServer(shown, String.fromCharCode(type), body),
      ...(shown === undefined ? {} : { shown: (bytes) => shown.data(bytes as Buffer, this.#replies.current!) }),
      due: () => this.#due()
    }, maxBackendBytes, true)
  }

  run(early: Buffer): Promise<void> {
    const { client, upstream: { stream: upstream, rest }, session } = this.#parts
    return new Promise((resolve, reject) => {
      const onAbort = () => void this.#end(session.signal.reason as GatewayError)
      const settle = (act: () => void) => { session.signal.removeEventListener('abort', onAbort); act() }
      this.#resolve = () => settle(resolve)
      this.#reject = (error) => settle(() => reject(error))
      session.signal.addEventListener('abort', onAbort, { once: true })
      client.on('data', (chunk: Buffer) => this.#onClient(chunk))
      client.on('end', () => void this.#end())
      client.on('close', () => void this.#end())
      client.on('error', () => void this.#end())
      upstream.on('data', (chunk: Buffer) => this.#onUpstream(chunk))
      const lost = () => void this.#end(this.#replies.fatal
        ? undefined
        : new GatewayError('target_unreachable', `target "${session.target.name}" closed the connection`))
      upstream.on('end', lost)
      upstream.on('close', lost)
      upstream.on('error', lost)
      if (session.signal.aborted) onAbort()
      else if (upstream.destroyed) lost()
      else if (client.destroyed) void this.#end()
      client.resume()
      upstream.resume()
      if (rest.length > 0) this.#onUpstream(rest)
      if (early.length > 0) this.#onClient(early)
    })
  }

  // From the client

  #onClient(chunk: Buffer): void {
    if (this.#ended) return
    this.#splitter.push(chunk)
    this.#lookAhead(chunk)
    if (!this.#pumping) void this.#pump()
    else if (this.#splitter.buffered > maxQueuedBytes) this.#parts.client.pause()
  }

  /** A client that says goodbye behind what is held has gone away, though its connection may close a moment later. */
  #lookAhead(chunk?: Buffer): void {
    const ahead = this.#ahead
    if (ahead === undefined) return
    if (chunk !== undefined) ahead.push(chunk)
    try {
      for (let frame = ahead.next(); frame !== undefined; frame = ahead.next()) if (frame.type === 'X') this.#parts.holding.cancel()
    } catch {
      // What is wrong with it is told when it is its turn.
      this.#ahead = undefined
    }
  }

  /** Takes messages one by one, waiting wherever the next one must not be looked at yet. One at a time. */
  async #pump(): Promise<void> {
    this.#pumping = true
    try {
      for (;;) {
        // What follows a COPY is data or a message, depending on what the server answers.
        if (this.#replies.awaitingCopy && !this.#copying) await this.#until(() => !this.#replies.awaitingCopy || this.#copying)
        const frame = this.#ended ? undefined : this.#splitter.next()
        if (frame === undefined) break
        const wait = this.#copying ? this.#takeCopy(frame) : this.#take(frame)
        if (wait !== undefined) await wait
      }
    } catch (error) {
      void this.#end(asGatewayError(error))
    } finally {
      this.#pumping = false
      this.#parts.client.resume()
    }
  }

  #take(frame: Frame): Promise<void> | undefined {
    const message = decodeFrontend(frame)
    switch (message.type) {
      case 'Terminate': void this.#end(); return undefined
      case 'Sync': return this.#replies.skipping ? this.#endSkipping() : this.#run('sync')
      // The server takes these for leftovers of a COPY that failed, and says nothing.
      case 'CopyData': case 'CopyDone': case 'CopyFail': return undefined
      case 'Password': throw new ProtocolViolation('PasswordMessage', 'sent after the login was done')
      default:
    }
    if (this.#replies.skipping) return undefined
    switch (message.type) {
      case 'Flush': return this.#run('flush')
      case 'FunctionCall': return this.#refuseFunctionCall(frame)
      default:
    }
    this.#batch.push({ bytes: frame.bytes, message })
    this.#batchBytes += frame.bytes.length
    if (message.type === 'Query') return this.#run('query')
    return this.#batchBytes > maxQueuedBytes ? this.#run('size') : undefined
  }

  /** While COPY data is asked for, the server itself ignores Sync and Flush, so they are not passed on. */
  #takeCopy(frame: Frame): Promise<void> | undefined {
    const { type } = decodeFrontend(frame)
    switch (type) {
      case 'CopyData': return this.#send([frame.bytes])
      case 'CopyDone': case 'CopyFail':
        this.#copying = false
        return this.#send([frame.bytes])
      case 'Sync': case 'Flush': return undefined
      case 'Terminate': void this.#end(); return undefined
      default: throw new ProtocolViolation(type, 'sent where COPY data was expected')
    }
  }

  /** Judges what has been collected as a whole, then forwards it in one write. */
  async #run(end: BatchEnd): Promise<void> {
    const received = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    const gone = this.#parts.holding.begin()
    try {
      await this.#judgeAndForward(received, end, gone)
    } finally {
      this.#parts.holding.end()
    }
  }

  async #judgeAndForward(received: readonly Received[], end: BatchEnd, gone: Gone): Promise<void> {
    let plan: Plan
    let permits: readonly Permit[] = []
    try {
      [plan, permits] = await this.#judge(received, gone)
      this.#parts.shield.check(plan.statements.map(({ finding }) => finding))
    } catch (error) {
      cancel(permits)
      return this.#refuse(survived(error), end)
    }
    // Meanwhile the client may have gone, or a message before this batch may have failed: then none of it would run.
    if (this.#ended || this.#replies.skipping) {
      cancel(permits)
      return !this.#ended && end === 'sync' ? this.#endSkipping() : undefined
    }
    const cancelled = () => gone.aborted && permits.length > 0
    if (cancelled()) {
      cancel(permits)
      return this.#refuse(cancelledBefore(), end)
    }
    let bytes: Uint8Array[] = []
    for (const step of plan.steps) {
      const { describe } = step
      // A Query is described before it is sent, and so is a portal that is run; otherwise once it is bound.
      const before = step.owed?.kind === 'query' || step.owed?.kind === 'execute'
      if (!before || describe === undefined) bytes.push(this.#owe(step, permits))
      if (describe === undefined) continue
      const answered = await this.#describe(describe, bytes, permits)
      const described = answered === 'as found' && cancelled() ? cancelledBefore() : answered
      if (described !== 'as found') {
        cancel(permits)
        return described === 'ended' ? undefined : described === 'failed' ? this.#afterFailure(end) : this.#refuse(described, end)
      }
      bytes = before ? [this.#owe(step, permits)] : []
    }
    for (const { statement, finding } of plan.statements) this.#parts.shield.sent(statement, finding.changesCatalog)
    if (plan.cut && end === 'query') return this.#close(bytes)
    switch (end) {
      case 'sync': this.#replies.push({ kind: 'sync' }); return this.#close([...bytes, encode.sync()])
      case 'query': return this.#close(bytes)
      case 'flush': case 'size':
        this.#groupOpen ||= bytes.length > 0
        return this.#send([...bytes, encode.flush()])
    }
  }

  /** Planned, and permitted, by what is protected by then. Writing and waiting take time: what has changed meanwhile is judged again. */
  async #judge(received: readonly Received[], gone: Gone): Promise<readonly [Plan, readonly Permit[]]> {
    for (;;) {
      const plan = await this.#plan(received)
      const permits = plan.operations.length === 0 ? [] : await this.#authorize(plan.operations, gone)
      if (this.#ended || plan.operations.length === 0 || this.#isCurrent) return [plan, permits]
      cancel(permits)
    }
  }

  /** What is protected is what the last batch was judged by. From an exemption's end on nothing more is sent that was judged with it. */
  get #isCurrent(): boolean {
    return this.#parts.session.protection() === this.#protection
  }

  /** The client may have to wait here for people; it is told so, and may cancel. */
  async #authorize(operations: readonly Operation[], gone: Gone): Promise<readonly Permit[]> {
    const { session, context } = this.#parts
    const idle = () => this.#until(() => this.#replies.empty)
    try {
      return await session.authorize(operations, {
        gone,
        held: (held) => {
          this.#ahead = this.#splitter.fork()
          this.#lookAhead()
          void idle().then(() => { if (!this.#ended) this.#parts.client.write(this.#own(heldNotice(held))) })
        },
        context: async () => {
          await idle()
          return context(operations, transactions[this.#replies.status])
        },
        epoch: async () => {
          await idle()
          return `${this.#replies.status} ${this.#replies.transactions}`
        }
      })
    } finally {
      this.#ahead = undefined
    }
  }

  /**
   * Has the server say what a statement's result is, and hold its locks, before it runs: then it is still what was judged.
   * @param before what has to be sent first
   * @returns the error to refuse it with, where it is something else
   */
  async #describe(
    { guard, bytes, operation }: NonNullable<PlannedStep['describe']>,
    before: readonly Uint8Array[],
    permits: readonly Permit[]
  ): Promise<'as found' | 'failed' | 'ended' | GatewayError> {
    const { shield } = this.#parts
    const probe: Probe = { kind: 'probe', permit: permits[operation], guard, changes: [], state: 'waiting', columns: [] }
    this.#replies.push(probe)
    this.#groupOpen = true
    await this.#send([...before, bytes, encode.flush()])
    await this.#until(() => probe.state !== 'waiting')
    if (this.#ended) return 'ended'
    if (probe.state === 'failed') return 'failed'
    try {
      shield.guards.described(guard, probe.columns)
      await shield.confirm(guard)
      if (this.#ended) return 'ended'
      return this.#isCurrent ? 'as found' : protectionChanged()
    } catch (error) {
      return survived(error)
    }
  }

  /** The server answered a description with an error, which is the statement's own, and skips what follows. */
  #afterFailure(end: BatchEnd): Promise<void> | undefined {
    return end === 'sync' || end === 'query' ? this.#endSkipping() : undefined
  }

  /** Brings what statements are judged by up to date, where anything is protected or looked for. */
  async #shield(): Promise<Guards | undefined> {
    const { session, shield } = this.#parts
    const protection = this.#protection = session.protection()
    const detection = session.detection()
    if (detection === undefined) this.#searches = undefined
    else if (this.#searches?.isFor(detection) !== true) this.#searches = new Searches(detection)
    if (protection === undefined && detection === undefined && !shield.raised) return undefined
    const replies = this.#replies
    const isOpen = () => this.#groupOpen
    const line: Line = {
      get status() { return replies.status },
      get open() { return isOpen() },
      get quiet() { return replies.empty },
      idle: () => this.#until(() => this.#replies.empty),
      ask: (text) => this.#ask(text)
    }
    await shield.ready(protection, line)
    if (this.#searches !== undefined) this.#searches.catalog = shield.guards.setting.catalog
    if (shield.raised) this.#replies.shielding = {
      described: (guard, columns) => shield.guards.described(guard, columns),
      scrubbed: (fields) => answer.errorFields(scrub(fields, shield.guards.names))
    }
    return shield.guards
  }

  /** A question of the gateway's own on the client's connection, between two statements. */
  async #ask(text: string): Promise<Quiet['rows']> {
    const quiet: Quiet = { kind: 'quiet', state: 'waiting', rows: [] }
    this.#replies.push(quiet)
    await this.#send([encode.query(ownMark + text)])
    await this.#until(() => quiet.state !== 'waiting' && this.#replies.empty)
    if (quiet.state !== 'done') throw new GatewayError('target_refused', 'the server did not answer a question of the gateway\'s own')
    return quiet.rows
  }

  async #plan(received: readonly Received[]) {
    const guards = received.length === 0 ? undefined : await this.#shield()
    for (;;) {
      const plan = planBatch(received, this.#parts.analyzer, this.#names, cannotRead, guards, this.#searches)
      if (plan !== 'unsettled') return plan
      await this.#until(() => this.#replies.empty)
    }
  }

  #owe({ bytes, owed }: PlannedStep, permits: readonly Permit[]): Uint8Array {
    if (owed === undefined) return bytes
    const permitOf = (operation: number | undefined) => operation === undefined ? undefined : permits[operation]
    if (owed.kind === 'query') {
      this.#replies.push({ kind: 'query', statements: owed.statements.map(({ operation, ...rest }) => ({ ...rest, permit: permitOf(operation) })) })
    } else if ('operation' in owed) {
      this.#replies.push({ ...owed, permit: permitOf(owed.operation) } as Owed)
    } else {
      this.#replies.push(owed)
    }
    return bytes
  }

  /** Sends what ends with a Sync or a Query, and with it the implicit transaction. */
  #close(bytes: readonly Uint8Array[]): Promise<void> | undefined {
    this.#groupOpen = false
    return this.#send(bytes)
  }

  /**
   * Nothing of the batch is forwarded, and the client gets the error where the server's would have been.
   * If an earlier part of the same implicit transaction already ran, the server is made to fail too, so that it does not commit.
   */
  #refuse(error: GatewayError, end: BatchEnd): Promise<void> | undefined {
    const shown = refusal(error)
    if (this.#groupOpen) {
      this.#replies.push({ kind: 'instead', refusal: shown })
      const failing = encode.bindNothing()
      if (end === 'flush' || end === 'size') return this.#send([failing, encode.flush()])
      this.#replies.push({ kind: 'sync' })
      return this.#close([failing, encode.sync()])
    }
    const ready = end === 'sync' || end === 'query'
    this.#replies.push({ kind: 'own', refusal: shown, ready })
    if (!ready) this.#replies.skipping = true
    this.#sendOwn()
    return undefined
  }

  /** The Sync that ends what an error made void. */
  #endSkipping(): Promise<void> | undefined {
    this.#replies.skipping = false
    if (this.#groupOpen) {
      this.#replies.push({ kind: 'sync' })
      return this.#close([encode.sync()])
    }
    this.#replies.push({ kind: 'own', ready: true })
    this.#sendOwn()
    return undefined
  }

  /** Function calls by object id carry no text to judge; every client library has used statements instead for twenty years. */
  async #refuseFunctionCall(frame: Frame): Promise<void> {
    this.#batch = []
    this.#batchBytes = 0
    await this.#parts.session.authorize([functionCall(frame)]).then((permits) => {
      cancel(permits)
      throw new GatewayError('denied', 'function calls by object id are not passed on')
    }).catch((error: unknown) => this.#refuse(survived(error), 'query'))
  }

  #send(parts: readonly Uint8Array[]): Promise<void> | undefined {
    const { stream } = this.#parts.upstream
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    if (bytes.length === 0 || stream.write(bytes)) return undefined
    return new Promise((resolve) => {
      const done = () => { stream.off('drain', done).off('close', done); resolve() }
      stream.on('drain', done).on('close', done)
    })
  }

  // From the server

  #onUpstream(chunk: Buffer): void {
    if (this.#ended) return
    const { client, upstream: { stream } } = this.#parts
    try {
      const out = this.#walker.push(chunk)
      this.#shown?.flush()
      if (out.length > 1) client.cork()
      let writable = true
      for (const bytes of out) writable = client.write(bytes)
      if (out.length > 1) client.uncork()
      if (!writable && !stream.isPaused()) {
        stream.pause()
        client.once('drain', () => stream.resume())
      }
      const behind = this.#parts.session.recording?.behind
      if (behind !== undefined && !stream.isPaused()) {
        stream.pause()
        void behind.then(() => stream.resume())
      }
    } catch (error) {
      void this.#end(asGatewayError(error))
    }
    this.#wake()
  }

  #shownFromServer(shown: Shown, type: string, body: Buffer): Fate {
    const { current } = this.#replies
    const fate = this.#fromServer(type, body)
    if (fate === 'forward') shown.message(type, body, current)
    else if (fate !== 'drop') shown.message(String.fromCharCode(fate[0]!), Buffer.from(fate.subarray(5)), current)
    return fate
  }

  #fromServer(type: string, body: Buffer): Fate {
    if (type === 'S') return this.#parameterStatus(body)
    if (type === 'E') this.#copying = false
    const fate = this.#replies.receive(type, body)
    if (type === 'G') this.#copying = true
    return fate
  }

  /** A session's first application name is the gateway's; the client is shown the one it asked for, as when it logged in. */
  #parameterStatus(body: Buffer): Fate {
    const { name, value } = decodeParameterStatus(body)
    const { applicationName } = this.#parts
    if (name === 'application_name' && value === applicationName.upstream) return answer.parameterStatus(name, applicationName.client)
    const pinned = pinnedSettings.get(name)
    if (pinned !== undefined && pinned !== value) {
      throw new GatewayError('session_ended', `the setting "${name}" became "${value.slice(0, 50)}", and statements can no longer be read safely`)
    }
    return 'forward'
  }

  /** Sends what is due of the gateway's own when the server owes nothing before it. */
  #sendOwn(): void {
    const due = this.#due()
    if (due !== undefined) this.#parts.client.write(due)
  }

  #due(): Buffer | undefined {
    const due = this.#replies.due()
    return due === undefined ? undefined : this.#own(due)
  }

  /** Messages of the gateway's own, about to be shown. */
  #own(bytes: Buffer): Buffer {
    this.#shown?.own(bytes)
    return bytes
  }

  // Both

  /** Resolves when `ready` holds, or the connection has ended. */
  #until(ready: () => boolean): Promise<void> {
    if (this.#ended || ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ ready, resolve }))
  }

  #wake(): void {
    if (this.#waiters.length === 0) return
    const all = this.#waiters
    this.#waiters = []
    for (const waiter of all) {
      if (this.#ended || waiter.ready()) waiter.resolve()
      else this.#waiters.push(waiter)
    }
  }

  /** Ends both sides, once. @param error told to the client, unless a row has been sent in part */
  async #end(error?: GatewayError): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    const { client, upstream: { stream: upstream }, cancel } = this.#parts
    const busy = !this.#replies.empty
    this.#parts.holding.cancel()
    this.#parts.shield.close()
    this.#replies.abandon()
    this.#wake()
    // A server does not notice that its client is gone while it computes.
    if (busy && !upstream.destroyed) cancel()
    if (upstream.writable && !busy) upstream.end(encode.terminate())
    else upstream.destroy()
    await lastWords(client, error === undefined || this.#walker.midMessage ? undefined : this.#own(refusal(error, true)))
    upstream.destroy()
    if (error === undefined) this.#resolve()
    else this.#reject(error)
  }
}

/** Sends `bytes` and closes; a client that does not read is not waited for long. */
export function lastWords(client: Duplex, bytes: Buffer | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (client.destroyed || client.writableEnded) { client.destroy(); resolve(); return }
    const timer = setTimeout(() => client.destroy(), lastWordsMilliseconds)
    const done = () => { clearTimeout(timer); client.destroy(); resolve() }
    client.on('error', () => undefined)
    client.once('finish', done).once('close', done)
    if (bytes === undefined) client.end()
    else client.end(bytes)
  })
}

const transactions: Readonly<Record<TransactionStatus, HeldContext['transaction']>> = { I: 'none', T: 'open', E: 'failed' }

/** What they were for does not run. */
function cancel(permits: readonly Permit[]): void {
  for (const permit of permits) permit.settle({ status: 'cancelled' })
}

/** @throws what ends the session */
function survived(error: unknown): GatewayError {
  const refused = asGatewayError(error)
  if (!survivable.has(refused.code) && !(refused instanceof ExportLags)) throw refused
  return refused
}

function cancelledBefore(): GatewayError {
  return new GatewayError('cancelled', 'cancelled before it ran')
}

function cannotRead(missing?: string): Buffer {
  const why = missing === undefined ? 'the server can read this statement and the gateway cannot' : `${missing} to the gateway, and not to the server`
  return refusal(new GatewayError('denied', `${why}, so it was not run`, missing === undefined ? {} : { hint: 'run it again in a second: the catalog is read again meanwhile' }))
}
