// The twins at work: `npx tsx test/twins/run.ts --seed 1 --random 2000 --directed 2000`. Prints counts, and every statement that is let
// through and tells the twins apart; exits with 1 if there is one.
import { parseArgs } from 'node:util'
import { Directed } from './directed.ts'
import { Generator } from './generator.ts'
import { lenient, strict, Twins } from './twins.ts'
import type { World } from '../../server/masking/postgres/world.ts'

export interface Counts {
  statements: number
  /** Of the statements, those the server runs on either twin. */
  accepted: number
  /** Let through under the strict policy. */
  released: number
  /** Let through under the default policy besides, with a flag. */
  flagged: number
  flaggedDiffering: number
  held: number
  heldDiffering: number
  readonly differing: string[]
}

/** @param hold whether held statements are run, too, to see that they had to be */
export async function compare(twins: Twins, statements: Iterable<string>, world: World = twins.world, hold = true): Promise<Counts> {
  const counts: Counts = {
    statements: 0,
    accepted: 0,
    released: 0,
    flagged: 0,
    flaggedDiffering: 0,
    held: 0,
    heldDiffering: 0,
    differing: []
  }
  for (const sql of statements) {
    counts.statements++
    const judged = twins.judge(sql, strict, world)
    if (judged === undefined) continue
    const { verdict } = judged
    const released = verdict.action === 'allow'
    if (!released && !hold) continue
    const cells = verdict.cells
    const [a, b] = await twins.show(sql, cells)
    const accepted = [a, b].some(({ error }) => error === undefined || !/^42/.test(error))
    if (!accepted) continue
    counts.accepted++
    const same = JSON.stringify(a) === JSON.stringify(b)
    if (released) {
      counts.released++
      if (!same && await twins.differs(sql, cells)) counts.differing.push(sql)
      continue
    }
    const flagged = twins.judge(sql, lenient, world)!.verdict
    if (flagged.action === 'allow') {
      counts.flagged++
      if (!same) counts.flaggedDiffering++
      if (flagged.flags.length === 0) counts.differing.push(`without a flag: ${sql}`)
    } else {
      counts.held++
      if (!same) counts.heldDiffering++
    }
  }
  return counts
}

export function take(source: { statement(): string }, count: number): string[] {
  return Array.from({ length: count }, () => source.statement())
}

if (process.argv[1]?.endsWith('run.ts') === true) {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, random: { type: 'string' }, directed: { type: 'string' }, major: { type: 'string' } } })
  const seed = Number(values.seed ?? 1)
  const twins = await Twins.start(values.major === undefined ? {} : { major: Number(values.major) })
  try {
    const runs = [['random', new Generator(seed), Number(values.random ?? 2000)], ['directed', new Directed(seed), Number(values.directed ?? 2000)]] as const
    for (const [name, source, count] of runs) {
      const counts = await compare(twins, take(source, count))
      const { differing, ...numbers } = counts
      console.log(`${name} (seed ${seed}, PostgreSQL ${twins.world.catalog.major}): ${Object.entries(numbers).map(([what, number]) => `${what} ${number}`).join(', ')}, differing ${differing.length}`)
      for (const sql of differing) console.log(`  ${sql}`)
      if (differing.length > 0) process.exitCode = 1
    }
  } finally {
    await twins.stop()
  }
}
