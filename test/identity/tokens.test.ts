// The gateway's own tokens: what they open, how long, how they are renewed, and everything that ends them.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Verified } from '../../server/identity/identity.ts'
import { GatewayError } from '../../shared/errors.ts'
import { codeOf, day, hour, minute, source, World } from './world.ts'

let world: World
beforeEach(async () => { world = await World.start() })
afterEach(() => world.stop())

const verify = (token: string) => world.identity.verify(token)
const refresh = async (refreshToken: string) => world.exchange({ grant: 'refresh', refreshToken }) as Promise<{ accessToken: string, refreshToken: string, expiresInSeconds: number }>

describe('an access token', () => {
  test.each([
    '',
    ' ',
    'Bearer',
    'hoop_at_',
    `hoop_at_${'A'.repeat(43)}`,
    `hoop_st_${'A'.repeat(43)}`,
    `hoop_rt_${'A'.repeat(43)}`,
    `hoop_at_${'A'.repeat(44)}`,
    `hoop_at_${'A'.repeat(42)}\n`,
    'x'.repeat(1_000_000),
    'hoop_at_\' OR 1=1 --'
  ])('that does not exist is refused: %#', (token) => {
    expect(codeOf(() => verify(token))).toBe('unauthenticated')
  })

  test('shows who logged in, for ten minutes', async () => {
    const { accessToken, expiresInSeconds } = await world.logIn()
    expect(accessToken).toMatch(/^hoop_at_[A-Za-z0-9_-]{43}$/)
    expect(expiresInSeconds).toBe(600)
    const who = verify(accessToken)
    expect(who).toEqual({
      principal: { issuer: world.issuer.origin, subject: 'alice', email: 'alice@example.com', groups: ['dev'], kind: 'human' },
      login: expect.stringMatching(/^[a-z0-9]{26}$/) as string,
      loginEndsAt: world.now + 12 * hour,
      expiresAt: world.now + 10 * minute,
      admin: false,
      auditor: false
    })
    world.now += 10 * minute - 1
    expect(verify(accessToken)).toEqual(who)
    world.now += 1
    expect(codeOf(() => verify(accessToken))).toBe('unauthenticated')
  })

  test('is not taken with one character more, less or other', async () => {
    const { accessToken } = await world.logIn()
    verify(accessToken)
    const last = accessToken.at(-1) === 'A' ? 'B' : 'A'
    for (const other of [`${accessToken}A`, accessToken.slice(0, -1), accessToken.slice(0, -1) + last, accessToken.replace('_at_', '_st_'), accessToken.toUpperCase()]) {
      expect(codeOf(() => verify(other))).toBe('unauthenticated')
    }
  })

  test('and every other secret is in no file', async () => {
    const { accessToken, refreshToken } = await world.logIn()
    const { secret } = world.identity.createServiceToken(verify(accessToken), { name: 'ci', targets: ['t'], expiresInDays: 1, kind: 'service' })
    const bytes = Buffer.concat(readdirSync(world.folder).map((file) => readFileSync(join(world.folder, file))))
    expect(bytes.includes('alice@example.com')).toBe(true)
    for (const token of [accessToken, refreshToken, secret]) {
      expect(bytes.includes(token)).toBe(false)
      expect(bytes.includes(token.slice(8))).toBe(false)
      expect(bytes.includes(Buffer.from(token.slice(8), 'base64url'))).toBe(false)
      expect(JSON.stringify(world.notes)).not.toContain(token.slice(8))
    }
  })

  test('lives on through a restart of the gateway', async () => {
    const { accessToken } = await world.logIn()
    await world.restart()
    expect(verify(accessToken).principal.subject).toBe('alice')
  })
})

describe('a refresh token', () => {
  test('gives new tokens; the old access token lives out its ten minutes', async () => {
    const first = await world.logIn()
    world.now += 5 * minute
    const second = await refresh(first.refreshToken)
    expect(second.refreshToken).not.toBe(first.refreshToken)
    expect(verify(second.accessToken).login).toBe(verify(first.accessToken).login)
    world.now += 5 * minute
    expect(codeOf(() => verify(first.accessToken))).toBe('unauthenticated')
    expect(verify(second.accessToken).expiresAt).toBe(world.now + 5 * minute)
    expect(world.notes.at(-1)).toMatchObject({ kind: 'token', action: 'refresh', token: verify(second.accessToken).login, actor: { subject: 'alice' } })
  })

  test('does not make a login longer than it was to be', async () => {
    const { refreshToken } = await world.logIn()
    world.now += 12 * hour - 4 * minute
    const last = await refresh(refreshToken)
    expect(last.expiresInSeconds).toBe(240)
    world.now += 4 * minute
    expect(codeOf(() => verify(last.accessToken))).toBe('unauthenticated')
    expect(await world.refusal({ grant: 'refresh', refreshToken: last.refreshToken })).toBe('its login has ended')
  })

  test('that is used twice ends the whole login at once, and is written down', async () => {
    const first = await world.logIn()
    const other = await world.logIn()
    const second = await refresh(first.refreshToken)
    const third = await refresh(second.refreshToken)
    const { login } = verify(third.accessToken)
    expect(await world.refusal({ grant: 'refresh', refreshToken: first.refreshToken })).toBe('a used refresh token was presented again')

    expect(world.notes).toContainEqual(expect.objectContaining({ kind: 'token', action: 'reuse', token: login, actor: expect.objectContaining({ subject: 'alice' }) as object }))
    expect(world.revocations).toEqual([{ issuer: world.issuer.origin, subject: 'alice', login, reason: expect.stringContaining('used twice') as string }])
    for (const { accessToken } of [first, second, third]) expect(codeOf(() => verify(accessToken))).toBe('unauthenticated')
    expect(await world.refusal({ grant: 'refresh', refreshToken: third.refreshToken })).toBe('its login has ended')
    // The person's other login is another family.
    expect(verify(other.accessToken).principal.subject).toBe('alice')
    await refresh(other.refreshToken)
  })

  test('that is used twice at the same moment gives one answer', async () => {
    const { refreshToken } = await world.logIn()
    const results = await Promise.allSettled([refresh(refreshToken), refresh(refreshToken), refresh(refreshToken)])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(world.revocations).toHaveLength(1)
  })

  test('that was used is known as such after a restart', async () => {
    const { refreshToken } = await world.logIn()
    await refresh(refreshToken)
    await world.restart()
    expect(await world.refusal({ grant: 'refresh', refreshToken })).toBe('a used refresh token was presented again')
  })

  test('whose successor could not be written is still good: a full disk is no theft', async () => {
    const { refreshToken } = await world.logIn()
    const { addRefreshToken } = world.state.logins
    Object.assign(world.state.logins, { addRefreshToken: () => { throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' }) } })
    await expect(refresh(refreshToken)).rejects.toThrow('full')
    Object.assign(world.state.logins, { addRefreshToken })
    expect(verify((await refresh(refreshToken)).accessToken).principal.subject).toBe('alice')
    expect(world.revocations).toEqual([])
  })

  test('is no access token, and an access token is no refresh token', async () => {
    const { accessToken, refreshToken } = await world.logIn()
    expect(codeOf(() => verify(refreshToken))).toBe('unauthenticated')
    expect(await world.refusal({ grant: 'refresh', refreshToken: accessToken })).toBe('no such refresh token')
    await refresh(refreshToken)
  })
})

describe('logging out', () => {
  test('ends this login, tells who listens, and leaves the others', async () => {
    const [first, other] = [await world.logIn(), await world.logIn()]
    const who = verify(first.accessToken)
    world.identity.endLogin(who)
    expect(codeOf(() => verify(first.accessToken))).toBe('unauthenticated')
    expect(codeOf(() => world.identity.recheck(who))).toBe('unauthenticated')
    expect(await world.refusal({ grant: 'refresh', refreshToken: first.refreshToken })).toBe('its login has ended')
    expect(world.revocations).toEqual([{ issuer: world.issuer.origin, subject: 'alice', login: who.login, reason: 'its owner logged out' }])
    expect(world.notes.filter((note) => note.kind === 'token')).toMatchObject([{ action: 'revoke', token: who.login }])
    world.identity.endLogin(who)
    expect(world.revocations).toHaveLength(1)
    verify(other.accessToken)
  })
})

describe('groups', () => {
  test('are those of the latest login, in every login and service token of the person', async () => {
    const admin = await world.logIn('root', ['hoop-admins', 'dev'])
    const who = verify(admin.accessToken)
    expect(who.admin).toBe(true)
    const { secret } = world.identity.createServiceToken(who, { name: 'ci', targets: ['t'], expiresInDays: 1, kind: 'service' })
    expect(verify(secret).principal.groups).toEqual(['hoop-admins', 'dev'])
    await world.logIn('root', ['dev'])
    expect(verify(admin.accessToken)).toMatchObject({ admin: false, principal: { groups: ['dev'] } })
    expect(verify(secret).principal.groups).toEqual(['dev'])
  })

  test('make an auditor, who is no admin, for as long as the person has them; a service token never is one', async () => {
    const auditor = await world.logIn('ines', ['hoop-auditors'])
    const who = verify(auditor.accessToken)
    expect(who).toMatchObject({ auditor: true, admin: false })
    const { secret } = world.identity.createServiceToken(who, { name: 'report', targets: ['t'], expiresInDays: 1, kind: 'service' })
    expect(verify(secret).auditor).toBe(false)
    await world.logIn('ines', ['dev'])
    expect(verify(auditor.accessToken).auditor).toBe(false)
  })

  test('of one person are not another\'s who has the same subject elsewhere, or the same e-mail address', async () => {
    await world.logIn('root', ['hoop-admins'])
    const impostor = await world.exchange({ grant: 'id_token', idToken: await world.idToken({ sub: 'someone', email: 'root@example.com', groups: [] }) })
    expect(verify(impostor.accessToken).admin).toBe(false)
    expect(world.state.users.list()).toHaveLength(2)
  })
})

describe('disabling a person', () => {
  async function everything(): Promise<{ root: Verified, alices: { tokens: string[], refreshTokens: string[], verified: Verified[] } }> {
    const root = await world.verified('root', ['hoop-admins'])
    const logins = [await world.logIn(), await world.logIn()]
    const secrets = (['service', 'agent'] as const).map((kind) =>
      world.identity.createServiceToken(verify(logins[0]!.accessToken), { name: kind, targets: ['t'], expiresInDays: 90, kind }).secret)
    const tokens = [...logins.map((login) => login.accessToken), ...secrets]
    return { root, alices: { tokens, refreshTokens: logins.map((login) => login.refreshToken), verified: tokens.map(verify) } }
  }

  test('ends their logins, tokens and service tokens within the call, and tells who listens', async () => {
    const bob = await world.logIn('bob')
    const { root, alices } = await everything()
    let seen: string[] | undefined
    world.identity.onRevoked(() => { seen = alices.tokens.map((token) => codeOf(() => verify(token))) })
    world.identity.disableUser(root, world.user('alice'))

    expect(seen).toEqual(['unauthenticated', 'unauthenticated', 'unauthenticated', 'unauthenticated'])
    expect(world.revocations).toEqual([{ issuer: world.issuer.origin, subject: 'alice', reason: expect.any(String) as string }])
    for (const who of alices.verified) expect(codeOf(() => world.identity.recheck(who))).toBe('unauthenticated')
    for (const refreshToken of alices.refreshTokens) expect(await world.refusal({ grant: 'refresh', refreshToken })).toBe('its login has ended')
    expect(await world.refusal({ grant: 'id_token', idToken: await world.idToken() })).toBe('the person is disabled')
    expect(world.notes.at(-1)).toMatchObject({ actor: { subject: 'alice' } })
    expect(world.notes).toContainEqual(expect.objectContaining({ kind: 'revocation', action: 'disable', subject: { issuer: world.issuer.origin, subject: 'alice' }, actor: expect.objectContaining({ subject: 'root' }) as object }))
    expect(verify(bob.accessToken).principal.subject).toBe('bob')
  })

  test('holds through a restart; enabling lets them log in again and brings nothing back', async () => {
    const { root, alices } = await everything()
    world.identity.disableUser(root, world.user('alice'))
    await world.restart()
    for (const token of alices.tokens) expect(codeOf(() => verify(token))).toBe('unauthenticated')
    world.identity.enableUser(root, world.user('alice'))
    for (const token of alices.tokens) expect(codeOf(() => verify(token))).toBe('unauthenticated')
    expect((await world.verified('alice')).principal.subject).toBe('alice')
    expect(world.notes.filter((note) => note.kind === 'revocation').map((note) => note.action)).toEqual(['disable', 'enable'])
  })

  test('wins over a login that is under way', async () => {
    const { root } = await everything()
    const idToken = await world.idToken()
    const login = world.exchange({ grant: 'id_token', idToken })
    world.identity.disableUser(root, world.user('alice'))
    await expect(login).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('is refused for oneself, so that one admin is always left; for a stranger; and for people who are no admins', async () => {
    const { root, alices } = await everything()
    expect(codeOf(() => world.identity.disableUser(root, world.user('root')))).toBe('conflict')
    expect(codeOf(() => world.identity.disableUser(root, '0'.repeat(26)))).toBe('not_found')
    for (const who of alices.verified) {
      for (const call of [
        () => world.identity.users(who),
        () => world.identity.disableUser(who, world.user('root')),
        () => world.identity.enableUser(who, world.user('root')),
        () => world.identity.disableUser(who, '0'.repeat(26))
      ]) expect(codeOf(call)).toBe('forbidden')
    }
    expect(world.revocations).toEqual([])
  })

  test('by an admin who was disabled meanwhile, with a request that is still on its way, is refused', async () => {
    const [root, second] = [await world.verified('root', ['hoop-admins']), await world.verified('second', ['hoop-admins'])]
    world.identity.disableUser(root, world.user('second'))
    expect(codeOf(() => world.identity.disableUser(second, world.user('root')))).toBe('unauthenticated')
    expect(codeOf(() => world.identity.createServiceToken(second, { name: 'x', targets: ['t'], expiresInDays: 1, kind: 'service' }))).toBe('unauthenticated')
  })

  test('tells every listener though one of them fails, and says that it did', async () => {
    const { root } = await everything()
    const told: string[] = []
    world.identity.onRevoked(() => { throw new Error('a bug') })
    const stop = world.identity.onRevoked(() => { told.push('stopped') })
    world.identity.onRevoked(({ subject }) => { told.push(subject) })
    stop()
    expect(() => world.identity.disableUser(root, world.user('alice'))).toThrow(AggregateError)
    expect(told).toEqual(['alice'])
  })

  test('that cannot be written ends what runs, and says that it cannot be remembered', async () => {
    const { root } = await everything()
    const told: string[] = []
    world.identity.onRevoked(({ subject }) => { told.push(subject) })
    Object.assign(world.state, { transaction: () => { throw new GatewayError('state_unavailable', 'the gateway\'s state file cannot be written') } })
    expect(codeOf(() => world.identity.disableUser(root, world.user('alice')))).toBe('state_unavailable')
    expect(told).toEqual(['alice'])
    expect(world.notes.filter(({ kind }) => kind === 'revocation')).toEqual([])
  })

  test('shows in the list of people', async () => {
    const { root } = await everything()
    world.identity.disableUser(root, world.user('alice'))
    expect(world.identity.users(root)).toEqual([
      {
        id: world.user('alice'),
        issuer: world.issuer.origin,
        subject: 'alice',
        email: 'alice@example.com',
        groups: ['dev'],
        lastLoginAt: '2026-01-01T12:00:00.000Z',
        disabledAt: '2026-01-01T12:00:00.000Z'
      },
      {
        id: world.user('root'),
        issuer: world.issuer.origin,
        subject: 'root',
        email: 'root@example.com',
        groups: ['hoop-admins'],
        lastLoginAt: '2026-01-01T12:00:00.000Z'
      }
    ])
  })
})

describe('a service token', () => {
  const request = { name: 'nightly migration', targets: ['prod-db', 'staging'], expiresInDays: 30, kind: 'service' } as const

  test('acts for its owner on its targets, until it expires', async () => {
    const owner = await world.verified('alice', ['dev'])
    const created = world.identity.createServiceToken(owner, request)
    expect(created.secret).toMatch(/^hoop_st_[A-Za-z0-9_-]{43}$/)
    expect(verify(created.secret)).toEqual({
      principal: {
        issuer: 'urn:hoop:service-tokens',
        subject: `service:${created.id}`,
        name: 'nightly migration',
        groups: ['dev'],
        kind: 'service',
        onBehalfOf: { issuer: world.issuer.origin, subject: 'alice', email: 'alice@example.com' }
      },
      login: created.id,
      loginEndsAt: world.now + 30 * day,
      expiresAt: world.now + 30 * day,
      admin: false,
      auditor: false,
      targets: ['prod-db', 'staging']
    })
    expect(world.notes.at(-1)).toMatchObject({ kind: 'token', action: 'create', token: created.id, subject: `service:${created.id}` })
    // Its owner's login is long over by then.
    world.now += 30 * day - 1
    expect(verify(created.secret).principal.kind).toBe('service')
    world.now += 1
    expect(codeOf(() => verify(created.secret))).toBe('unauthenticated')
  })

  test.each([
    [{ expiresInDays: 0 }],
    [{ expiresInDays: 91 }],
    [{ expiresInDays: 1.5 }],
    [{ expiresInDays: Number.NaN }],
    [{ expiresInDays: -1 }],
    [{ targets: [] }],
    [{ targets: [''] }],
    [{ targets: Array.from({ length: 101 }, (_, n) => `t${n}`) }],
    [{ name: '' }],
    [{ name: ' x' }],
    [{ name: 'a\nb' }],
    [{ name: '\u202Ex' }],
    [{ name: 'x'.repeat(101) }],
    [{ kind: 'human' as 'service' }]
  ])('is not made with %j', async (wrong) => {
    const owner = await world.verified()
    expect(codeOf(() => world.identity.createServiceToken(owner, { ...request, ...wrong }))).toBe('bad_request')
    expect(world.identity.serviceTokens(owner)).toEqual([])
  })

  test('is made by people only: not by service tokens and agents, and is no admin though its owner is', async () => {
    const owner = await world.verified('root', ['hoop-admins'])
    for (const kind of ['service', 'agent'] as const) {
      const who = verify(world.identity.createServiceToken(owner, { ...request, kind }).secret)
      expect(who).toMatchObject({ admin: false, principal: { kind } })
      expect(codeOf(() => world.identity.createServiceToken(who, request))).toBe('forbidden')
      expect(codeOf(() => world.identity.users(who))).toBe('forbidden')
      expect(codeOf(() => world.identity.endLogin(who))).toBe('bad_request')
      expect(world.identity.serviceTokens(who)).toEqual([])
      expect(codeOf(() => world.identity.revokeServiceToken(who, who.login))).toBe('not_found')
      verify(world.identity.createServiceToken(owner, request).secret)
    }
  })

  test('is seen and revoked by its owner and by admins, and does not exist for anybody else', async () => {
    const [alice, bob, root] = [await world.verified('alice'), await world.verified('bob'), await world.verified('root', ['hoop-admins'])]
    const { secret, ...shown } = world.identity.createServiceToken(alice, request)
    expect(world.identity.serviceTokens(alice)).toEqual([shown])
    expect(JSON.stringify(shown)).not.toContain(secret)
    expect(world.identity.serviceTokens(bob)).toEqual([])
    expect(world.identity.serviceTokens(root)).toEqual([shown])
    expect(codeOf(() => world.identity.revokeServiceToken(bob, shown.id))).toBe('not_found')
    expect(codeOf(() => world.identity.revokeServiceToken(alice, '0'.repeat(26)))).toBe('not_found')
    const who = verify(secret)

    world.identity.revokeServiceToken(root, shown.id)
    expect(codeOf(() => verify(secret))).toBe('unauthenticated')
    expect(codeOf(() => world.identity.recheck(who))).toBe('unauthenticated')
    expect(world.revocations).toEqual([{ issuer: 'urn:hoop:service-tokens', subject: `service:${shown.id}`, login: shown.id, reason: 'the service token was revoked' }])
    expect(world.notes.at(-1)).toMatchObject({ kind: 'token', action: 'revoke', token: shown.id, actor: { subject: 'root' } })
    expect(world.identity.serviceTokens(alice)[0]).toMatchObject({ revokedAt: '2026-01-01T12:00:00.000Z' })
    world.identity.revokeServiceToken(alice, shown.id)
    expect(world.revocations).toHaveLength(1)
  })

  test('goes with its owner\'s row', async () => {
    const { secret } = world.identity.createServiceToken(await world.verified('alice'), request)
    world.state.close()
    const { openDatabase } = await import('../../server/state/database.ts')
    const { migrations } = await import('../../server/state/schema.ts')
    const database = openDatabase(join(world.folder, 'state.db'), migrations)
    database.run('DELETE FROM users WHERE subject = ?', 'alice')
    expect(database.rows('SELECT * FROM service_tokens')).toEqual([])
    database.close()
    await world.open()
    expect(codeOf(() => verify(secret))).toBe('unauthenticated')
  })

  test('shows when it was last used, at the cost of one write a minute', async () => {
    const owner = await world.verified()
    const { secret, id } = world.identity.createServiceToken(owner, request)
    const writes: number[] = []
    const { used } = world.state.serviceTokens
    Object.assign(world.state.serviceTokens, { used: (token: string, at: number) => { writes.push(at); used(token, at) } })
    expect(world.identity.serviceTokens(owner)[0]).not.toHaveProperty('lastUsedAt')
    const start = world.now
    for (let passed = 0; passed <= 130_000; passed += 1_000) {
      world.now = start + passed
      verify(secret)
    }
    expect(writes).toEqual([start, start + 60_000, start + 120_000])
    world.now = start
    expect(world.identity.serviceTokens(owner)[0]).toMatchObject({ id, lastUsedAt: '2026-01-01T12:02:10.000Z' })
  })

  test('is one of at most a hundred of a person', async () => {
    const owner = await world.verified()
    for (let n = 0; n < 100; n++) world.identity.createServiceToken(owner, request)
    expect(codeOf(() => world.identity.createServiceToken(owner, request))).toBe('limit_exceeded')
    world.identity.revokeServiceToken(owner, world.identity.serviceTokens(owner)[0]!.id)
    world.identity.createServiceToken(owner, request)
  })
})

test('what can no longer matter is forgotten', async () => {
  await world.logIn()
  world.now += 13 * hour
  await world.logIn('bob')
  const { openDatabase } = await import('../../server/state/database.ts')
  const { migrations } = await import('../../server/state/schema.ts')
  world.state.close()
  const database = openDatabase(join(world.folder, 'state.db'), migrations)
  for (const table of ['logins', 'access_tokens', 'refresh_tokens', 'presented_tokens']) {
    expect([table, database.row(`SELECT count(*) AS n FROM ${table}`)]).toEqual([table, { n: 1 }])
  }
  expect(database.row('SELECT count(*) AS n FROM users')).toEqual({ n: 2 })
  database.close()
  await world.open()
})

test('an unknown grant is a bad request, and is written down', async () => {
  await expect(world.exchange({ grant: 'password' } as never)).rejects.toMatchObject({ code: 'bad_request' })
  expect(world.notes).toMatchObject([{ kind: 'login', accepted: false, method: 'password', source }])
})
