// What every protocol owes, checked against a real server: the same cases for all, one driver each.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../shared/errors.ts'
import { until } from '../support/until.ts'
import type { ProtocolHarness } from './harness.ts'

/** One client connection, in the protocol's own terms. */
export interface ConformanceClient {
  /** Runs one operation. @returns its result as text, or the native error's code */
  run(operation: string): Promise<{ readonly result?: string, readonly error?: string }>
  /** Sends bytes no client may send. */
  sendMalformed(): void
  /** Stops reading, and asks for more than the memory of the gateway should ever hold. */
  askForMuch(): Promise<void>
  /** Everything that came so far, as text. */
  told(): string
  readonly closed: Promise<void>
  close(): Promise<void>
}

export interface ConformanceDriver {
  readonly name: string
  startServer(): Promise<void>
  stopServer(): Promise<void>
  startHarness(): Promise<ProtocolHarness>
  connect(harness: ProtocolHarness): Promise<ConformanceClient>
  /** Runs the operation without the gateway. @returns its result as text, as `run` does */
  direct(operation: string): Promise<string>
  /** Whether an operation with this mark in it has reached the server. */
  reached(mark: string): Promise<boolean>
  /** An operation that returns something and carries the mark. */
  operation(mark: string): string
  readonly codes: Readonly<Record<'denied' | 'auditUnavailable' | 'review_rejected' | 'review_expired', string>>
  /** A harness on a server with a protected column. */
  startMasked(): Promise<ProtocolHarness>
  /** Asks for the protected value in every form there is. @returns where it was found in what came */
  showMasked(harness: ProtocolHarness): Promise<unknown[]>
  /** Uses the protocol's most common client library: pooling, pipelining, prepared statements. */
  useLibrary(harness: ProtocolHarness): Promise<void>
}

const memoryLimitBytes = 64 * 1024 * 1024

export function conformance(driver: ConformanceDriver): void {
  describe(`${driver.name} conforms`, () => {
    let harness: ProtocolHarness
    let client: ConformanceClient
    beforeAll(() => driver.startServer())
    afterAll(() => driver.stopServer())
    beforeEach(async () => {
      harness = await driver.startHarness()
      client = await driver.connect(harness)
    })
    afterEach(async () => {
      await client.close()
      await harness.stop()
    })

    test('1: an allowed operation arrives and its result returns unchanged', async () => {
      const operation = driver.operation('one')
      expect(await client.run(operation)).toEqual({ result: await driver.direct(operation) })
      expect(await driver.reached('one')).toBe(true)
    })

    test('2: a denied operation never reaches the server, and the client gets a native error', async () => {
      harness.gate = () => 'not in this test'
      expect(await client.run(driver.operation('two'))).toEqual({ error: driver.codes.denied })
      expect(await driver.reached('two')).toBe(false)
    })

    test('3: the session lives on after a denial', async () => {
      harness.gate = (operation) => 'text' in operation && operation.text.includes('never') ? 'no' : undefined
      await client.run(driver.operation('never'))
      expect(await client.run(driver.operation('three'))).toEqual({ result: await driver.direct(driver.operation('three')) })
    })

    test('4: nothing reaches the server before the gate has resolved, and an outcome follows', async () => {
      let release!: () => void
      harness.gate = () => new Promise((resolve) => { release = () => resolve(undefined) })
      const running = client.run(driver.operation('four'))
      await until('the gate to be asked', () => harness.asked.length > 0)
      expect(await driver.reached('four')).toBe(false)
      expect(harness.settled).toEqual([])
      release()
      expect(await running).toHaveProperty('result')
      expect(harness.settled.map(({ outcome }) => outcome.status)).toEqual(['ok'])
    })

    test('5: where audit fails, nothing is forwarded and the session ends', async () => {
      harness.failure = new GatewayError('audit_unavailable', 'the audit log cannot be written: ENOSPC')
      expect(await client.run(driver.operation('five'))).toEqual({ error: driver.codes.auditUnavailable })
      await client.closed
      expect(await driver.reached('five')).toBe(false)
    })

    test('6: held then approved runs once; rejected, expired, client gone: never', async () => {
      let decide!: (refusal: GatewayError | undefined) => void
      const holding = () => { harness.hold = () => new Promise((resolve) => { decide = resolve }) }
      holding()
      const approved = client.run(driver.operation('six-approved'))
      await until('the gate to be asked', () => harness.asked.length === 1)
      expect(await driver.reached('six-approved')).toBe(false)
      decide(undefined)
      expect(await approved).toHaveProperty('result')
      expect(harness.settled).toHaveLength(1)
      for (const code of ['review_rejected', 'review_expired'] as const) {
        holding()
        const asked = harness.asked.length
        const refused = client.run(driver.operation(code))
        await until('the gate to be asked', () => harness.asked.length > asked)
        decide(new GatewayError(code, 'no'))
        expect(await refused).toEqual({ error: driver.codes[code] })
        expect(await driver.reached(code)).toBe(false)
      }
      holding()
      const before = harness.asked.length
      client.run(driver.operation('six-gone')).catch(() => undefined)
      await until('the gate to be asked', () => harness.asked.length > before)
      await client.close()
      decide(undefined)
      await until('the connection to be over', () => harness.open === 0)
      expect(await driver.reached('six-gone')).toBe(false)
    })

    test('7: the client is told that it waits', async () => {
      let release!: () => void
      harness.hold = () => new Promise((resolve) => { release = () => resolve(undefined) })
      const running = client.run(driver.operation('seven'))
      await until('the client to be told', () => client.told().includes('r'.repeat(26)))
      release()
      expect(await running).toHaveProperty('result')
    })

    test('8: a masked value reaches the client in no form', async () => {
      const masked = await driver.startMasked()
      try {
        expect(await driver.showMasked(masked)).toEqual([])
      } finally {
        await masked.stop()
      }
    })

    test('9: a malformed message ends its session, not the process and not the others', async () => {
      const other = await driver.connect(harness)
      client.sendMalformed()
      await client.closed
      await until('the end to be told', () => harness.ends.length > 0)
      expect(harness.ends[0]?.code).toBe('protocol_violation')
      expect(await other.run(driver.operation('nine'))).toHaveProperty('result')
      await other.close()
    })

    test('10: a killed session closes both sides', async () => {
      harness.kill(new GatewayError('session_ended', 'ended by an administrator'))
      await client.closed
      await until('the connection to be over', () => harness.open === 0)
      expect(harness.ends[0]?.code).toBe('session_ended')
    })

    test('11: a large result to a slow reader takes bounded memory', async () => {
      const before = process.memoryUsage().rss
      await client.askForMuch()
      let most = before
      const end = performance.now() + 1_500
      await until('a while of not reading', () => {
        most = Math.max(most, process.memoryUsage().rss)
        return performance.now() > end
      })
      expect(most - before).toBeLessThan(memoryLimitBytes)
    })

    test('12: a native library works: pooling, pipelining, prepared statements', async () => {
      await driver.useLibrary(harness)
    })
  })
}
