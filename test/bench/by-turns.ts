// Paths that differ in one thing, measured by turns: each kind of load through all of them, in a shuffled order, round after round.
import { Samples, shuffled } from './figures.ts'
import type { TestPostgres } from '../support/postgres.ts'
import { cell, clientCounts, modes } from './measure-load.ts'
import type { Path } from './paths.ts'
import { pgbench } from './pgbench.ts'

export const turnFigures = ['TPS', 'p50', 'CPU'] as const
type TurnFigure = typeof turnFigures[number]

export interface TurnsBench {
  readonly postgres: TestPostgres
  readonly rounds: number
  readonly seconds: number
  readonly clients: readonly number[] | undefined
  readonly say: (line: string) => void
}

export interface Turns {
  /** One row of a table for each kind of load: its name, and what is told of it. */
  rows(tell: (cellOf: (figure: TurnFigure) => string) => readonly string[]): string[][]
  readonly samples: Samples
}

export async function measureByTurns(
  what: string,
  paths: readonly Path[],
  { rounds, seconds, clients: counts = clientCounts, say }: Omit<TurnsBench, 'postgres'>
): Promise<Turns> {
  const samples = new Samples()
  const loads = modes.flatMap((mode) => counts.map((clients) => ({ mode, clients })))
  for (let round = 0; round < rounds; round++) {
    for (const { mode, clients } of shuffled(loads, Math.random)) {
      for (const path of shuffled(paths, Math.random)) {
        const { tps, p50, cpu } = await pgbench(path, { mode, clients, seconds, pids: path.pids })
        for (const [figure, value] of [['TPS', tps], ['p50', p50], ['CPU', cpu]] as const) {
          samples.add({ path: path.name, cell: cell(mode, clients, figure), round, value })
        }
      }
    }
    say(`${what}: round ${round + 1} of ${rounds}`)
  }
  return {
    samples,
    rows: (tell) => loads.map(({ mode, clients }) => [
      `${mode}, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
      ...tell((figure) => cell(mode, clients, figure))
    ])
  }
}
