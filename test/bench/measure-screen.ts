// What the screen of `hoop connect` costs: pgbench -S through three ports of one gateway, by turns, that differ in how it is told what
// happens: a screen in a terminal, plain lines in another (the reference: what runs in tmux is scheduled with it), events into a pipe.
import { setTimeout as delay } from 'node:timers/promises'
import type { TestPostgres } from '../support/postgres.ts'
import { markdownTable, Samples, shown, shuffled } from './figures.ts'
import { cell, clientCounts, modes } from './measure-load.ts'
import { hoop, type Path } from './paths.ts'
import { pgbench } from './pgbench.ts'

const [screen, plain, json] = ['the screen', 'plain lines', '--json']
const figures = ['TPS', 'p50', 'CPU'] as const

export interface ScreenBench {
  readonly postgres: TestPostgres
  readonly rounds: number
  readonly seconds: number
  readonly clients: readonly number[] | undefined
  readonly say: (line: string) => void
}

/** @returns the table: medians over rounds of the ratio to plain lines of the same round */
export async function measureScreen({ postgres, rounds, seconds, clients: counts = clientCounts, say }: ScreenBench): Promise<string> {
  const samples = new Samples()
  const programs = await hoop(postgres, false)
  const alice = await programs.gateway.person('alice')
  const gateway = await programs.gateway.pid
  const terminal = await alice.terminal(['connect', 'bench', '--port', '0'], { columns: 120, rows: 50 })
  const lines = await alice.terminal(['connect', 'bench', '--port', '0'], { columns: 120, rows: 50, env: { TERM: 'dumb' } })
  const portIn = (text: string) => Number(/@127\.0\.0\.1:(\d+)\//.exec(text)![1])
  try {
    const paths: Path[] = [
      { ...programs, name: json },
      { ...programs, name: screen, port: portIn(await terminal.see(/q quits/)), pids: [await terminal.pid(), gateway] },
      { ...programs, name: plain, port: portIn(await lines.see(/Ctrl-C closes it/)), pids: [await lines.pid(), gateway] }
    ]
    for (let round = 0; round < rounds; round++) {
      for (const [mode, clients] of shuffled(modes.flatMap((each) => counts.map((count) => [each, count] as const)), Math.random)) {
        for (const path of shuffled(paths, Math.random)) {
          const { tps, p50, cpu } = await pgbench(path, { mode, clients, seconds, pids: path.pids })
          for (const [figure, value] of [['TPS', tps], ['p50', p50], ['CPU', cpu]] as const) {
            samples.add({ path: path.name, cell: cell(mode, clients, figure), round, value })
          }
        }
      }
      say(`screen: round ${round + 1} of ${rounds}`)
    }
    // That it showed all of it, while it did.
    await delay(1_000)
    say((await terminal.screen()).split('\n').slice(-12).join('\n'))
  } finally {
    await terminal.close()
    await lines.close()
    await programs.stop()
  }
  return markdownTable(['of plain lines', ...[screen, json].flatMap((path) => figures.map((figure) => `${path}: ${figure}`))], modes.flatMap((mode) => counts.map((clients) => [
    `${mode}, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    ...[screen, json].flatMap((path) => figures.map((figure) => shown(samples.ratio(path, plain, cell(mode, clients, figure)))))
  ])))
}
