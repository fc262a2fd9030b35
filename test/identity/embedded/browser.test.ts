// The login page in a real browser, filled in as a person does, with JavaScript off and on: CSP and cookies are the browser's to enforce.
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import * as client from 'openid-client'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen } from '../listen.ts'
import { alice, beginLogin, startProvider, type ProviderHost } from '../provider-host.ts'

const executablePath = '/usr/bin/chromium'
const installed = existsSync(executablePath)
if (!installed) console.log(`skipped: the embedded provider in a browser, since there is no ${executablePath}`)

describe.skipIf(!installed)('in Chromium', () => {
  let host: ProviderHost
  let config: client.Configuration
  let browser: Browser
  let callbackOrigin: string
  let closeCallback: () => Promise<void>
  let called: URL | undefined

  beforeAll(async () => {
    host = await startProvider()
    config = await host.configuration()
    const callback = await listen(createServer((req, res) => {
      if (req.url!.startsWith('/callback')) called = new URL(req.url!, callbackOrigin)
      res.end('<title>done</title>')
    }))
    callbackOrigin = callback.origin
    closeCallback = callback.close
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await closeCallback?.()
    await host?.close()
  })

  async function logIn(page: Page, password: string): Promise<void> {
    await page.getByLabel('Username').fill('alice')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
  }

  test.each([false, true])('a person logs in after a typing error, with JavaScript %s', async (javaScriptEnabled) => {
    called = undefined
    const context = await browser.newContext({ javaScriptEnabled })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))

    const { url, checks } = await beginLogin(config, { redirect_uri: `${callbackOrigin}/callback` })
    await page.goto(url.href)
    expect(await page.title()).toBe('Log in - hoop')
    // The style sheet is ours and the policy lets it through: the card is not as wide as the window.
    expect((await page.locator('main').boundingBox())!.width).toBeLessThan(400)
    await logIn(page, 'a typing error')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toBe('Username or password is wrong.')
    await logIn(page, alice.password)
    await page.waitForURL(`${callbackOrigin}/callback*`)

    const tokens = await client.authorizationCodeGrant(config, called!, checks)
    expect(tokens.claims()?.sub).toBe('alice')
    // A 403 is reported as a failed resource; anything else would be a page that breaks its own policy.
    expect(complaints.filter((complaint) => !complaint.includes('403'))).toEqual([])
    await context.close()
  })

  test('a person confirms a device', async () => {
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid email' })
    const page = await browser.newPage()
    await page.goto(device.verification_uri_complete!)
    expect(await page.getByLabel('Code').inputValue()).toBe(device.user_code)
    await page.getByRole('button', { name: 'Continue' }).click()
    expect(await page.locator('output').textContent()).toBe(device.user_code)
    await page.getByRole('button', { name: 'It is mine, continue' }).click()
    await logIn(page, alice.password)
    await page.getByRole('heading', { name: 'You are logged in' }).waitFor()
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 0.05 })
    expect(tokens.claims()?.email).toBe('alice@example.com')
    await page.close()
  })
})
