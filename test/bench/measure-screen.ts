// What the screen of `hoop connect` costs: pgbench -S through three ports of one gateway, by turns, that differ in how it is told what
// happens: a screen in a terminal, plain lines in another (the reference: what runs in tmux is scheduled with it), events into a pipe.
import { setTimeout as delay } from 'node:timers/promises'
import { measureByTurns, turnFigures, type TurnsBench } from './by-turns.ts'
import { markdownTable, shown } from './figures.ts'
import { hoop, type Path } from './paths.ts'

const [screen, plain, json] = ['the screen', 'plain lines', '--json']

/** @returns the table: medians over rounds of the ratio to plain lines of the same round */
export async function measureScreen(bench: TurnsBench): Promise<string> {
  const programs = await hoop(bench.postgres, false)
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
    const { samples, rows } = await measureByTurns('screen', paths, bench)
    // That it showed all of it, while it did.
    await delay(1_000)
    bench.say((await terminal.screen()).split('\n').slice(-12).join('\n'))
    const ratios = (cellOf: (figure: typeof turnFigures[number]) => string) => [screen, json].flatMap((path) =>
      turnFigures.map((figure) => shown(samples.ratio(path, plain, cellOf(figure)))))
    return markdownTable(['of plain lines', ...[screen, json].flatMap((path) => turnFigures.map((figure) => `${path}: ${figure}`))], rows(ratios))
  } finally {
    await terminal.close()
    await lines.close()
    await programs.stop()
  }
}
