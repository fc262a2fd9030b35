// The open reviews: what is held waits here until people decide, time runs out, or whoever asked is gone. Who may decide is review.ts's.
// Every step is in the audit log before it counts. Exact statements live in this memory only, and only while they wait.
// Long because it is the one place where a review changes: everything that may end one has to be seen next to the others.
import type { HeldStatement } from '../../shared/api.ts'
import type { Actor, EntryFacts, StatementFacts } from '../../shared/audit/entry.ts'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import type { ReviewEvent } from '../../shared/events.ts'
import { makeId } from '../../shared/id.ts'
import type { Id, Principal } from '../../shared/model.ts'
import type { OpenReview, Requester, ReviewParts, ReviewRequest, Reviews, ReviewVerdict } from './contract.ts'
import { heldEntries } from './entries.ts'
import {
  accessBinding,
  actorOf,
  approversOf,
  ended,
  explained,
  groupsAsked,
  isOf,
  isStillApproved,
  mayDecide,
  struck,
  voted,
  type EndState,
  type People,
  type Review
} from './review.ts'
import { detailFor, isAdmin, maySee, summaryFor, type Held } from './show.ts'
import { createStore } from './store.ts'

export type {
  AccessRequest,
  AccessWindow,
  OpenReview,
  Requester,
  ReviewLimits,
  ReviewListing,
  ReviewParts,
  ReviewRequest,
  Reviews,
  ReviewVerdict
} from './contract.ts'

const sweepMilliseconds = 250
/** One person watches in a few terminals; a thousand of theirs are a mistake. */
const maxListenersPerPrincipal = 32
/** From approval to release there is only a ping and a look at the transaction; whatever takes longer is not what was approved. */
const releaseMilliseconds = 60_000

/** A review that may still change. */
interface Live {
  review: Review
  held: Held
  readonly requester: Requester
  readonly bytes: number
  /** Its review.held is durable; and its row too: from then on it can be seen. */
  written: boolean
  open: boolean
  used: boolean
  readonly seenBy: Set<string>
  readonly outcome: Promise<ReviewVerdict>
  readonly settle: (verdict: ReviewVerdict) => void
  /** Votes one after the other, each behind the durable entry of the one before. */
  turn: Promise<unknown>
}

export function createReviews({ state, audit, identity, now, randomBytes, notify, limits, onBug }: ReviewParts): Reviews {
  const live = new Map<Id, Live>()
  /** Access that waits, by its binding; and access that was approved. */
  const asking = new Map<string, Promise<Live>>()
  const windows = new Map<string, Review>()
  const listeners = new Set<{ readonly viewer: Principal, readonly listener: (event: ReviewEvent) => void }>()
  const people: People = (issuer, subject) => identity.person(issuer, subject)
  const store = createStore(state, (error) => onBug(asGatewayError(error), { what: 'writing reviews' }))
  let heldBytes = 0
  let closed = false

  for (const review of state.reviews.pending()) abandon(review)
  for (const review of state.reviews.openWindows(now())) windows.set(review.binding, review)
  const stopListening = identity.onRevoked(revoke)
  const timer = setInterval(sweep, sweepMilliseconds)
  timer.unref()

  return {
    async hold(request) {
      const { session, connection, statements, facts, earlier = [], context } = request
      const [first] = facts
      // It may fail before anybody looks at it.
      context?.catch(() => {})
      const one = await begin(request, {
        kind: 'statement',
        session,
        connection,
        ...(first === undefined ? {} : { statement: first.redacted ?? first.verb })
      }, { statements, earlier }, facts)
      void context?.then((known) => {
        one.held = { ...one.held, context: known }
        if (one.review.state === 'pending') publish(one)
      }, () => {})
      return openReview(one)
    },

    async ask({ requester, target, decision: { rule, terms }, policy }) {
      const binding = accessBinding(requester.principal, target, rule, terms)
      let pending = asking.get(binding)
      if (pending === undefined) {
        pending = begin({ requester, target, rule, terms, policy, binding }, { kind: 'access' }, { statements: [], earlier: [] }, [])
        asking.set(binding, pending)
        const over = () => { asking.delete(binding) }
        pending.then((one) => one.outcome.then(over), over)
      }
      const { review } = await pending
      return summaryFor(review, requester.principal, people)
    },

    windowFor(who, target, { rule, terms }) {
      const review = windows.get(accessBinding(who, target, rule, terms))
      return review === undefined || !isOpen(review) ? undefined : { review: review.id, endsAt: review.windowEndsAt! }
    },

    isOpenWindow: (id) => [...windows.values()].some((review) => review.id === id && isOpen(review)),

    list(viewer, { state: wanted, target, mine, limit }) {
      store.flush()
      const { issuer, subject } = viewer
      const rows = state.reviews.list({
        ...(wanted === undefined ? {} : { state: wanted }),
        ...(target === undefined ? {} : { target }),
        ...(limit === undefined ? {} : { limit }),
        ...(mine === true ? { requester: { issuer, subject } } : {}),
        ...(isAdmin(viewer, people) ? {} : { visibleTo: { issuer, subject, groups: groupsOf(viewer) } })
      })
      // What is not durable yet was never seen.
      const isSeen = ({ id }: Review) => live.get(id)?.open !== false
      return rows.filter((review) => isSeen(review) && maySee(review, viewer, people))
        .map((review) => summaryFor(live.get(review.id)?.review ?? review, viewer, people))
    },

    show(viewer, id) {
      const one = opened(id)
      const review = one?.review ?? recorded(id)
      if (review === undefined || !maySee(review, viewer, people)) return undefined
      if (one !== undefined) noteSeen(one, viewer)
      return detailFor(review, one?.held, viewer, people)
    },

    owner(viewer, id) {
      const review = opened(id)?.review ?? recorded(id)
      return review !== undefined && maySee(review, viewer, people) ? review.requester : undefined
    },

    decide: (id, by, ballot) => inTurn(id, by, async (one) => {
      const after = voted(one.review, by, ballot, people, now())
      if (after !== one.review) {
        if (after.votes !== one.review.votes) await audit.append([voteEntry(after)])
        expireIfDue(one)
        // Writing took time: it may have ended meanwhile, or the voter may have been disabled.
        change(one, voted(one.review, by, ballot, people, now()))
      }
      return detailFor(one.review, one.held, by, people)
    }),

    giveReason: (id, by, reason) => inTurn(id, by, async (one) => {
      const after = explained(one.review, by, reason)
      if (after.requesterReason === one.review.requesterReason) return
      await audit.append([{ kind: 'review.reason', review: id, actor: actorOf(by), reason: after.requesterReason! }])
      change(one, explained(one.review, by, reason))
    }),

    withdraw(id, by) {
      const one = visible(id, by)
      if (!isOf(one.review, by)) throw new GatewayError('forbidden', 'only whoever asked for it withdraws it')
      end(one, 'withdrawn', { reason: 'whoever asked for it withdrew it', by: actorOf(by) })
    },

    expire(id, by) {
      if (!isAdmin(by, people)) throw new GatewayError('forbidden', 'only admins expire reviews')
      const facts = { reason: 'an administrator ended it', by: actorOf(by) }
      const open = [...windows.values()].find((review) => review.id === id)
      if (open !== undefined && isOpen(open)) return shut(open, facts)
      end(visible(id, by), 'expired', facts)
    },

    maySubscribe,

    subscribe(viewer, listener) {
      maySubscribe(viewer)
      const entry = { viewer, listener }
      listeners.add(entry)
      for (const one of live.values()) if (one.open && one.review.state === 'pending') tell(entry, one.review)
      return () => { listeners.delete(entry) }
    },

    get size() { return pendingOnes().length },

    sweep,

    close() {
      closed = true
      clearInterval(timer)
      stopListening()
      for (const one of [...live.values()]) end(one, 'void', { reason: 'the gateway is shutting down' })
      listeners.clear()
      store.flush()
    }
  }

  /** Writes it down, then lets it be seen. It may have ended by the time this resolves; its outcome says so. */
  async function begin(
    request: Pick<ReviewRequest, 'requester' | 'target' | 'rule' | 'terms' | 'policy' | 'binding' | 'sealed'>,
    more: Pick<Review, 'kind' | 'session' | 'connection' | 'statement'>,
    held: Held,
    facts: readonly StatementFacts[]
  ): Promise<Live> {
    if (closed) throw new GatewayError('session_ended', 'the gateway is shutting down')
    const { requester, target, rule, terms, binding } = request
    const bytes = sizeOf(held.statements)
    refuseIfTooMany(requester.principal, bytes)
    const at = now()
    const review: Review = {
      id: makeId(at, randomBytes(16)),
      state: 'pending',
      requester: requester.principal,
      target,
      rule,
      terms,
      binding,
      createdAt: at,
      expiresAt: at + terms.timeoutSeconds * 1000,
      votes: [],
      ...more
    }
    const one = liveOf(review, requester, held, bytes)
    live.set(review.id, one)
    heldBytes += bytes
    try {
      await audit.append(heldEntries(review, request.policy, facts), request.sealed === undefined ? [] : [request.sealed])
    } catch (error) {
      forget(one)
      throw error
    }
    one.written = true
    try {
      await store.put(one.review)
    } catch (error) {
      end(one, 'void', { reason: 'it could not be written down' })
      throw error
    }
    if (one.review.state !== 'pending') return one
    one.open = true
    notify(one.review, 'held')
    publish(one)
    return one
  }

  function openReview(one: Live): OpenReview {
    const { id, expiresAt } = one.review
    const stillApproved = () => !one.used && isStillApproved(one.review, people)
    return {
      id,
      expiresAt,
      asked: groupsAsked(one.review),
      outcome: one.outcome,
      withdraw: (reason) => { if (!one.used) end(one, one.review.state === 'approved' ? 'void' : 'withdrawn', { reason }) },
      void: (reason) => { if (!one.used) end(one, 'void', { reason }) },
      stillApproved,
      use() {
        if (!stillApproved()) return undefined
        one.used = true
        live.delete(id)
        return approversOf(one.review)
      }
    }
  }

  /** Of what the log does not know: as if it had never been. */
  function forget(one: Live): void {
    if (live.delete(one.review.id) && one.review.state === 'pending') heldBytes -= one.bytes
  }

  /** Where it has ended already, nothing. */
  function end(one: Live, next: EndState, facts: { reason?: string, by?: Actor }): void {
    const { review } = one
    if (review.state !== 'pending' && !(review.state === 'approved' && next === 'void')) return
    change(one, ended(review, next, { at: now(), ...facts }))
  }

  /** The one place where a live review becomes another. */
  function change(one: Live, review: Review): void {
    if (review === one.review) return
    const was = one.review.state
    one.review = review
    if (review.state !== was) {
      audit.note(endEntry(review))
      if (was === 'pending') {
        heldBytes -= one.bytes
        one.held = { statements: [], earlier: [], ...(one.held.context === undefined ? {} : { context: one.held.context }) }
        one.settle({
          state: review.state as EndState,
          ...(review.endedBy === undefined ? {} : { by: review.endedBy }),
          ...(review.endReason === undefined ? {} : { reason: review.endReason })
        })
      }
      if (review.state === 'approved' && review.kind === 'access') windows.set(review.binding, review)
      if (review.state !== 'approved' || review.kind === 'access') live.delete(review.id)
      if (review.state === 'approved' && review.votes.at(-1)?.breakGlass === true) notify(review, 'broken')
    }
    if (one.written) void store.put(review).catch(() => {})
    if (one.open) publish(one)
  }

  /** Ends a window before its time; sessions opened in it end with it. */
  function shut(review: Review, facts: { reason: string, by?: Actor }): void {
    windows.delete(review.binding)
    const next = ended(review, 'void', { at: now(), ...facts })
    audit.note(endEntry(next))
    void store.put(next).catch(() => {})
    publish({ review: next })
  }

  /** Of a gateway that was stopped or killed while it waited: whoever could release it is gone. */
  function abandon(review: Review): void {
    const next = ended(review, 'void', { at: now(), reason: 'the gateway was restarted' })
    audit.note(endEntry(next))
    state.reviews.put(next)
  }

  function sweep(): void {
    for (const one of [...live.values()]) {
      expireIfDue(one)
      if (now() >= one.requester.loginEndsAt) leave(one, 'the login of whoever asked has ended')
      const { state: its, endedAt } = one.review
      if (its === 'approved' && now() - endedAt! >= releaseMilliseconds) end(one, 'void', { reason: 'it was approved, and not used in time' })
    }
    for (const [binding, review] of windows) if (now() >= review.windowEndsAt!) windows.delete(binding)
  }

  function expireIfDue(one: Live): void {
    if (one.review.state === 'pending' && now() >= one.review.expiresAt) end(one, 'expired', { reason: 'nobody decided in time' })
  }

  function leave(one: Live, reason: string): void {
    end(one, one.review.state === 'approved' ? 'void' : 'withdrawn', { reason })
  }

  function revoke(revocation: { issuer: string, subject: string, login?: Id }): void {
    const disabled = revocation.login === undefined
    for (const one of [...live.values()]) {
      if (revocation.login === one.requester.login) leave(one, 'the login of whoever asked has ended')
      if (!disabled) continue
      if (isOf(one.review, revocation)) leave(one, 'whoever asked was disabled')
      else change(one, struck(one.review, revocation))
    }
    if (!disabled) return
    for (const review of [...windows.values()]) if (isOf(review, revocation)) shut(review, { reason: 'whoever asked was disabled' })
  }

  function refuseIfTooMany(who: Principal, bytes: number): void {
    const waiting = pendingOnes()
    const refuse = (message: string) => new GatewayError('limit_exceeded', message, { hint: 'hoop reviews lists what waits' })
    const mine = waiting.filter(({ review: { requester } }) => requester.issuer === who.issuer && requester.subject === who.subject).length
    if (mine >= limits.pendingPerPrincipal) throw refuse(`${mine} reviews you asked for are waiting, the most this gateway allows`)
    if (waiting.length >= limits.pending) throw refuse(`${waiting.length} reviews are waiting, the most this gateway allows`)
    if (heldBytes + bytes > limits.heldBytes) throw refuse('what waits for review is larger than this gateway allows')
  }

  function pendingOnes(): Live[] {
    return [...live.values()].filter(({ review }) => review.state === 'pending')
  }

  function opened(id: Id): Live | undefined {
    const one = live.get(id)
    return one?.open === true ? one : undefined
  }

  function recorded(id: Id): Review | undefined {
    store.flush()
    const review = state.reviews.get(id)
    return review === undefined || live.has(id) ? undefined : review
  }

  /** @throws GatewayError not_found, where it cannot be seen either; conflict where it is over */
  function visible(id: Id, by: Principal): Live {
    const one = opened(id)
    const review = one?.review ?? recorded(id)
    if (review === undefined || !maySee(review, by, people)) {
      throw new GatewayError('not_found', 'there is no such review', { hint: 'hoop reviews lists those you may see' })
    }
    if (one === undefined || one.review.state !== 'pending') {
      // Says how it ended.
      ended(review, 'rejected', { at: now() })
    }
    return one!
  }

  function inTurn<T>(id: Id, by: Principal, work: (one: Live) => Promise<T>): Promise<T> {
    const one = opened(id)
    if (one === undefined) return Promise.resolve().then(() => work(visible(id, by)))
    const result = one.turn.then(() => {
      expireIfDue(one)
      return work(visible(id, by))
    })
    one.turn = result.catch(() => {})
    return result
  }

  function noteSeen(one: Live, principal: Principal): void {
    const key = `${principal.issuer}\n${principal.subject}`
    if (isOf(one.review, principal) || one.seenBy.has(key) || !mayDecide(one.review, principal, people)) return
    one.seenBy.add(key)
    audit.note({ kind: 'review.seen', review: one.review.id, actor: actorOf(principal) })
  }

  function maySubscribe({ issuer, subject }: Principal): void {
    const mine = [...listeners].filter(({ viewer }) => viewer.issuer === issuer && viewer.subject === subject).length
    if (mine >= maxListenersPerPrincipal) throw new GatewayError('limit_exceeded', `${mine} of your command lines watch reviews already`)
  }

  function publish({ review }: { readonly review: Review }): void {
    for (const entry of [...listeners]) tell(entry, review)
  }

  function tell({ viewer, listener }: { viewer: Principal, listener: (event: ReviewEvent) => void }, review: Review): void {
    if (!maySee(review, viewer, people)) return
    try {
      listener({ type: 'review', review: summaryFor(review, viewer, people) })
    } catch (error) {
      // One listener's bug must not keep another's review from ending.
      onBug(asGatewayError(error), { review: review.id })
    }
  }

  /** A person's, as of now; what acts for somebody decides nothing. */
  function groupsOf({ issuer, subject, kind }: Principal): readonly string[] {
    return kind === 'human' ? people(issuer, subject)?.groups ?? [] : []
  }

  function isOpen(review: Review): boolean {
    return review.windowEndsAt! > now()
  }
}

function liveOf(review: Review, requester: Requester, held: Held, bytes: number): Live {
  let settle: (verdict: ReviewVerdict) => void = () => {}
  const outcome = new Promise<ReviewVerdict>((resolve) => { settle = resolve })
  const flags = { written: false, open: false, used: false }
  return { review, held, requester, bytes, ...flags, seenBy: new Set(), outcome, settle, turn: Promise.resolve() }
}

/** Of exact texts and parameters. */
function sizeOf(statements: readonly HeldStatement[]): number {
  const parametersOf = ({ parameters }: HeldStatement) => parameters.reduce((sum, one) => sum + (one?.length ?? 0), 0)
  return statements.reduce((sum, statement) => sum + statement.length + parametersOf(statement), 0)
}

function voteEntry({ id, votes }: Review): EntryFacts {
  const { by, approve, reason, breakGlass } = votes.at(-1)!
  return {
    kind: 'review.vote',
    review: id,
    actor: by,
    approve,
    ...(reason === undefined ? {} : { reason }),
    ...(breakGlass ? { breakGlass } : {})
  }
}

function endEntry({ id, state, endedBy, endReason }: Review): EntryFacts {
  return {
    kind: 'review.end',
    review: id,
    state: state as EndState,
    ...(endedBy === undefined ? {} : { actor: endedBy }),
    ...(endReason === undefined ? {} : { reason: endReason })
  }
}
