// The twins at work: `npx tsx test/twins/run.ts --seed 1 --random 2000 --directed 2000 --sequences 200`. Prints counts, and every
// statement or sequence that is let through and tells the twins apart; exits with 1 if there is one.
import { parseArgs } from 'node:util'
import { Directed } from './directed.ts'
import { Generator } from './generator.ts'
import { SequenceGenerator } from './sequence-generator.ts'
import { SequenceTwins } from './sequence.ts'
import { compareSequences } from './sequences.ts'
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
  const { values } = parseArgs({ options: { seed: { type: 'string' }, random: { type: 'string' }, directed: { type: 'string' }, sequences: { type: 'string' }, major: { type: 'string' } } })
  const seed = Number(values.seed ?? 1)
  const options = values.major === undefined ? {} : { major: Number(values.major) }
  const report = (name: string, major: number, { differing, ...numbers }: { readonly differing: readonly string[] }) => {
    console.log(`${name} (seed ${seed}, PostgreSQL ${major}): ${Object.entries(numbers).map(([what, number]) => `${what} ${number}`).join(', ')}, differing ${differing.length}`)
    for (const found of differing) console.log(`  ${found}`)
    if (differing.length > 0) process.exitCode = 1
  }
  const twins = await Twins.start(options)
  try {
    const runs = [['random', new Generator(seed, twins.world.catalog.major), Number(values.random ?? 2000)], ['directed', new Directed(seed, twins.world.catalog.major), Number(values.directed ?? 2000)]] as const
    for (const [name, source, count] of runs) {
      report(name, twins.world.catalog.major, await compare(twins, take(source, count)))
    }
  } finally {
    await twins.stop()
  }
  const sequences = await SequenceTwins.start(options)
  try {
    const generator = new SequenceGenerator(seed)
    report('sequences', sequences.major, await compareSequences(sequences, Array.from({ length: Number(values.sequences ?? 200) }, () => generator.sequence()), 4))
  } finally {
    await sequences.stop()
  }
}
