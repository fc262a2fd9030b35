// The table of PostgreSQL's own functions against the servers that are here.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { steadyNames } from '../../../server/sql/postgres/builtins.ts'
import { functionsOf } from '../../../server/sql/postgres/functions.ts'
import { TestPostgres } from '../../support/postgres.ts'

const query = `
  SELECT proname AS name FROM pg_proc
  WHERE pronamespace = 'pg_catalog'::regnamespace AND NOT ('internal'::regtype = ANY (proargtypes::oid[])) AND prorettype NOT IN
    (SELECT oid FROM pg_type WHERE typname IN ('trigger', 'event_trigger', 'internal') OR typname LIKE '%\\_handler')
  GROUP BY 1 HAVING bool_and(provolatile <> 'v') ORDER BY 1`

describe('on a real server', () => {
  let server: TestPostgres
  let major: number
  beforeAll(async () => {
    server = await TestPostgres.start()
    const [row] = await server.query('SELECT current_setting(\'server_version_num\')::int / 10000 AS major')
    major = Number((row as { major: number }).major)
  })
  afterAll(() => server?.stop())

  test('the steady functions are those in the table', async () => {
    const rows = (await server.query(query)) as { name: string }[]
    expect(rows.map(({ name }) => name)).toEqual([...steadyNames(major)].sort())
  })

  test('a volatile function has an effect, a flag or a reviewed place in the table', async () => {
    const rows = (await server.query(`SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v'
      AND NOT ('internal'::regtype = ANY (proargtypes::oid[]))`)) as { name: string }[]
    const look = functionsOf(major)
    const harmless = rows.map(({ name }) => name).filter((name) => look([name]).effects.length === 0)
    expect(harmless.length).toBeGreaterThan(40)
    // Neither writes, nor signals, nor reads files, whatever else may be added to the reviewed list.
    expect(harmless.filter((name) => /^(lo_|pg_(read|ls|terminate|cancel|reload|create|drop|switch|promote|replication_slot))|reset|import|^(nextval|setval)/.test(name)))
      .toEqual([])
  })

  test('EXPLAIN evaluates no volatile function', async () => {
    await server.query('CREATE SEQUENCE IF NOT EXISTS watched')
    const before = await server.query('SELECT last_value, is_called FROM watched')
    await server.query('EXPLAIN SELECT nextval(\'watched\')')
    expect(await server.query('SELECT last_value, is_called FROM watched')).toEqual(before)
  })
})
