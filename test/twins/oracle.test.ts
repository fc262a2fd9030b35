// The analysis against the server's own reading of random statements: what depends on a protected column there, does so here.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Label } from '../../server/masking/postgres/finding.ts'
import { connect } from '../masking/postgres/world.ts'
import { hasServer } from '../support/postgres-server.ts'
import { Directed } from './directed.ts'
import { Generator } from './generator.ts'
import { ask, oracleSettings } from './oracle.ts'
import { take } from './run.ts'
import { strict, Twins } from './twins.ts'

const majors = [15, 16, 17, 18].filter((major) => hasServer({ major }))
const count = Number(process.env.ORACLE_STATEMENTS ?? 400)

describe.each(majors)('PostgreSQL %i', (major) => {
  let [twins, client]: [Twins?, pg.Client?] = []
  beforeAll(async () => {
    twins = await Twins.start({ major })
    client = await connect(twins.server, 'twin_a')
    await client.query(oracleSettings)
  })
  afterAll(async () => {
    await client?.end()
    await twins?.stop()
  })

  test.each([['random', new Generator(5, major)], ['directed', new Directed(5, major)]] as const)('%s statements', async (_, source) => {
    let [columns, needless, asked] = [0, 0, 0]
    const unsound: string[] = []
    for (const sql of take(source, count)) {
      const opinion = await ask(client!, sql, twins!.world)
      const judged = opinion === undefined ? undefined : twins!.judge(sql, strict)
      if (opinion === undefined || judged === undefined || judged.finding.opaque.length > 0) continue
      const { finding } = judged
      asked++
      // IS NULL and count() leave a value clean, and say so.
      const declassified = new Set(finding.flows.filter(({ kind }) => kind === 'null').flatMap(({ labels }) => [...labels]))
      if ((finding.columns ?? []).length !== opinion.columns.length) unsound.push(`${finding.columns?.length} columns for ${opinion.columns.length}: ${sql}`)
      for (const [at, labels] of opinion.columns.entries()) {
        const found = finding.columns?.[at]?.labels ?? new Set<Label>()
        columns++
        if ([...labels].some((label) => !found.has(label) && !declassified.has(label))) unsound.push(`column ${at + 1}: ${sql}`)
        if (labels.size === 0 && found.size > 0) needless++
      }
      const flowing = new Set(finding.flows.flatMap(({ labels }) => [...labels]))
      if ([...opinion.rows].some((label) => !flowing.has(label))) unsound.push(`rows: ${sql}`)
    }
    expect(unsound).toEqual([])
    expect(asked).toBeGreaterThan(count / 4)
    // The oracle does not look into materialized views, windows and changes in WITH.
    expect(needless).toBeLessThanOrEqual(columns / 20)
  }, 600_000)
})
