// CI jobs: a platform's token counts only with the issuer, audience and claims that are pinned, and only while its owner may.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Workload } from '../../server/identity/workloads.ts'
import { openIdentity } from '../../server/identity/identity.ts'
import { sign, signingKey, TestIssuer, type SigningKey } from './issuer.ts'
import { codeOf, hour, minute, source, World } from './world.ts'

let platform: TestIssuer
let key: SigningKey
let world: World

beforeEach(async () => {
  key = await signingKey('ES256', 'ci')
  platform = await TestIssuer.start(key)
  const common = { issuer: platform.origin, groups: ['deployers'], owner: { subject: 'alice' } }
  const workloads: Workload[] = [
    { ...common, name: 'deploy', audience: 'hoop', claims: { repository: 'example/app', ref: 'refs/heads/main' } },
    { ...common, name: 'report', groups: ['hoop-admins'], audience: 'hoop-reports', claims: { repository: 'example/app', ref_protected: 'true' } },
    { ...common, name: 'orphan', audience: 'hoop', claims: { repository: 'example/orphan' }, owner: { subject: 'nobody' } },
    {
      ...common,
      name: 'elsewhere',
      audience: 'hoop',
      claims: { repository: 'example/elsewhere' },
      owner: { issuer: 'https://other.example', subject: 'alice' }
    }
  ]
  world = await World.start(() => ({ workloads }))
  await world.logIn('alice', ['dev', 'hoop-admins'])
})
afterEach(async () => {
  await world.stop()
  await platform.close()
})

function token(more: Record<string, unknown> = {}, by = key): Promise<string> {
  return sign(by, {
    iss: platform.origin,
    aud: 'hoop',
    sub: 'repo:example/app:ref:refs/heads/main',
    iat: world.seconds,
    exp: world.seconds + 300,
    repository: 'example/app',
    ref: 'refs/heads/main',
    ...more
  })
}

const exchange = async (more?: Record<string, unknown>) => world.exchange({ grant: 'workload', idToken: await token(more) })

describe('refused alike, with the reason in the audit log', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['another repository', { repository: 'evil/app' }, 'its claims are those of no workload'],
    ['another branch', { ref: 'refs/heads/main2' }, 'its claims are those of no workload'],
    ['a branch in another case', { ref: 'refs/heads/MAIN' }, 'its claims are those of no workload'],
    ['no branch', { ref: undefined }, 'its claims are those of no workload'],
    ['a list that holds the branch', { ref: ['refs/heads/main'] }, 'its claims are those of no workload'],
    ['an object for the branch', { ref: { toString: 'refs/heads/main' } }, 'its claims are those of no workload'],
    ['another audience', { aud: 'sigstore' }, 'aud is not right'],
    ['one workload\'s claims for another\'s audience', { aud: 'hoop-reports' }, 'its claims are those of no workload'],
    ['both audiences', { aud: ['hoop', 'hoop-reports'] }, 'aud names others besides us'],
    ['an issuer that is not configured', { iss: 'https://token.actions.githubusercontent.com' }, 'its issuer is that of no workload'],
    ['no issuer', { iss: undefined }, 'its issuer is that of no workload'],
    ['people\'s issuer', { get iss() { return world.issuer.origin } }, 'its issuer is that of no workload'],
    ['no subject', { sub: undefined }, 'sub is missing'],
    ['no expiry', { exp: undefined }, 'exp is missing'],
    ['an expiry that has passed', { get exp() { return world.seconds - 31 } }, 'exp is too long ago'],
    ['a time of issue to come', { get iat() { return world.seconds + 60 } }, 'iat is not right'],
    ['a workload whose owner was never here', { repository: 'example/orphan' }, 'the owner of the workload orphan has never logged in'],
    ['a workload whose owner is another provider\'s person', { repository: 'example/elsewhere' }, 'the owner of the workload elsewhere has never logged in']
  ])('%s', async (_name, more, reason) => {
    expect(await world.refusal({ grant: 'workload', idToken: await token(more) })).toMatch(reason)
  })

  test('a forger\'s key, alg none, and words', async () => {
    expect(await world.refusal({ grant: 'workload', idToken: await token({}, await signingKey('ES256', 'ci')) })).toBe('its signature is wrong')
    const [, payload] = (await token()).split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(await world.refusal({ grant: 'workload', idToken: `${none}.${payload}.` })).toBe('its algorithm is not allowed')
    expect(await world.refusal({ grant: 'workload', idToken: 'words' })).toBe('not a token')
  })

  test('people\'s provider cannot vouch for a job, even with the job\'s key id', async () => {
    world.issuer.keys.push(key.publicJwk)
    expect(await world.refusal({ grant: 'workload', idToken: await token({ iss: world.issuer.origin }) })).toBe('its issuer is that of no workload')
  })

  test('a job\'s token cannot log in as a person', async () => {
    expect(await world.refusal({ grant: 'id_token', idToken: await token() })).toMatch(/no key of the provider matches it/)
  })
})

describe('accepted', () => {
  test('a job acts for its owner, with the groups of the configuration, without a refresh token and never as an admin', async () => {
    const response = await exchange()
    expect(response).not.toHaveProperty('refreshToken')
    expect(response.expiresInSeconds).toBe(600)
    const who = world.identity.verify(response.accessToken)
    expect(who).toMatchObject({ admin: false, loginEndsAt: world.now + 12 * hour, expiresAt: world.now + 10 * minute })
    expect(who.principal).toEqual({
      issuer: platform.origin,
      subject: 'repo:example/app:ref:refs/heads/main',
      name: 'deploy',
      groups: ['deployers'],
      kind: 'service',
      onBehalfOf: { issuer: world.issuer.origin, subject: 'alice', email: 'alice@example.com' },
      claims: { repository: 'example/app', ref: 'refs/heads/main' }
    })
    expect(world.notes.at(-1)).toMatchObject({ kind: 'login', accepted: true, method: 'workload', source, actor: { kind: 'service', subject: who.principal.subject } })
  })

  test('which job it was is told in every entry of its: of its claims those that say so, and nothing that is no text', async () => {
    const { principal } = await exchange({
      run_id: 4711,
      sha: 'f'.repeat(300),
      actor: 'half \ud800',
      environment: { name: 'prod' },
      job_workflow_ref: 'example/app/.github/workflows/deploy.yml@refs/heads/main',
      secret_note: 'not asked for'
    })
    expect(principal.claims).toEqual({
      repository: 'example/app',
      ref: 'refs/heads/main',
      run_id: '4711',
      sha: 'f'.repeat(200),
      job_workflow_ref: 'example/app/.github/workflows/deploy.yml@refs/heads/main'
    })
    expect(world.notes.at(-1)).toMatchObject({ kind: 'login', actor: { claims: principal.claims } })
  })

  test('a claim that is not a string is compared by what it says', async () => {
    const { principal } = await exchange({ aud: 'hoop-reports', ref: undefined, ref_protected: true })
    expect(principal.name).toBe('report')
  })

  test('a job in the admins\' group, of an owner who is an admin, is no admin', async () => {
    const who = world.identity.verify((await exchange({ aud: 'hoop-reports', ref: undefined, ref_protected: 'true' })).accessToken)
    expect(who.principal.groups).toEqual(['hoop-admins'])
    expect(who.admin).toBe(false)
    expect(codeOf(() => world.identity.users(who))).toBe('forbidden')
  })

  test('the same token again, since every step of a job presents it, until it expires', async () => {
    const idToken = await token()
    await world.exchange({ grant: 'workload', idToken })
    await world.exchange({ grant: 'workload', idToken })
    world.now += 331_000
    expect(await world.refusal({ grant: 'workload', idToken })).toBe('exp is too long ago')
  })

  test('a job dies with its owner, and is refused while its owner is disabled', async () => {
    const root = await world.verified('root', ['hoop-admins'])
    const { accessToken } = await exchange()
    const who = world.identity.verify(accessToken)
    world.identity.disableUser(root, world.user('alice'))
    expect(codeOf(() => world.identity.verify(accessToken))).toBe('unauthenticated')
    expect(codeOf(() => world.identity.recheck(who))).toBe('unauthenticated')
    const { issuer, subject } = who.principal.onBehalfOf!
    expect(world.revocations).toEqual([{ issuer, subject, reason: expect.any(String) as string }])
    expect(await world.refusal({ grant: 'workload', idToken: await token() })).toBe('the owner of the workload is disabled')
  })

  test('a job makes no service tokens', async () => {
    const who = world.identity.verify((await exchange()).accessToken)
    expect(codeOf(() => world.identity.createServiceToken(who, { name: 'x', targets: ['t'], expiresInDays: 1, kind: 'service' }))).toBe('forbidden')
  })
})

test('a workload with the issuer and audience of people\'s logins is refused when the gateway starts', async () => {
  const { issuer, clientId } = world.settings
  const workloads = [{ name: 'trap', issuer, audience: clientId, claims: { sub: 'x' }, groups: [], owner: { subject: 'alice' } }]
  await expect(openIdentity({
    settings: { ...world.settings, workloads },
    state: world.state,
    note: () => undefined,
    now: () => world.now,
    randomBytes: (n) => new Uint8Array(n)
  })).rejects.toMatchObject({ code: 'config_invalid' })
})
