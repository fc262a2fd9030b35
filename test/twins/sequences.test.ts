// The short form of the sequences of test/twins/run.ts: what one statement leaves behind tells no other of a protected value.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasServer } from '../support/postgres-server.ts'
import { simple } from './steps.ts'
import { SequenceGenerator } from './sequence-generator.ts'
import { SequenceTwins } from './sequence.ts'
import { compareSequences, differs, isExplained } from './sequences.ts'
import { told } from './told.ts'

// One old and one new: the long form takes any.
const majors = [15, 18].filter((major) => hasServer({ major }))
const count = 12

describe.each(majors)('PostgreSQL %i', (major) => {
  let twins: SequenceTwins
  beforeAll(async () => { twins = await SequenceTwins.start({ major }) }, 120_000)
  afterAll(() => twins.stop())

  test('random sequences of two people on three connections', async () => {
    const generator = new SequenceGenerator(11)
    const counts = await compareSequences(twins, Array.from({ length: count }, () => generator.sequence()), 4)
    expect(counts.differing).toEqual([])
    expect(counts.released).toBeGreaterThan(0.5 * counts.steps)
    expect(counts.heldDiffering).toBeGreaterThan(0.25 * counts.held)
  }, 240_000)

  // What each rests on is the gateway's, whatever the server's version.
  if (major === majors[0]) test.each(told)('$how', async ({ steps, held }) => {
    const run = await twins.run(steps, 'strict', true)
    expect(run.map(([a, b]) => a.lines.join('\n') === b.lines.join('\n'))).toEqual(steps.map(() => true))
    if (held !== undefined) expect(run[held]!.map(({ released }) => released)).toEqual([false, false])
  }, 60_000)

  test('what a statement with a flag leaves behind shows, and is explained by it alone', async () => {
    const steps = [
      simple('alice', 'UPDATE clinic.patients SET city = \'found\' WHERE ssn = \'100-00-7919\''),
      simple('bob', 'SELECT id, city FROM clinic.patients ORDER BY id')
    ]
    const run = await twins.run(steps, 'default', true)
    expect(run.map((shown) => differs(shown))).toEqual([true, true])
    expect(isExplained(run, 1, steps)).toBe(true)
    const [flagged, after] = run as [typeof run[number], typeof run[number]]
    const unflagged = flagged.map((shown) => ({ ...shown, flags: [] })) as unknown as typeof flagged
    expect(isExplained([unflagged, after], 1, steps)).toBe(false)
    expect(isExplained([flagged.map((shown) => ({ ...shown, acts: false })) as unknown as typeof flagged, after], 1, steps)).toBe(false)
  })
})
