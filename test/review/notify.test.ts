// Telling people: receivers that fail in every way, what a message may hold, and that nothing waits for any of it.
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNotifier, type Notifier, type NotifierParts, type Webhook } from '../../server/review/notify.ts'
import { bodyOf, noticeOf, type Notice, type NoticeFormat } from '../../server/review/payload.ts'
import { post } from '../../server/review/webhook.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { until } from '../support/until.ts'
import { Receiver } from './receiver.ts'
import { agentOf, human, review, start } from './sample.ts'

const secret = 'k3y-of-the-hmac'
const cleanups: (() => unknown)[] = []
let notes: EntryFacts[]
let logged: object[]
beforeEach(() => {
  notes = []
  logged = []
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function receiver(...args: Parameters<typeof Receiver.start>): Promise<Receiver> {
  const one = await Receiver.start(...args)
  cleanups.push(() => one.stop())
  return one
}

function notifier(webhooks: readonly Partial<Webhook>[], more: Partial<NotifierParts> = {}): Notifier {
  const one = createNotifier({
    webhooks: webhooks.map((webhook) => ({ name: 'chat', url: () => Promise.resolve(''), format: 'full', ...webhook })),
    gateway: 'https://hoop.example',
    note: (facts) => notes.push(facts),
    log: { warn: (facts) => logged.push(facts) },
    now: () => start,
    random: () => 0.5,
    ...more,
    limits: { timeoutMilliseconds: 300, commandMilliseconds: 2_000, retryMilliseconds: [5, 5], ...more.limits }
  })
  cleanups.push(() => one.close())
  return one
}

const to = (url: string): Partial<Webhook> => ({ url: () => Promise.resolve(url), secret: () => Promise.resolve(secret) })
const settled = () => until('the result', () => notes.length > 0)

describe('a webhook', () => {
  test('gets one message, signed over its id, time and body', async () => {
    const chat = await receiver((response) => response.end('ok'))
    notifier([to(chat.url)]).notify(review(), 'held')
    await settled()
    expect(notes).toEqual([{ kind: 'review.asked', review: review().id, sink: 'webhook chat', delivered: true }])
    const [{ headers, body }] = chat.received as [Receiver['received'][0]]
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': `${review().id}-held`, 'webhook-timestamp': String(start / 1000) })
    const signed = createHmac('sha256', secret).update(`${review().id}-held.${start / 1000}.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signed}`)
    expect(chat.received).toHaveLength(1)
  })

  test('has a key as Standard Webhooks writes it, too', async () => {
    const chat = await receiver((response) => response.end('ok'))
    const key = Buffer.from('0123456789abcdef0123456789abcdef')
    notifier([{ ...to(chat.url), secret: () => Promise.resolve(`whsec_${key.toString('base64')}`) }]).notify(review(), 'held')
    await settled()
    const [{ headers, body }] = chat.received as [Receiver['received'][0]]
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(`${review().id}-held.${start / 1000}.${body}`).digest('base64')}`)
  })

  test.each<[string, Parameters<typeof Receiver.start>[0], number, RegExp]>([
    ['answers 500', (response) => response.writeHead(500).end(), 3, /HTTP 500/],
    ['answers 429', (response) => response.writeHead(429).end(), 3, /HTTP 429/],
    ['answers 400', (response) => response.writeHead(400).end(), 1, /HTTP 400/],
    ['redirects', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere' }).end(), 1, /redirects/],
    ['never answers', () => {}, 3, /too long/],
    ['closes', (response) => response.socket!.destroy(), 3, /ECONNRESET/],
    ['answers something else than HTTP', (response) => response.socket!.end('220 smtp ready\r\n'), 3, /HPE_/],
    ['drips its headers', (response) => {
      const timer = setInterval(() => response.socket?.write('H'), 20)
      response.socket!.once('close', () => clearInterval(timer))
    }, 3, /too long|HPE_/]
  ])('that %s is tried as often as it is worth', async (_, answer, tries, reason) => {
    const chat = await receiver(answer)
    notifier([to(chat.url)]).notify(review(), 'held')
    await settled()
    expect(notes).toMatchObject([{ kind: 'review.asked', delivered: false }])
    expect(chat.received).toHaveLength(tries)
    expect(logged.at(-1)).toMatchObject({ sink: 'webhook chat', reason: expect.stringMatching(reason) as string })
    expect(JSON.stringify([notes, logged]), 'neither URL nor key').not.toMatch(/T0PS3CRET|127\.0\.0\.1|k3y/)
  })

  test('that works again the third time is delivered', async () => {
    const chat = await receiver((response, count) => response.writeHead(count < 3 ? 503 : 204).end())
    notifier([to(chat.url)]).notify(review(), 'held')
    await settled()
    expect(notes).toMatchObject([{ delivered: true }])
    expect(new Set(chat.received.map(({ headers }) => headers['webhook-id'])).size, 'one id, so that it can be told apart').toBe(1)
  })

  test('that sends a gigabyte back is not listened to', async () => {
    let written = 0
    const chat = await receiver((response) => {
      response.writeHead(200)
      const block = Buffer.alloc(1024 * 1024)
      const more = () => {
        while (written < 1024 && !response.destroyed && response.write(block)) written++
        if (written < 1024 && !response.destroyed) response.once('drain', more)
      }
      more()
    })
    notifier([to(chat.url)]).notify(review(), 'held')
    await settled()
    expect(notes).toMatchObject([{ delivered: true }])
    expect(written).toBeLessThan(64)
  })

  test('whose secret cannot be read is tried again, and is not sent unsigned', async () => {
    const chat = await receiver((response) => response.end())
    notifier([{ ...to(chat.url), secret: () => Promise.reject(new Error('the secret file:/k cannot be read: ENOENT')) }]).notify(review(), 'held')
    await settled()
    expect(notes).toMatchObject([{ delivered: false }])
    expect(chat.received).toEqual([])
  })

  test('that hangs holds up no other, and no hold', async () => {
    const [slow, good] = [await receiver(() => {}), await receiver((response) => response.end())]
    const one = notifier([{ ...to(slow.url), name: 'slow' }, { ...to(good.url), name: 'good' }], { limits: { timeoutMilliseconds: 5_000 } })
    const began = performance.now()
    one.notify(review(), 'held')
    expect(performance.now() - began).toBeLessThan(2_500)
    await settled()
    expect(notes).toMatchObject([{ sink: 'webhook good', delivered: true }])
  })

  test('that hangs fills a bounded queue; what is beyond is said not to have been delivered', async () => {
    const slow = await receiver(() => {})
    const one = notifier([to(slow.url)], { limits: { timeoutMilliseconds: 60_000, queued: 5, atOnce: 2 } })
    for (let i = 0; i < 20; i++) one.notify(review(), 'held')
    expect(notes.filter((note) => note.kind === 'review.asked' && !note.delivered)).toHaveLength(20 - 7)
  })

  test('on its way is broken off when the gateway closes', async () => {
    const slow = await receiver(() => {})
    const one = notifier([to(slow.url)], { limits: { timeoutMilliseconds: 60_000 } })
    one.notify(review(), 'held')
    await until('the request', () => slow.received.length === 1)
    one.close()
    one.notify(review(), 'held')
    expect(notes).toEqual([])
  })
})

describe('nothing is sent to', () => {
  const send = (url: string) => post({ url, id: 'i', body: '{}', timestamp: 1, timeoutMilliseconds: 300, signal: new AbortController().signal })

  test.each([
    ['clear text beyond this machine', 'http://example.com/', /not https/],
    ['clear text to a name that is not this machine', 'http://localhost.example.com/', /not https/],
    ['another scheme', 'ftp://example.com/', /not https/],
    ['a file', 'file:///etc/passwd', /not https/],
    ['no URL', 'hooks', /is none/],
    ['where a cloud keeps its keys', 'https://169.254.169.254/latest/meta-data/', /link-local/],
    ['the same as a number', 'https://2852039166/', /link-local/],
    ['the same in IPv6', 'https://[::ffff:169.254.169.254]/', /link-local/],
    ['the same behind NAT64', 'https://[64:ff9b::a9fe:a9fe]/', /link-local/],
    ['link-local IPv6', 'https://[fe80::1]/', /link-local/],
    ['the metadata address of IPv6', 'https://[fd00:ec2::254]/', /link-local/]
  ])('%s', async (_, url, reason) => {
    expect(await send(url)).toEqual({ result: 'failed', reason: expect.stringMatching(reason) as string })
  })

  test('what localhost means is connected to', async () => {
    const chat = await receiver((response) => response.end())
    expect(await send(`http://localhost:${chat.port}/`)).toEqual({ result: 'delivered' })
  })
})

describe('the operator\'s command', () => {
  const script = (code: string) => [process.execPath, '-e', code]

  test('gets the message on stdin, and its arguments as they are: no shell', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hoop-command-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'told')
    const code = 'require("fs").writeFileSync(process.argv[1], JSON.stringify({ argument: process.argv[2], stdin: require("fs").readFileSync(0, "utf8") }))'
    notifier([], { command: [...script(code), file, '$(id); `id` | x'] }).notify(review(), 'held')
    await settled()
    expect(notes).toEqual([{ kind: 'review.asked', review: review().id, sink: 'command', delivered: true }])
    const told = JSON.parse(readFileSync(file, 'utf8')) as { argument: string, stdin: string }
    expect(told.argument).toBe('$(id); `id` | x')
    expect(JSON.parse(told.stdin)).toMatchObject({ event: 'held', review: { id: review().id } })
  })

  test.each<[string, readonly string[], RegExp]>([
    ['fails', script('process.exit(3)'), /ended with 3/],
    ['does not exist', ['/nonexistent/pager'], /ENOENT/],
    ['never ends', script('setInterval(() => {}, 1000)'), /too long/],
    ['is killed', script('process.kill(process.pid, "SIGTERM")'), /SIGTERM/]
  ])('that %s is told of once', async (_, command, reason) => {
    notifier([], { command, limits: { commandMilliseconds: 700 } }).notify(review(), 'held')
    await settled()
    expect(notes).toMatchObject([{ sink: 'command', delivered: false }])
    expect(logged).toMatchObject([{ reason: expect.stringMatching(reason) as string }])
  })

  test('that does not read is no failure', async () => {
    const long = review({ statement: 'x'.repeat(100_000) })
    notifier([], { command: script('process.exit(0)') }).notify(long, 'held')
    await settled()
    expect(notes).toMatchObject([{ delivered: true }])
  })
})

describe('a message', () => {
  const formats: readonly NoticeFormat[] = ['full', 'text', 'card']

  test('says who, what, where, which rule, who is asked, until when, and what to type', () => {
    const notice = noticeOf(review({ requester: agentOf(human('ann')) }), 'held', 'https://hoop.example')
    expect(notice.text).toBe([
      'agent `bot` for `ann@example.com` asks to run a statement on `prod-db` (rule `writes need the DBAs`); asked: `dba`',
      '`DELETE FROM visits`',
      `until 2026-01-01T12:15:00.000Z: hoop reviews show ${review().id}`
    ].join('\n'))
    expect(notice).toMatchObject({
      event: 'held',
      approve: `hoop reviews approve ${review().id}`,
      review: { target: 'prod-db', requester: 'bot', requesterKind: 'agent', onBehalfOf: 'ann@example.com', asked: ['dba'], expiresAt: '2026-01-01T12:15:00.000Z' }
    })
  })

  test('about a broken glass says so, with the reason', () => {
    const { text } = noticeOf(review({ state: 'approved', endReason: 'patients wait' }), 'broken', 'https://hoop.example')
    expect(text).toContain('Break-glass: `ann` released what they had asked for themselves')
    expect(text).toContain('reason: `patients wait`')
  })

  const hostile = 'a\u001B[2K\u001B[1G\r\nb`<!channel> <https://evil.example|click> @everyone \u202Ednuora\u202C \u200B\u0000&'
  const poisoned = review({
    requester: { ...agentOf({ ...human('ann'), email: hostile }), name: hostile },
    rule: hostile,
    statement: hostile,
    requesterReason: hostile,
    terms: { ...review().terms, places: [{ group: hostile, count: 1 }] }
  })

  test.each(formats)('in the form "%s" holds no control character, whatever people and statements are called', (format) => {
    for (const event of ['held', 'broken'] as const) {
      const body = bodyOf(noticeOf(poisoned, event, hostile), format)
      const texts: string[] = []
      JSON.parse(body, (_, value: unknown) => {
        if (typeof value === 'string') texts.push(value)
        return value
      })
      expect(texts.length).toBeGreaterThan(0)
      for (const text of texts) expect(text).not.toMatch(/(?!\n)[\p{C}\u2028\u2029]/u)
    }
  })

  test('cannot break out of its quotes, ping a channel or forge a line', () => {
    const { text } = noticeOf(poisoned, 'held', 'https://hoop.example')
    expect(text.split('\n')).toHaveLength(4)
    for (const line of text.split('\n')) expect((line.match(/`/g) ?? []).length % 2).toBe(0)
    expect(text).not.toMatch(/[<>]/)
    const outside = text.split('`').filter((_, i) => i % 2 === 0).join('')
    expect(outside).not.toMatch(/@|evil|channel/)
  })

  test('is short, however long the statement', () => {
    const long = review({ statement: `SELECT ${'x'.repeat(1_000_000)}` })
    for (const format of formats) expect(bodyOf(noticeOf(long, 'held', 'g'), format).length).toBeLessThan(5_000)
  })

  test('in the form "text" is the one field every chat accepts; a card has texts that are not Markdown', () => {
    const notice: Notice = noticeOf(review(), 'held', 'g')
    expect(JSON.parse(bodyOf(notice, 'text'))).toEqual({ text: notice.text })
    const card = bodyOf(notice, 'card')
    expect(card).toContain('"AdaptiveCard"')
    expect(card).not.toContain('"TextBlock"')
  })
})
