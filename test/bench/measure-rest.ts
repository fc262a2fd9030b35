// Connection set-up, idle sessions, start-up of the command line.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { WireClient } from '../support/wire.ts'
import { connectionSetUp } from './bulk.ts'
import { median, shuffled } from './figures.ts'
import type { BenchContext } from './measure-load.ts'
import { benchDatabase, benchUser } from './pgbench.ts'
import { rssBytes } from './usage.ts'

const run = promisify(execFile)
const connectionsPerRound = 20
const idleSessions = 100

export async function measureRest({ paths, hoops, samples, rounds, say }: BenchContext): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const path of shuffled(paths, Math.random)) {
      const taken: number[] = []
      for (let n = 0; n < connectionsPerRound; n++) taken.push(await connectionSetUp(path))
      samples.add({ path: path.name, cell: 'connection set-up, ms', round, value: median(taken) })
    }
    const hoop = hoops[0]!.gateway.hoop
    for (const [cell, args] of [['node -e 0', ['-e', '0']], ['hoop --help', [hoop, '--help']]] as const) {
      samples.add({ path: 'start-up', cell, round, value: await startUp(args) })
    }
  }
  say('set-up: done')

  for (const { name, gateway, pids } of hoops) {
    const gatewayPid = pids.at(-1)!
    const before = rssBytes(gatewayPid)
    const clients: WireClient[] = []
    // A session each, as a hundred people would have.
    for (let n = 0; n < idleSessions; n++) {
      const stream = await gateway.connect('alice', 'bench')
      clients.push(await WireClient.open(stream, { user: benchUser, database: benchDatabase }))
    }
    const after = rssBytes(gatewayPid)
    samples.add({ path: name, cell: `gateway with ${idleSessions} idle sessions, MB`, round: 0, value: after / 1e6 })
    samples.add({ path: name, cell: 'an idle session, KB', round: 0, value: (after - before) / idleSessions / 1e3 })
    for (const client of clients) await client.close()
  }
  say('idle sessions: done')
}

/** Milliseconds, median of five. */
async function startUp(args: readonly string[]): Promise<number> {
  const taken: number[] = []
  for (let n = 0; n < 5; n++) {
    const begin = performance.now()
    // The variable adds 55 ms to every start of Node 20.
    await run(process.execPath, args, { env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined } })
    taken.push(performance.now() - begin)
  }
  return median(taken)
}
