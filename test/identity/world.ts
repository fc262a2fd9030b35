// Identity on a real state file, with a clock the test turns and the audit notes it wrote.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openIdentity, type Identity, type IdentitySettings, type Revocation, type Verified } from '../../server/identity/identity.ts'
import { openState, type State } from '../../server/state/state.ts'
import type { TokenRequest, TokenResponse } from '../../shared/api.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { GatewayError } from '../../shared/errors.ts'
import { sign, signingKey, TestIssuer, type SigningKey } from './issuer.ts'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour
export const source = '192.0.2.7'

export class World {
  now = Date.UTC(2026, 0, 1, 12)
  readonly notes: EntryFacts[] = []
  readonly revocations: Revocation[] = []
  #tokens = 0

  private constructor(
    readonly issuer: TestIssuer,
    readonly key: SigningKey,
    readonly settings: IdentitySettings,
    readonly folder: string,
    public state: State,
    public identity: Identity
  ) {}

  static async start(more: (issuer: TestIssuer) => Partial<IdentitySettings> = () => ({})): Promise<World> {
    const key = await signingKey('ES256', 'main')
    const issuer = await TestIssuer.start(key)
    const settings: IdentitySettings = {
      issuer: issuer.origin,
      clientId: 'hoop-cli',
      groupsClaim: 'groups',
      adminGroup: 'hoop-admins',
      auditorGroup: 'hoop-auditors',
      loginHours: 12,
      accessMinutes: 10,
      workloads: [],
      ...more(issuer)
    }
    const folder = mkdtempSync(join(tmpdir(), 'hoop-identity-'))
    const world: World = new World(issuer, key, settings, folder, undefined!, undefined!)
    await world.open()
    return world
  }

  /** As a gateway that was started again on the same file. */
  async restart(): Promise<void> {
    this.state.close()
    await this.open()
  }

  async open(): Promise<void> {
    this.state = await openState({ path: join(this.folder, 'state.db') })
    const note = (facts: EntryFacts) => { this.notes.push(facts) }
    this.identity = await openIdentity({ settings: this.settings, state: this.state, note, now: () => this.now, randomBytes })
    this.identity.onRevoked((revocation) => { this.revocations.push(revocation) })
  }

  async stop(): Promise<void> {
    this.state.close()
    await this.issuer.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get seconds(): number { return Math.floor(this.now / 1000) }

  /** The claims of a good ID token, each one different. */
  claims(more: Record<string, unknown> = {}): Record<string, unknown> {
    const { issuer: iss, clientId: aud } = this.settings
    return { iss, aud, sub: 'alice', email: 'alice@example.com', groups: ['dev'], iat: this.seconds, exp: this.seconds + 300, jti: `t${this.#tokens++}`, ...more }
  }

  idToken(more?: Record<string, unknown>): Promise<string> {
    return sign(this.key, this.claims(more))
  }

  async logIn(subject = 'alice', groups: readonly string[] = ['dev']): Promise<TokenResponse & { refreshToken: string }> {
    const idToken = await this.idToken({ sub: subject, email: `${subject}@example.com`, groups })
    const response = await this.exchange({ grant: 'id_token', idToken })
    return response as TokenResponse & { refreshToken: string }
  }

  async verified(subject?: string, groups?: readonly string[]): Promise<Verified> {
    return this.identity.verify((await this.logIn(subject, groups)).accessToken)
  }

  exchange(request: TokenRequest): Promise<TokenResponse> {
    return this.identity.exchange(request, source)
  }

  /** The refusal of a request: always the same to the caller; returns the reason in the audit note it left. */
  async refusal(request: TokenRequest): Promise<string> {
    const before = this.notes.length
    const error = await this.exchange(request).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(GatewayError)
    const { code, message, hint, cause } = error as GatewayError
    expect({ code, message, hint, cause }).toEqual({
      code: 'unauthenticated',
      message: 'the identity token was not accepted',
      hint: 'log in again with: hoop login',
      cause: undefined
    })
    const note = this.notes.slice(before).find((facts) => facts.kind === 'login')
    expect(note).toMatchObject({ kind: 'login', source, method: request.grant, accepted: false })
    return (note as { reason: string }).reason
  }

  user(subject: string): string {
    return this.state.users.find(this.settings.issuer, subject)!.id
  }
}

/** The code of what a call throws; fails when it throws nothing. */
export function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    return (error as GatewayError).code
  }
  throw new Error('nothing was thrown')
}
