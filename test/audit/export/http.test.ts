// The sinks over HTTPS against an endpoint that fails in every way: what is sent, what is tried again, what is given up, and that in the
// end it has everything.
import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Sink } from '../../../server/audit/export/contract.ts'
import { createSink } from '../../../server/audit/export/sinks/index.ts'
import type { HttpSettings } from '../../../server/audit/export/sinks/http.ts'
import { canonical } from '../../../shared/audit/canonical.ts'
import { until } from '../../support/until.ts'
import { entriesOf } from '../logs.ts'
import { origin } from '../logs-origin.ts'
import { problemsOf } from './ocsf-schema.ts'
import { authority, HttpsReceiver, ways, type Behaviour } from './receiver.ts'
import { World } from './world.ts'

type Kind = 'ocsf' | 'otlp' | 'webhook'
const kinds: readonly Kind[] = ['ocsf', 'otlp', 'webhook']
const secret = 'k3y-of-the-hmac'

function sinkTo(kind: Kind, url: string, more: Partial<HttpSettings> & { framing?: 'array' | 'lines' } = {}): Sink {
  const settings: HttpSettings = {
    url: () => Promise.resolve(url),
    headers: () => Promise.resolve({ authorization: 'Bearer t0ken' }),
    ca: () => Promise.resolve(undefined),
    timeoutMilliseconds: 400,
    ...more
  }
  const surroundings = { origin, version: '0.1.0', now: Date.now }
  if (kind === 'otlp') return createSink({ kind, ...settings }, surroundings)
  if (kind === 'ocsf') return createSink({ kind, framing: more.framing ?? 'array', ...settings }, surroundings)
  return createSink({ kind, secret: () => Promise.resolve(secret), ...settings }, surroundings)
}

/** The leaves of the entries in a request, whatever the form. */
function leavesOf(kind: Kind, body: string): string[] {
  const json = (text: string) => JSON.parse(text) as never
  const leaves = kind === 'ocsf'
    ? (json(body) as { raw_data: string }[]).map(({ raw_data }) => raw_data)
    : kind === 'otlp'
      ? (json(body) as Otlp).resourceLogs[0].scopeLogs[0].logRecords.map(({ body }) => body.stringValue)
      : (json(body) as { records: object[] }).records.map((record) => canonical(record))
  return leaves.filter((leaf) => leaf.includes('"index":'))
}
interface Otlp { resourceLogs: [{ scopeLogs: [{ logRecords: { body: { stringValue: string } }[] }] }] }

async function leavesInLog(world: World): Promise<string[]> {
  return (await entriesOf(world.audit)).map((entry) => canonical(entry))
}

describe.each(kinds)('a sink of kind %s', (kind) => {
  const got = (receiver: HttpsReceiver) => receiver.received.flatMap(({ body }) => leavesOf(kind, body))

  test.each<[string, Behaviour, RegExp]>([
    ['500', ways.status(500), /HTTP 500/],
    ['503 and asks for patience', ways.status(503, { 'retry-after': '7' }), /HTTP 503/],
    ['429', ways.status(429), /HTTP 429/],
    ['401', ways.status(401), /HTTP 401/],
    ['403', ways.status(403), /HTTP 403/],
    ['404', ways.status(404), /HTTP 404/],
    ['408', ways.status(408), /HTTP 408/],
    ['a redirect, which is not followed', ways.redirect, /HTTP 307/],
    ['nothing', ways.hang, /ETIMEDOUT/],
    ['by closing', ways.drop, /ECONNRESET/],
    ['with a reset', ways.reset, /ECONNRESET|EPIPE/],
    ['in another protocol', ways.garbage, /HPE_|EPROTO/],
    ['with 64 KiB of headers', ways.hugeHeaders, /HPE_HEADER_OVERFLOW/],
    ['its headers a byte at a time', ways.slowHeaders, /ETIMEDOUT|HPE_/]
  ])('that answers %s gets everything, once it works again; nothing is given up', async (_, behaviour, reason) => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    receiver.behave = behaviour
    await world.append(7)
    const exports = await world.open({ siem: sinkTo(kind, receiver.url) })
    await until('two tries', () => receiver.requests >= 2)
    await until('the reason', () => reason.test(exports.status()[0]!.lastError?.reason ?? ''))
    expect(exports.status()[0]).toMatchObject({ state: 'failing', next: 0, deadLetters: 0 })
    if (behaviour !== ways.hang && String(_).includes('patience')) expect(world.pauses).toContain(7_000)
    receiver.behave = ways.accept
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    expect([...new Set(got(receiver))]).toEqual(await leavesInLog(world))
  })

  test.each([400, 413, 422])('that answers %i to one entry gets all the others, in order', async (status) => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    receiver.behave = (request) => (leavesOf(kind, request.body).some((leaf) => leaf.includes('"index":3,')) ? ways.status(status) : ways.accept)(request)
    await world.append(9)
    const exports = await world.open({ siem: sinkTo(kind, receiver.url) })
    await until('the dead letter', () => exports.status()[0]!.deadLetters === 1 && exports.status()[0]!.lagEntries === 0)
    const leaves = await leavesInLog(world)
    await until('the entry about it', () => got(receiver).length >= leaves.length - 1)
    expect(got(receiver)).toEqual((await leavesInLog(world)).filter((leaf) => !leaf.includes('"index":3,')))
    expect(exports.status()[0]!.lastError!.reason).toBe(`refused for good: it answered HTTP ${status}`)
  })

  test.each<[string, Behaviour]>([['endless', ways.endlessBody], ['slow', ways.slowBody]])('whose answer is %s has received the batch all the same, and holds up nothing for long', async (_, behaviour) => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    receiver.behave = behaviour
    await world.append(5)
    const exports = await world.open({ siem: sinkTo(kind, receiver.url) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    expect(got(receiver)).toEqual(await leavesInLog(world))
  })

  test('over TLS: trusts the certificates it is told to, and no other receiver gets a byte', async () => {
    const world = await World.start()
    const ours = authority()
    const right = await HttpsReceiver.start(ours.issue('localhost', 'IP:127.0.0.1'))
    const foreign = await HttpsReceiver.start(authority().issue('localhost', 'IP:127.0.0.1'))
    const wrongName = await HttpsReceiver.start(ours.issue('localhost', 'DNS:elsewhere.example'))
    await world.append(4)
    const ca = { ca: () => Promise.resolve(ours.ca) }
    const exports = await world.open({
      right: sinkTo(kind, right.url, ca),
      foreign: sinkTo(kind, foreign.url, ca),
      name: sinkTo(kind, wrongName.url, ca),
      system: sinkTo(kind, right.url)
    })
    await until('answers', () => exports.status()[0]!.lagEntries === 0 && exports.status().slice(1).every(({ lastError }) => lastError !== undefined))
    expect(exports.status().map(({ lastError }) => lastError?.reason)).toEqual([
      undefined,
      expect.stringMatching(/UNABLE_TO|SELF_SIGNED|CERT/),
      'ERR_TLS_CERT_ALTNAME_INVALID',
      expect.stringMatching(/UNABLE_TO|SELF_SIGNED|CERT/)
    ])
    expect([foreign.requests, wrongName.requests]).toEqual([0, 0])
    expect(right.received[0]!.headers.authorization).toBe('Bearer t0ken')
  })

  test.each<[string, Partial<HttpSettings>, RegExp]>([
    ['a URL that is none', { url: () => Promise.resolve('not a url with s3cret') }, /^its URL is not https$/],
    ['http to another machine', { url: () => Promise.resolve('http://siem.example/s3cret') }, /^its URL is not https$/],
    ['a header that cannot be sent', { headers: () => Promise.resolve({ authorization: 'Bearer s3cret\n' }) }, /^ERR_INVALID_CHAR$/],
    ['a receiver nobody runs', { url: () => Promise.resolve('http://127.0.0.1:1/s3cret') }, /^ECONNREFUSED$/]
  ])('with %s says so without the secret, and goes on trying', async (_, settings, reason) => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    await world.append(1)
    const exports = await world.open({ siem: sinkTo(kind, receiver.url, settings) })
    await until('the reason', () => exports.status()[0]!.lastError !== undefined)
    expect(exports.status()[0]).toMatchObject({ state: 'failing', lastError: { reason: expect.stringMatching(reason) as string } })
    expect(JSON.stringify([exports.status(), world.told])).not.toContain('s3cret')
  })
})

describe('OCSF', () => {
  test.each(['array', 'lines'] as const)('as %s is what its content type says, and valid', async (framing) => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    await world.append(6)
    const exports = await world.open({ siem: sinkTo('ocsf', receiver.url, { framing }) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    const [{ headers, body }] = receiver.received as [HttpsReceiver['received'][0]]
    expect(headers['content-type']).toBe(framing === 'lines' ? 'application/x-ndjson' : 'application/json')
    const events = (framing === 'lines' ? body.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown) : JSON.parse(body)) as Record<string, unknown>[]
    expect(events.flatMap(problemsOf)).toEqual([])
  })
})

describe('a webhook', () => {
  test('is signed over id, time and body as the messages about reviews are; a batch that is tried again keeps its id', async () => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    const seen: HttpsReceiver['received'] = []
    receiver.behave = (request) => {
      seen.push({ headers: request.headers, body: request.body })
      return (seen.length < 3 ? ways.status(500) : ways.accept)(request)
    }
    await world.append(3)
    const exports = await world.open({ siem: sinkTo('webhook', receiver.url) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    for (const { headers, body } of seen) {
      const signed = createHmac('sha256', secret).update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`).digest('base64')
      expect(headers['webhook-signature']).toBe(`v1,${signed}`)
      expect(headers['webhook-id']).not.toContain('.')
    }
    expect(new Set(seen.slice(0, 3).map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    const sent = JSON.parse(seen[0]!.body) as { origin: string, records: { index?: number }[] }
    expect(sent.origin).toBe(origin)
    expect(sent.records[0]!.index).toBe(0)
  })
})

describe('OTLP', () => {
  test('counts what a collector rejects of a batch, and does not send the batch again', async () => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    receiver.behave = (request) => (receiver.requests === 1 ? ways.partial(2) : ways.accept)(request)
    await world.append(6)
    const exports = await world.open({ siem: sinkTo('otlp', receiver.url) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    expect(exports.status()[0]).toMatchObject({ deadLetters: 2, lastError: { reason: 'refused for good: it rejected 2 log records' } })
    const leaves = receiver.received.flatMap(({ body }) => leavesOf('otlp', body))
    expect(new Set(leaves).size).toBe(leaves.length)
  })

  test.each(['', 'null', '[]', '{"partialSuccess":null}', '{"partialSuccess":{"errorMessage":"a warning"}}', '{"partialSuccess":{"rejectedLogRecords":"-1"}}', '<html>'])('takes the answer %j for a full success', async (answer) => {
    const world = await World.start()
    const receiver = await HttpsReceiver.start()
    receiver.behave = ({ response }) => {
      response.end(answer)
      return true
    }
    await world.append(2)
    const exports = await world.open({ siem: sinkTo('otlp', receiver.url) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    expect(exports.status()[0]!.deadLetters).toBe(0)
  })
})
