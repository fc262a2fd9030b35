// What a client receives through hoop is what it would have received from the server: the same script, run direct and through hoop on
// servers made alike, brings the same bytes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestGateway } from '../support/gateway.ts'
import { TestPostgres } from '../support/postgres.ts'
import { reportFields, serverLine, type TestFrame } from '../support/trace.ts'
import { WireClient, type WireAddress } from '../support/wire.ts'
import { failing } from './transparency/errors.ts'
import type { Exchange } from './transparency/exchange.ts'
import { script } from './transparency/script.ts'

/** Alike: the same programs make the same catalog, and the same statements in the same order take the same object ids. */
async function startServer(): Promise<TestPostgres> {
  const postgres = await TestPostgres.start({
    // With client_min_messages at debug, a client would also see what the server logs about it, durations included.
    logStatements: false,
    settings: { max_prepared_transactions: '5', shared_buffers: '64MB' },
    hba: 'host all app 127.0.0.1/32 trust'
  })
  await postgres.query('CREATE ROLE app LOGIN PASSWORD \'app-password\'')
  await postgres.query('CREATE DATABASE script OWNER app')
  return postgres
}

const startup = { user: 'app', database: 'script', parameters: { application_name: 'transparency' } }

/** What each exchange of the script brought. */
type Run = readonly { readonly exchange: Exchange, readonly frames: readonly TestFrame[] }[]

async function runScript(to: WireAddress, postgres: TestPostgres): Promise<Run> {
  const client = await WireClient.open(to, startup)
  const run = [{ exchange: login, frames: [...client.frames] }]
  for (const exchange of script.flatMap(({ exchanges }) => exchanges)) {
    const frames: TestFrame[] = []
    for (const { elsewhere, send, until, count } of exchange.steps) {
      if (elsewhere !== undefined) await postgres.query(elsewhere, { database: 'script' })
      if (send.length > 0) client.send(...send)
      frames.push(...await client.until(until, count).catch((error: Error) => {
        throw new Error(`in "${exchange.name}": ${error.message}`)
      }))
    }
    run.push({ exchange, frames })
  }
  await client.close()
  return run
}
const login: Exchange = { name: 'the login', steps: [] }

/**
 * The bytes that count. Two things differ between any two runs, hoop or not, and are blanked:
 * the key of BackendKeyData, and the process id in front of a NotificationResponse.
 */
function comparable({ type, bytes }: TestFrame): Buffer {
  if (type === 'K') return Buffer.concat([bytes.subarray(0, 1), Buffer.from('key')])
  if (type === 'A') return Buffer.concat([bytes.subarray(0, 5), Buffer.alloc(4), bytes.subarray(9)])
  return bytes
}
const bytesOf = (frames: readonly TestFrame[]) => Buffer.concat(frames.map(comparable))

/**
 * What is different through hoop on purpose, by exchange. Everything else is the same, and these are different: both are checked.
 */
const onPurpose: Readonly<Record<string, string>> = {
  // The upstream connection is named after hoop's session, so that the database's own log can be set beside the audit log.
  // The client's own name is what it is told at login, and what counts from the moment it sets one itself.
  'SELECT 1; SELECT \'two\', 2;; SELECT 3 WHERE false; UPDATE tx SET n = n; SHOW application_name': 'application_name'
}

/** Exchanges whose bytes differ, as traces side by side: for people to read when it fails. */
function differences(left: Run, right: Run): string[] {
  return left.flatMap(({ exchange, frames }, index) => {
    const others = right[index]!.frames
    if (bytesOf(frames).equals(bytesOf(others))) return []
    return [[`"${exchange.name}"`, ...frames.slice(0, 20).map((frame) => `  first  ${serverLine(frame)}`), ...others.slice(0, 20).map((frame) => `  second ${serverLine(frame)}`)].join('\n')]
  })
}

describe('transparency', () => {
  let servers: TestPostgres[]
  let direct: Run
  beforeAll(async () => {
    servers = await Promise.all([startServer(), startServer(), startServer()])
    direct = await runScript({ host: '127.0.0.1', port: servers[0]!.port }, servers[0]!)
  })
  afterAll(() => Promise.all(servers.map((server) => server.stop())))

  test('the script is long, and brings about what it says', () => {
    expect(direct.length).toBeGreaterThan(300)
    const wrong = failing.flatMap(({ sqlstate, exchange }) => {
      const error = direct.find((ran) => ran.exchange === exchange)!.frames.find(({ type }) => type === 'E')
      const got = error === undefined ? 'no error' : reportFields(error).C
      return got === sqlstate ? [] : [`${exchange.name}: ${got}, not ${sqlstate}`]
    })
    expect(wrong).toEqual([])
    // Every kind of message a server sends to an ordinary client occurs, but FunctionCallResponse, CopyBothResponse and
    // NegotiateProtocolVersion, which no statement brings.
    const types = new Set(direct.flatMap(({ frames }) => frames.map(({ type }) => type)))
    expect([...types].sort().join('')).toBe('123ACDEGHIKNRSTZcdnst')
  })

  test('two direct runs bring the same bytes: what differs through hoop is hoop\'s doing', async () => {
    const again = await runScript({ host: '127.0.0.1', port: servers[1]!.port }, servers[1]!)
    expect(differences(direct, again)).toEqual([])
  })

  test('through hoop: local port, WebSocket, gateway, and the same bytes', async () => {
    const gateway = await TestGateway.start({
      targets: { script: { address: servers[2]!.address, database: 'script', credential: { user: 'app', password: 'app-password' } } }
    })
    try {
      const { host, port } = await gateway.openPort('alice', 'script')
      const through = await runScript({ host, port }, servers[2]!)
      const purposes = Object.keys(onPurpose)
      const isMeant = ({ exchange }: Run[number]) => purposes.includes(exchange.name)
      expect(differences(direct.filter((ran) => !isMeant(ran)), through.filter((ran) => !isMeant(ran)))).toEqual([])
      expect(differences(direct.filter(isMeant), through.filter(isMeant))).toHaveLength(purposes.length)
    } finally {
      await gateway.stop()
    }
  }, 120_000)
})
