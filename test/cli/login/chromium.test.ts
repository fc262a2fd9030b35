// The login once as a person makes it, in a real browser: what it shows, where it ends, and what it keeps.
import { existsSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logIn } from '../../../cli/login/flow.ts'
import { createEmbeddedProvider } from '../../../server/identity/embedded/provider.ts'
import type { Discovery, TokenRequest } from '../../../shared/api.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
if (executablePath === undefined) console.warn('login: the test in a real browser is skipped, for there is no Chromium on this machine')

let server: Server
let browser: Browser | undefined
let discovery: Discovery
beforeAll(async () => {
  if (executablePath === undefined) return
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/idp`
  discovery = { product: 'hoop', version: '0', issuer, clientId: 'hoop-cli', scopes: ['openid', 'email', 'profile', 'groups'], deviceFlow: true }
  const alice = { username: 'alice', password: 'a good one', email: 'alice@clinic.example', groups: ['engineers'] }
  server.on('request', await createEmbeddedProvider({ issuer, clientId: 'hoop-cli', users: [alice], now: Date.now }) as RequestListener)
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
})

test.skipIf(executablePath === undefined)('a person logs in; the browser ends on a page without the code, and says so', async () => {
  const page = await browser!.newPage()
  const exchanged: TokenRequest[] = []
  const visited: string[] = []
  page.on('framenavigated', (frame) => visited.push(frame.url()))
  const login = logIn({
    discovery,
    say: () => undefined,
    signal: new AbortController().signal,
    now: Date.now,
    timeoutMilliseconds: 60_000,
    exchange: async (request) => {
      exchanged.push(request)
      return { accessToken: 'a', expiresInSeconds: 600, principal: { issuer: discovery.issuer, subject: 's', groups: [], kind: 'human' } }
    },
    openBrowser: async (url) => {
      await page.goto(url)
      await page.locator('input[type=text], input[type=email], input:not([type])').first().fill('alice')
      await page.locator('input[type=password]').fill('a good one')
      void page.locator('button[type=submit], input[type=submit], button').first().click().catch(() => undefined)
      return true
    }
  })
  await login
  expect(exchanged).toMatchObject([{ grant: 'id_token' }])
  await page.getByText('You are logged in').waitFor()
  expect(new URL(page.url())).toMatchObject({ pathname: '/done', search: '' })
  // The page shown is the only one of ours the browser has in its history.
  expect(visited.filter((url) => url.includes('code='))).toEqual([])
  expect(await page.evaluate('document.referrer')).toBe('')
  expect(await page.evaluate('getComputedStyle(document.body).display')).toBe('grid')
}, 90_000)
