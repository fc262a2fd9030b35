// The short form of test/twins/run.ts: what the strict policy lets through shows no difference; enough of the rest really does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasServer } from '../support/postgres-server.ts'
import { Directed } from './directed.ts'
import { Generator } from './generator.ts'
import { regressions } from '../masking/postgres/regressions.ts'
import { compare, take } from './run.ts'
import { Twins } from './twins.ts'

const majors = [15, 16, 17, 18].filter((major) => hasServer({ major }))

describe.each(majors)('PostgreSQL %i', (major) => {
  let twins: Twins
  beforeAll(async () => { twins = await Twins.start({ major }) })
  afterAll(() => twins.stop())

  test('random statements', async () => {
    const counts = await compare(twins, take(new Generator(7, major), 1000))
    expect(counts.differing).toEqual([])
    expect(counts.accepted).toBeGreaterThan(0.6 * counts.statements)
    expect(counts.released).toBeGreaterThan(0.3 * counts.statements)
  }, 240_000)

  test('attacks', async () => {
    const counts = await compare(twins, take(new Directed(7, major), 1000))
    expect(counts.differing).toEqual([])
    expect(counts.heldDiffering).toBeGreaterThan(0.25 * counts.held)
  }, 240_000)

  test('what once got through', async () => {
    const counts = await compare(twins, regressions)
    expect(counts).toMatchObject({ differing: [], released: 0 })
  })
})
