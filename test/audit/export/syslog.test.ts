// Syslog: what a message is, octet by octet, and what a real rsyslog over TLS makes of it.
import { createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSink } from '../../../server/audit/export/sinks/index.ts'
import type { SyslogSettings } from '../../../server/audit/export/sinks/syslog.ts'
import { syslogMessage } from '../../../server/audit/export/forms/syslog.ts'
import { canonical } from '../../../shared/audit/canonical.ts'
import { hashLeaf } from '../../../shared/audit/merkle.ts'
import { rsyslogVersion, SyslogServer } from '../../support/syslog-server.ts'
import { until } from '../../support/until.ts'
import { entriesOf } from '../logs.ts'
import { origin } from '../logs-origin.ts'
import { intent } from '../sample.ts'
import { authority } from './receiver.ts'
import { controls, hostile, records, recordOf } from './samples.ts'
import { World } from './world.ts'

/** RFC 5424 section 6, *Syslog Message Format*, as an expression. */
const name = String.raw`[^\x00-\x20\x7f-\uffff="\]]{1,32}`
const header = String.raw`<(\d{1,3})>1 (\S{20,32}) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32})`
const data = String.raw`((?:\[${name}(?: ${name}="(?:[^"\\\]]|\\["\\\]])*")*\])+)`
const format = new RegExp(`^${header} ${data}(?: (\\uFEFF.*))?$`, 'su')

function parsed(message: string) {
  const [, priority, time, host, app, pid, id, structured, text] = format.exec(message) ?? []
  if (priority === undefined) throw new Error(`is no RFC 5424 message: ${message.slice(0, 300)}`)
  return { priority: Number(priority), time, host, app, pid, id, structured: structured!, text }
}

describe('a message', () => {
  test.each(records)('of %s has the form of RFC 5424, within its limit, and says which entry it is', (_, record) => {
    for (const limit of [2_048, 8_192, 131_072]) {
      const message = syslogMessage(record, limit)
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(limit)
      const { structured } = parsed(message)
      if (record.kind !== 'entry') continue
      expect(structured).toContain(`index="${record.entry.index}"`)
      expect(structured).not.toMatch(/\p{Cc}/u)
      const leaf = Buffer.from(hashLeaf(Buffer.from(canonical(record.entry)))).toString('hex')
      if (limit > 2_048) expect(structured).toContain(`leaf="${leaf}"`)
    }
  })

  test('that fits holds the entry whole behind the byte order mark', () => {
    const record = recordOf(intent())
    const { priority, host, app, id, text } = parsed(syslogMessage(record, 8_192))
    expect({ priority, host, app, id }).toEqual({ priority: 13 * 8 + 6, host: origin, app: 'hoop', id: 'statement.intent' })
    expect(text).toBe(`\uFEFF${record.kind === 'entry' ? canonical(record.entry) : ''}`)
  })

  test('that does not fit is cut, says so, and is still JSON', () => {
    const record = recordOf(hostile[0]!)
    const { structured, text } = parsed(syslogMessage(record, 8_192))
    expect(structured).toContain(' cut="1"]')
    expect(JSON.parse(text!.slice(1))).toMatchObject({ index: 7, statement: { redacted: expect.stringMatching(/^x+\.\.\.$/) as string } })
  })

  test('has its refusals as warnings, and values escaped as section 6.3.3 says', () => {
    const refused = recordOf({ ...intent(), kind: 'decision', decision: { action: 'deny', rule: 'a "b" \\ ]c', policy: 'x' } } as Parameters<typeof recordOf>[0])
    const { priority, structured } = parsed(syslogMessage(refused, 8_192))
    expect(priority).toBe(13 * 8 + 4)
    expect(structured).toContain(String.raw` rule="a \"b\" \\ \]c"`)
  })
})

function sinkTo(port: number, ca: string, more: Partial<SyslogSettings> = {}) {
  const tls = () => Promise.resolve({ ca })
  return createSink({ kind: 'syslog', host: '127.0.0.1', port, tls, maxMessageBytes: 8_192, timeoutMilliseconds: 1_000, ...more }, { origin, version: '0.1.0', now: Date.now })
}

const version = rsyslogVersion()
if (version === undefined) console.warn('skipped: rsyslog is not installed (apt-get install rsyslog rsyslog-openssl)')

describe.skipIf(version === undefined)('a real rsyslog over TLS', () => {
  async function start() {
    const ours = authority()
    const server = await SyslogServer.start(ours.issue('localhost', 'IP:127.0.0.1,DNS:logs.example'), ours.caFile)
    onTestFinished(() => server.stop())
    return { world: await World.start(), server, ours }
  }
  const indexes = (server: SyslogServer) => server.messages.flatMap(({ data }) => /index="(\d+)"/.exec(data)?.[1] ?? []).map(Number)

  test('has each entry, in order, with its JSON and its structured data', { timeout: 60_000 }, async () => {
    const { world, server, ours } = await start()
    await world.audit.append([intent(), ...hostile.slice(0, 3), intent('select \'\u00e9\u{1F600}\'')])
    await world.append(300)
    const exports = await world.open({ logs: sinkTo(server.port, ours.ca) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0 && indexes(server).length >= world.audit.size)
    expect(indexes(server)).toEqual(Array.from({ length: world.audit.size }, (_, i) => i))
    const entries = await entriesOf(world.audit)
    const whole = server.messages.filter(({ data }) => data.includes('index=') && !data.includes('cut="1"'))
    expect(whole.length).toBeGreaterThan(300)
    for (const { data, message, host, app, id, facility } of whole) {
      const entry = entries[Number(/index="(\d+)"/.exec(data)![1])]!
      expect({ host, app, id, facility }).toEqual({ host: origin, app: 'hoop', id: entry.kind, facility: 'audit' })
      expect(message.replace(/^\uFEFF/, '')).toBe(canonical(entry))
    }
  })

  test('that is killed and comes back misses nothing', { timeout: 60_000 }, async () => {
    const { world, server, ours } = await start()
    const exports = await world.open({ logs: sinkTo(server.port, ours.ca) })
    for (let round = 0; round < 4; round++) {
      await world.append(150)
      if (round === 2) await until('a part of it', () => indexes(server).length > 100)
      await server.kill()
      await world.append(50)
      await until('it to be missed', () => exports.status()[0]!.state === 'failing')
      await server.run()
      await until('everything', () => exports.status()[0]!.lagEntries === 0)
    }
    expect([...new Set(indexes(server))].sort((a, b) => a - b)).toEqual(Array.from({ length: world.audit.size }, (_, i) => i))
  })

  test('with another authority\'s certificate, or for another name, gets nothing', async () => {
    const { world, server, ours } = await start()
    await world.append(1)
    const exports = await world.open({
      foreign: sinkTo(server.port, authority().ca),
      name: sinkTo(server.port, ours.ca, { serverName: 'elsewhere.example' }),
      right: sinkTo(server.port, ours.ca, { serverName: 'logs.example' })
    })
    await until('answers', () => exports.status()[2]!.lagEntries === 0 && exports.status().slice(0, 2).every(({ lastError }) => lastError !== undefined))
    expect(exports.status().map(({ lastError }) => lastError?.reason)).toEqual([expect.stringMatching(/SELF_SIGNED|UNABLE_TO/), 'ERR_TLS_CERT_ALTNAME_INVALID', undefined])
  })
})

describe('a receiver that fails', () => {
  async function receiver(behave: (socket: TLSSocket) => void) {
    const ours = authority()
    const { cert, key } = ours.issue('localhost', 'IP:127.0.0.1')
    const server = createServer({ cert, key }, (socket) => {
      socket.on('error', () => undefined)
      behave(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => { server.close() })
    return { port: (server.address() as AddressInfo).port, ca: ours.ca }
  }

  test.each<[string, (socket: TLSSocket) => void, RegExp]>([
    ['closes at once', (socket) => socket.end(), /closed|ECONNRESET|EPIPE/],
    ['resets', (socket) => socket.destroy(), /closed|ECONNRESET|EPIPE/],
    ['reads and never closes', (socket) => {
      socket.allowHalfOpen = true
      socket.resume()
    }, /took too long/],
    ['never reads', (socket) => socket.pause(), /took too long/]
  ])('and %s has received nothing, as far as anybody knows', async (_, behave, reason) => {
    const { port, ca } = await receiver(behave)
    const world = await World.start()
    await world.append(5)
    const exports = await world.open({ logs: sinkTo(port, ca) })
    await until('the reason', () => exports.status()[0]!.lastError !== undefined)
    expect(exports.status()[0]).toMatchObject({ state: 'failing', next: 0, lastError: { reason: expect.stringMatching(reason) as string } })
  })

  test('is sent frames whose counts are their octets', async () => {
    const chunks: Buffer[] = []
    const { port, ca } = await receiver((socket) => { socket.on('data', (chunk: Buffer) => chunks.push(chunk)) })
    const world = await World.start()
    await world.audit.append([intent('select \u00e9 \u{1F600}'), ...hostile.slice(1, 4)])
    const exports = await world.open({ logs: sinkTo(port, ca) })
    await until('everything', () => exports.status()[0]!.lagEntries === 0)
    const bytes = Buffer.concat(chunks)
    let count = 0
    for (let at = 0; at < bytes.length; count++) {
      const space = bytes.indexOf(0x20, at)
      const length = Number(bytes.toString('latin1', at, space))
      parsed(bytes.toString('utf8', space + 1, space + 1 + length))
      at = space + 1 + length
    }
    expect(count).toBeGreaterThanOrEqual(world.audit.size)
  })
})

test('text in other scripts and controls never breaks the header', () => {
  const { host } = parsed(syslogMessage({ ...recordOf(intent()), kind: 'checkpoint', origin: controls, time: '2026-11-25T21:00:00.000Z', checkpoint: { size: 1, note: controls } }, 8_192))
  expect(host).toMatch(/^[\x21-\x7e]+$/)
})
