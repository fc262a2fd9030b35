// Connection set-up, idle sessions, start-up of the command line.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { WireClient } from '../support/wire.ts'
import { connectionSetUp } from './bulk.ts'
import { median, shuffled } from './figures.ts'
import type { BenchContext } from './measure-load.ts'
import { hoop } from './paths.ts'
import { benchDatabase, benchUser } from './pgbench.ts'
import { rssBytes } from './usage.ts'

const run = promisify(execFile)
const connectionsPerRound = 20
const idleSessions = 100
/** What one session takes is the slope from there to here: the first hundred pay for what is compiled and grown once. */
const manySessions = 300

export async function measureRest({ postgres, paths, hoops, samples, rounds, say }: BenchContext): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const path of shuffled(paths, Math.random)) {
      const taken: number[] = []
      for (let n = 0; n < connectionsPerRound; n++) taken.push(await connectionSetUp(path))
      samples.add({ path: path.name, cell: 'connection set-up, ms', round, value: median(taken) })
    }
    const program = hoops[0]?.gateway.hoop
    const starts = [['node -e 0', ['-e', '0']], ...(program === undefined ? [] : [['hoop --help', [program, '--help']] as const])] as const
    for (const [cell, args] of starts) {
      samples.add({ path: 'start-up', cell, round, value: await startUp(args) })
    }
  }
  say('set-up: done')

  // Gateways of their own: in one that has worked, what sessions take is hidden by what the garbage collector has not given back.
  for (const { name, tls } of hoops) {
    const { gateway, pids, stop } = await hoop(postgres, tls)
    try {
      const clients: WireClient[] = []
      // A session each, as a hundred people would have.
      const open = async (count: number) => {
        for (let n = 0; n < count; n++) {
          clients.push(await WireClient.open(await gateway.connect('alice', 'bench'), { user: benchUser, database: benchDatabase }))
        }
        return rssBytes(pids.at(-1)!)
      }
      const few = await open(idleSessions)
      const many = await open(manySessions - idleSessions)
      samples.add({ path: name, cell: `gateway with ${idleSessions} idle sessions, MB`, round: 0, value: few / 1e6 })
      samples.add({ path: name, cell: 'an idle session, KB', round: 0, value: (many - few) / (manySessions - idleSessions) / 1e3 })
      for (const client of clients) await client.close()
    } finally {
      await stop()
    }
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
