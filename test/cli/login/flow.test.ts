// The browser login against a real provider, its pages filled in over HTTP; then what a thief or a wrong provider would do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logInByForm } from '../../../cli/demo/browser.ts'
import { logIn, type LoginOptions } from '../../../cli/login/flow.ts'
import { TestBrowser } from '../../support/browser.ts'
import { TestAuthority } from '../../support/certificates.ts'
import { anyone, TestProvider } from './test-provider.ts'

let provider: TestProvider
beforeAll(async () => { provider = await TestProvider.start() })
afterAll(async () => { await provider.stop() })

const never = new AbortController().signal

function attempt(o: Partial<LoginOptions> & Pick<LoginOptions, 'openBrowser'>) {
  const said: string[] = []
  const done = logIn({
    discovery: provider.discovery(),
    exchange: provider.exchange,
    say: (line) => said.push(line),
    signal: never,
    now: Date.now,
    timeoutMilliseconds: 20_000,
    ...o
  })
  return { done, said }
}

/** A browser that runs beside the login, as a real one does. */
const inBackground = (work: (url: string) => Promise<unknown>) => async (url: string) => {
  void work(url).catch(() => undefined)
  return true
}

describe('against a real provider', () => {
  test('a person logs in; the gateway gets the ID token once, with the nonce that was asked for', async () => {
    let opened = ''
    const before = provider.exchanged.length
    const { done, said } = attempt({ openBrowser: inBackground(async (url) => { opened = url; await logInByForm(url, anyone, never) }) })
    expect(await done).toMatchObject({ accessToken: 'access', principal: { subject: 'alice' } })
    expect(provider.exchanged.length).toBe(before + 1)
    expect(provider.exchanged.at(-1)!.claims).toMatchObject({ sub: 'alice', aud: 'hoop-cli' })

    const asked = new URL(opened).searchParams
    expect(asked.get('code_challenge_method')).toBe('S256')
    expect(asked.get('code_challenge')).toMatch(/^[\w-]{43}$/)
    expect(asked.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    expect(asked.get('nonce')!.length).toBeGreaterThan(20)
    expect(asked.get('state')!.length).toBeGreaterThan(20)
    expect(said.join('\n')).toContain(opened)
  })

  test('two logins share no state, nonce, verifier or port', async () => {
    const asked: URLSearchParams[] = []
    const openBrowser = inBackground(async (url) => { asked.push(new URL(url).searchParams); await logInByForm(url, anyone, never) })
    await Promise.all([attempt({ openBrowser }).done, attempt({ openBrowser }).done])
    for (const name of ['state', 'nonce', 'code_challenge', 'redirect_uri']) expect(new Set(asked.map((one) => one.get(name))).size).toBe(2)
  })

  test('no browser: the URL is printed, and the way without one is named', async () => {
    let printed = ''
    const { done, said } = attempt({ openBrowser: async (url) => { printed = url; return false } })
    await expect.poll(() => said.join('\n')).toContain('hoop login --device')
    expect(said.join('\n')).toContain(printed)
    await logInByForm(printed, anyone, never)
    expect((await done).principal.subject).toBe('alice')
  })

  test('a code stolen from another login is worth nothing here', async () => {
    const thief = attempt({
      openBrowser: inBackground(async (url) => {
        // The victim's browser stops before its own listener; the code goes to this one, with this one's state.
        const stolen = await new TestBrowser().logIn(withParameter(url, 'code_challenge', 'x'.repeat(43)), anyone)
        await fetch(stolen)
      })
    })
    await expect(thief.done).rejects.toMatchObject({ code: 'unauthenticated', message: expect.not.stringContaining('code_verifier=') as string })
  })

  test('a login answered for another nonce is refused before the gateway sees it', async () => {
    const before = provider.exchanged.length
    const { done } = attempt({ openBrowser: inBackground((url) => logInByForm(withParameter(url, 'nonce', 'of-another-login'), anyone, never)) })
    await expect(done).rejects.toMatchObject({ code: 'config_invalid' })
    expect(provider.exchanged.length).toBe(before)
  })

  test('a request without PKCE cannot be completed', async () => {
    const { done } = attempt({
      openBrowser: inBackground((url) => {
        const bare = new URL(url)
        bare.searchParams.delete('code_challenge')
        bare.searchParams.delete('code_challenge_method')
        return logInByForm(bare.href, anyone, never)
      })
    })
    await expect(done).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('forged hits while the person types do not disturb the login', async () => {
    const { done } = attempt({
      openBrowser: inBackground(async (url) => {
        const asked = new URL(url).searchParams
        const back = asked.get('redirect_uri')!
        for (const query of ['code=forged&state=guess', `error=access_denied&state=${asked.get('nonce')}`, `code=x&state=${asked.get('state')}&iss=https://evil.example`]) {
          expect((await fetch(`${back}?${query}`)).status).toBe(400)
        }
        await logInByForm(url, anyone, never)
      })
    })
    expect((await done).principal.subject).toBe('alice')
  })

  test('the person says no', async () => {
    let page = ''
    const { done } = attempt({
      openBrowser: inBackground(async (url) => {
        const asked = new URL(url).searchParams
        const answer = new URLSearchParams({ error: 'access_denied', state: asked.get('state')!, iss: provider.issuer })
        page = await (await fetch(`${asked.get('redirect_uri')!}?${answer.toString()}`)).text()
      })
    })
    await expect(done).rejects.toMatchObject({ code: 'unauthenticated', message: expect.stringContaining('refused') as string })
    await expect.poll(() => page).toContain('did not succeed')
  })

  test('the gateway refuses the exchange: the browser is told that the login failed, not that it succeeded', async () => {
    let page = ''
    const { done } = attempt({
      exchange: async () => { throw new Error('a bug with details nobody should see') },
      openBrowser: inBackground(async (url) => {
        const back = await new TestBrowser().logIn(url, anyone)
        page = await (await fetch(back)).text()
      })
    })
    await expect(done).rejects.toThrow('a bug')
    await expect.poll(() => page).toContain('did not succeed')
    expect(page).not.toContain('details')
  })

  test('Ctrl-C while the browser is open', async () => {
    const controller = new AbortController()
    let back = ''
    const { done } = attempt({
      signal: controller.signal,
      openBrowser: async (url) => { back = new URL(url).searchParams.get('redirect_uri')!; controller.abort(); return true }
    })
    await expect(done).rejects.toMatchObject({ code: 'cancelled' })
    await expect(fetch(back)).rejects.toThrow()
  })
})

describe('a provider that cannot be trusted', () => {
  const unopened = async () => { throw new Error('no browser may be opened') }

  test.each([
    ['plain http over a network', 'http://idp.example'],
    ['a file', 'file:///etc/passwd'],
    ['a program', 'javascript:alert(1)'],
    ['credentials in the URL', 'https://user:secret@idp.example'],
    ['no URL at all', 'idp']
  ])('%s is no issuer', async (_, issuer) => {
    await expect(attempt({ discovery: provider.discovery({ issuer }), openBrowser: unopened }).done).rejects.toMatchObject({ code: 'config_invalid' })
  })

  test('metadata of another issuer is refused', async () => {
    const alias = provider.issuer.replace('127.0.0.1', 'localhost')
    await expect(attempt({ discovery: provider.discovery({ issuer: alias }), openBrowser: unopened }).done)
      .rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining(alias) as string })
  })

  test('nobody answers there', async () => {
    const gone = await TestProvider.start()
    await gone.stop()
    await expect(attempt({ discovery: gone.discovery(), openBrowser: unopened }).done)
      .rejects.toMatchObject({ code: 'gateway_unreachable', message: expect.stringContaining('ECONNREFUSED') as string })
  })
})

describe('a provider behind a private authority', () => {
  let folder: string
  let authority: TestAuthority
  let secured: TestProvider
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hoop-login-'))
    authority = new TestAuthority(folder)
    secured = await TestProvider.start({ ...authority.issue('idp', 'IP:127.0.0.1'), ca: authority.ca })
  })
  afterAll(async () => {
    await secured.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is not trusted by itself, and the hint says what is missing', async () => {
    await expect(attempt({ discovery: secured.discovery(), openBrowser: async () => true }).done)
      .rejects.toMatchObject({ code: 'gateway_unreachable', hint: expect.stringContaining('CA') as string })
  })

  test('is trusted with the CA given', async () => {
    const { done } = attempt({
      discovery: secured.discovery(),
      exchange: secured.exchange,
      ca: authority.ca,
      openBrowser: inBackground(async (url) => { await fetch(await new TestBrowser(authority.ca).logIn(url, anyone)) })
    })
    expect((await done).principal).toMatchObject({ issuer: secured.issuer, subject: 'alice' })
  })
})

function withParameter(url: string, name: string, value: string): string {
  const changed = new URL(url)
  changed.searchParams.set(name, value)
  return changed.href
}
