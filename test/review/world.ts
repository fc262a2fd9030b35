// Open reviews on a real state file, with a clock the test turns, an audit log it can hold up, and people it can disable.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReviews, type ReviewParts, type ReviewRequest, type Reviews } from '../../server/review/reviews.ts'
import { openState, type State } from '../../server/state/state.ts'
import type { HeldStatement } from '../../shared/api.ts'
import type { EntryFacts, StatementFacts } from '../../shared/audit/entry.ts'
import type { GatewayError } from '../../shared/errors.ts'
import type { Principal } from '../../shared/model.ts'
import { binding, Directory, human, review, start, terms } from './sample.ts'

type Revocation = Parameters<Parameters<ReviewParts['identity']['onRevoked']>[0]>[0]

export const ann = human('ann', ['engineers'])
export const dora = human('dora', ['dba'])
export const don = human('don', ['dba'])
export const root = human('root', ['admins'])
export const login = 'l'.repeat(26)

export class World {
  now = start
  readonly written: EntryFacts[] = []
  readonly notified: string[] = []
  readonly bugs: GatewayError[] = []
  readonly people = new Directory(ann, dora, don, root)
  readonly #revoked = new Set<(revocation: Revocation) => void>()
  #gate: Promise<void> = Promise.resolve()
  reviews!: Reviews
  state!: State

  private constructor(readonly folder: string, readonly limits: ReviewParts['limits']) {}

  static async start(limits: Partial<ReviewParts['limits']> = {}): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'hoop-reviews-'))
    const world = new World(folder, { pendingPerPrincipal: 10, pending: 100, heldBytes: 2 ** 20, ...limits })
    await world.open()
    return world
  }

  async open(): Promise<void> {
    this.state = await openState({ path: join(this.folder, 'state.db') })
    this.reviews = createReviews({
      state: this.state,
      audit: {
        append: async (facts) => {
          await this.#gate
          return facts.map((one) => this.written.push(one) - 1)
        },
        note: (facts) => { this.written.push(facts) }
      },
      identity: {
        person: this.people.find,
        onRevoked: (listener) => {
          this.#revoked.add(listener)
          return () => { this.#revoked.delete(listener) }
        }
      },
      now: () => this.now,
      randomBytes,
      notify: ({ id }, event) => { this.notified.push(`${event} ${id}`) },
      limits: this.limits,
      onBug: (error) => { this.bugs.push(error) }
    })
  }

  /** As a killed gateway that is started again: nothing is said to those who wait. */
  async killAndRestart(): Promise<void> {
    this.#revoked.clear()
    this.state.close()
    await this.open()
  }

  stop(): void {
    this.reviews.close()
    this.state.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  turn(milliseconds: number): void {
    this.now += milliseconds
    this.reviews.sweep()
  }

  disable(person: Principal): void {
    this.people.set(person, { disabled: true })
    this.revoke({ issuer: person.issuer, subject: person.subject })
  }

  revoke(revocation: Revocation): void {
    for (const listener of this.#revoked) listener(revocation)
  }

  /** Appends wait until the returned function is called; notes do not. */
  holdWriting(): () => void {
    let release = () => {}
    this.#gate = new Promise((resolve) => { release = resolve })
    return release
  }

  failWriting(error: Error): void {
    this.#gate = Promise.reject(error)
    this.#gate.catch(() => {})
  }

  hold(more: Partial<ReviewRequest> = {}) {
    return this.reviews.hold(request(more))
  }

  ofKind<K extends EntryFacts['kind']>(kind: K): Extract<EntryFacts, { kind: K }>[] {
    return this.written.filter((one): one is Extract<EntryFacts, { kind: K }> => one.kind === kind)
  }
}

export function request(more: Partial<ReviewRequest> = {}): ReviewRequest {
  return {
    requester: { principal: ann, login, loginEndsAt: start + 12 * 3600_000 },
    target: review().target,
    session: 's'.repeat(26),
    connection: 1,
    rule: 'writes need the DBAs',
    terms: terms(),
    policy: 'p'.repeat(64),
    binding,
    statements: [held('DELETE FROM visits WHERE ssn = \'078-05-1120\'', ['4111-1111'])],
    facts: [factsOf('DELETE FROM visits WHERE ssn = $1')],
    ...more
  }
}

export function held(text: string, parameters: readonly (string | null)[] = []): HeldStatement {
  return { text, parameters, sha256: 'c'.repeat(64), length: Buffer.byteLength(text), verb: 'DELETE', effects: ['write'], relations: ['visits'], flags: [] }
}

export function factsOf(redacted: string, relations: readonly string[] = ['visits']): StatementFacts {
  return { step: 'execute', verb: 'DELETE', redacted, sha256: 'c'.repeat(64), length: 10, parameters: 1, effects: ['write'], relations, flags: [] }
}

export const failure = (promise: Promise<unknown>): Promise<GatewayError> =>
  promise.then(() => { throw new Error('resolved') }, (error: unknown) => error as GatewayError)
