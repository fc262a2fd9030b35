// Recordings of real clients, played through the gateway with columns protected: what touches nothing protected brings the very bytes that
// the server itself sends, and those of a server whose protected values are others.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holds, passes, readRecordings, type Recorded } from '../masking/postgres/recorded.ts'
import { appPassword, Clinic, play, type Played } from '../masking/postgres/replay.ts'
import { protectedComment, protectedPatterns } from '../masking/postgres/schema.ts'
import { TestGateway } from '../support/gateway.ts'
import type { TestPort } from '../support/person.ts'
import { hasServer } from '../support/postgres-server.ts'
import { serverLine, type TestFrame } from '../support/trace.ts'
import { WireClient } from '../support/wire.ts'

const begins = /^\s*(?:BEGIN|START TRANSACTION)\b/i
const ends = /^\s*(?:COMMIT|END|ROLLBACK(?!\s+(?:WORK\s+|TRANSACTION\s+)?TO\b))\b/i

/**
 * What the gateway would hold, and with it the transaction around: it is run on the server straight, so that what comes after finds the
 * same database.
 */
function beside(statements: readonly Recorded[]): Set<Recorded> {
  const found = new Set<Recorded>()
  let transaction: Recorded[] | undefined
  for (const recorded of statements) {
    if (begins.test(recorded.text)) transaction = []
    const around = transaction ?? []
    around.push(recorded)
    if (transaction !== undefined && !ends.test(recorded.text)) continue
    if (around.some(holds)) for (const one of around) found.add(one)
    transaction = undefined
  }
  return found
}

/** For people to read when it fails. */
function difference({ recorded, frames }: Played, other: readonly TestFrame[]): string {
  const lines = (some: readonly TestFrame[]) => some.slice(0, 4).map((frame) => serverLine(frame).slice(0, 300))
  return [recorded.text.slice(0, 300), ...lines(frames).map((line) => `  direct  ${line}`), ...lines(other).map((line) => `  through ${line}`)].join('\n')
}

const bytesOf = (frames: readonly TestFrame[]) => Buffer.concat(frames.map(({ bytes }) => bytes))

describe.skipIf(!hasServer({ major: 15 }))('what real clients send (needs PostgreSQL 15, on which it was recorded)', () => {
  let [direct, behind]: Clinic[] = []
  let gateway: TestGateway
  let port: TestPort

  beforeAll(async () => {
    [direct, behind] = await Promise.all([Clinic.start('a', { major: 15 }), Clinic.start('b', { major: 15 })])
    gateway = await TestGateway.start({
      targets: { clinic: { address: behind!.server.address, database: 'clinic', credential: { user: 'app', password: appPassword } } },
      sections: { protect: [{ name: 'people', columns: protectedPatterns, comment: protectedComment }], masking: { lookups: { distinct: 1000, per: '1h' } } }
    })
    port = await gateway.openPort('alice', 'clinic')
  }, 120_000)
  afterAll(async () => {
    await gateway?.stop()
    await Promise.all([direct?.stop(), behind?.stop()])
  })

  test.each(readRecordings())('$client: what touches nothing protected is as the server says, byte for byte', async (recording) => {
    await Clinic.align(direct!, behind!)
    await Promise.all([direct!.renew(), behind!.renew()])
    const straight = play(recording, () => Promise.resolve(direct!.address), await direct!.named())
    const aside = new Set(recording.connections.flatMap(({ statements }) => [...beside(statements)]))
    const others: WireClient[] = []
    let unseen = false
    const { host } = port
    const through = play(recording, () => Promise.resolve({ host, port: port.port }), await behind!.named(), async (recorded, wire) => {
      if (!aside.has(recorded)) {
        // What others change is noticed within a second, what the session itself changes at once.
        if (unseen) expect((await wire.ask('COMMENT ON TABLE clinic.rooms IS NULL')).error).toBeUndefined()
        unseen = false
        return undefined
      }
      unseen = true
      if (others.length === 0) others.push(await WireClient.open(behind!.address, { user: 'app', database: 'clinic' }))
      return others[0]
    })
    const [expected, got] = await Promise.all([straight, through])
    for (const other of others) await other.close()
    const compared = expected.flatMap(({ recorded }, at) => {
      return passes(recorded) && recorded.varies === undefined && !aside.has(recorded) ? [at] : []
    })
    const differing = compared.filter((at) => !bytesOf(expected[at]!.frames).equals(bytesOf(got[at]!.frames)))
    expect(differing.map((at) => difference(expected[at]!, got[at]!.frames))).toEqual([])
    expect(compared.length).toBeGreaterThan(0.7 * expected.length)
  }, 60_000)
})
