// `hoop login`, `whoami` and `logout` as typed, against the real gateway and its embedded provider.
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { paths, type WhoAmI } from '../../../shared/api.ts'
import { TestBrowser } from '../../support/browser.ts'
import { TestGateway, testUsers } from '../../support/gateway.ts'
import { Kept } from '../../support/kept.ts'
import { TestPerson } from '../../support/person.ts'
import { until } from '../../support/until.ts'

const [alice, bob] = testUsers as [typeof testUsers[0], typeof testUsers[0]]

let gateway: TestGateway
let person: TestPerson
beforeAll(async () => {
  gateway = await TestGateway.start({ tls: true, targets: { db: { address: '127.0.0.1:1', credential: { user: 'u', password: 'p' } } } })
})
afterAll(async () => { await gateway.stop() })
beforeEach(async () => { person = await TestPerson.create(gateway) })
afterEach(async () => { await person.leave() })

const file = () => join(person.configDirectory, 'tokens.json')
function kept(): { accessToken: string, refreshToken: string } {
  const { logins } = JSON.parse(readFileSync(file(), 'utf8')) as { logins: Record<string, { accessToken: string, refreshToken: string }> }
  return logins[gateway.url]!
}

describe('hoop login', () => {
  test('--device, away from a terminal, keeps the login in a private file and shows no token', async () => {
    const login = person.run(['login', gateway.url, '--device'], { HOOP_GATEWAY: '' })
    const [, address, code] = await login.line(/open (\S+) on any device and enter the code\nhoop: {3}(\S+)/, { of: 'stderr' })
    await new TestBrowser(gateway.authority!.ca).confirmDevice(address!, code!, alice)
    expect(await login.exited).toBe(0)
    expect(login.stderr).toContain(`logged in to ${gateway.url} as alice@example.com (engineers)`)
    const { accessToken, refreshToken } = kept()
    for (const secret of [accessToken, refreshToken]) expect(login.stdout + login.stderr).not.toContain(secret)
    expect(statSync(file()).mode & 0o777).toBe(0o600)

    // The gateway is remembered: nothing names it any more.
    const who = await person.finish(['whoami', '--json'], { HOOP_GATEWAY: '' })
    expect(JSON.parse(who.stdout)).toMatchObject({ principal: { email: 'alice@example.com', groups: ['engineers'], kind: 'human' }, admin: false } satisfies Partial<WhoAmI> | object)
    expect((await person.finish(['whoami'])).stdout).toMatch(/who\s+alice@example\.com[\s\S]*groups\s+engineers[\s\S]*login ends\s+\S+ \(in \d+ h\)/)
  })

  test('a login that is still good is not made again; --force makes it, and ends the old one', async () => {
    await person.keep(await gateway.logInAnew('alice'))
    const before = kept()
    const again = await person.finish(['login'])
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('already logged in') as string })
    expect(kept()).toEqual(before)

    const forced = person.run(['login', '--device', '--force'])
    const [, address, code] = await forced.line(/open (\S+) on any device and enter the code\nhoop: {3}(\S+)/, { of: 'stderr' })
    await new TestBrowser(gateway.authority!.ca).confirmDevice(address!, code!, bob)
    expect(await forced.exited).toBe(0)
    expect((await gateway.get(kept().accessToken, paths.whoami)).body).toMatchObject({ principal: { email: 'bob@example.com' } })
    expect((await gateway.get(before.accessToken, paths.whoami)).status).toBe(401)
  })

  test('away from a terminal, without --device: fails at once and says what to do instead', async () => {
    const started = performance.now()
    const { code, stderr, stdout } = await person.finish(['login'])
    expect(code).toBe(64)
    expect(stderr).toContain('--device')
    expect(stderr).toContain('HOOP_TOKEN')
    expect(stdout).toBe('')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('with HOOP_TOKEN set it refuses, and does not show it', async () => {
    const { code, stderr } = await person.finish(['login', '--device'], { HOOP_TOKEN: 'hoop_st_a-secret' })
    expect(code).toBe(64)
    expect(stderr).toContain('HOOP_TOKEN')
    expect(stderr).not.toContain('a-secret')
  })

  test('on a terminal the browser is opened, with the URL as one argument and without a shell', async () => {
    const programs = join(person.configDirectory, 'bin')
    const asked = join(person.configDirectory, 'asked')
    mkdirSync(programs)
    writeFileSync(join(programs, 'xdg-open'), `#!/bin/sh\necho "$#" > "${asked}.tmp"; printf '%s' "$1" >> "${asked}.tmp"; mv "${asked}.tmp" "${asked}"\n`)
    chmodSync(join(programs, 'xdg-open'), 0o755)
    const login = new Kept('script', ['-qefc', `"${process.execPath}" "${gateway.hoop}" login`, '/dev/null'], {
      env: {
        ...process.env,
        PATH: `${programs}:${process.env.PATH}`,
        TERM: 'xterm',
        CI: '',
        HOOP_CONFIG_DIR: person.configDirectory,
        HOOP_GATEWAY: gateway.url,
        HOOP_KEYCHAIN: 'off',
        HOOP_CA: gateway.authority!.caFile
      }
    })
    try {
      await until('the browser to be opened', () => existsSync(asked) || login.code !== undefined)
      const [count, url] = readFileSync(asked, 'utf8').split('\n')
      expect(count).toBe('1')
      expect(new URL(url!).origin).toBe(gateway.url)
      const browser = new TestBrowser(gateway.authority!.ca)
      const page = await browser.visit(await browser.logIn(url!, alice))
      expect(page.body).toContain('You are logged in')
      expect(page.url.search).toBe('')
      expect(await login.exited).toBe(0)
      expect(login.stdout).toContain('logged in to')
    } finally {
      await login.end('TERM')
    }
  })
})

describe('hoop logout', () => {
  test('ends the login at the gateway, refresh token included, and forgets it here', async () => {
    await person.keep(await gateway.logInAnew('alice'))
    const { accessToken, refreshToken } = kept()
    const { code, stderr } = await person.finish(['logout'])
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('logged out of') as string })
    expect(existsSync(file())).toBe(false)
    expect((await gateway.get(accessToken, paths.whoami)).status).toBe(401)
    expect((await gateway.post(undefined, paths.tokens, { grant: 'refresh', refreshToken })).status).toBe(401)
    expect(await person.finish(['whoami'])).toMatchObject({ code: 4, stderr: expect.stringContaining('hoop login') as string })
    expect(await person.finish(['logout'])).toMatchObject({ code: 0, stderr: expect.stringContaining('not logged in') as string })
  })

  test('a login that ended meanwhile is forgotten without complaint', async () => {
    await person.keep(await gateway.logInAnew('alice'))
    await gateway.delete(kept().accessToken, paths.currentToken)
    expect((await person.finish(['logout'])).code).toBe(0)
    expect(existsSync(file())).toBe(false)
  })

  test('does not touch a service token', async () => {
    await person.keep(await gateway.logInAnew('alice'))
    const { body: { secret } } = await gateway.post<{ secret: string }>('alice', paths.serviceTokens, { name: 'ci', targets: ['db'], expiresInDays: 1, kind: 'service' })
    const { code, stderr } = await person.finish(['logout'], { HOOP_TOKEN: secret })
    expect(code).toBe(0)
    expect(stderr).toContain('hoop tokens revoke')
    expect(stderr).not.toContain(secret)
    expect((await gateway.get(secret, paths.whoami)).status).toBe(200)
  })

  test('a token file that cannot be trusted is shown to nobody, and removed', async () => {
    await person.keep(await gateway.logInAnew('alice'))
    const { accessToken } = kept()
    chmodSync(file(), 0o644)
    expect(await person.finish(['whoami'])).toMatchObject({ code: 1, stderr: expect.stringContaining('other users') as string })
    expect((await person.finish(['logout'])).code).toBe(0)
    expect(existsSync(file())).toBe(false)
    expect((await gateway.get(accessToken, paths.whoami)).status).toBe(200)
  })

  test('a gateway that is away: forgotten here, and it says what was not done', async () => {
    await person.keep(await gateway.logInAnew('alice'))
    await gateway.halt()
    try {
      expect(await person.finish(['logout'])).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be ended at the gateway') as string })
      expect(existsSync(file())).toBe(false)
    } finally {
      await gateway.resume()
    }
  })
})
