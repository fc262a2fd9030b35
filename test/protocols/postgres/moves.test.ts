import { expect, test } from 'vitest'
import { altersInPlace } from '../../../server/protocols/postgres/moves.ts'
import { loadParser, majors } from '../../../server/sql/postgres/parser.ts'

test.each(majors)('as PostgreSQL %i reads it: which statements alter a table in place', async (major) => {
  const parser = await loadParser(major)
  const altered = (sql: string) => {
    const parsed = parser.parse(sql)
    return parsed.type === 'tree' && parsed.statements.length === 1 ? altersInPlace(parsed.statements[0]!.tree) : undefined
  }
  for (const sql of [
    'ALTER TABLE t RENAME a TO b',
    'ALTER TABLE t RENAME TO u',
    'ALTER TABLE t SET SCHEMA s',
    'ALTER TABLE t ADD COLUMN a int',
    'ALTER TABLE t DROP COLUMN a',
    'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u',
    'ALTER TABLE t ADD CHECK (a > 0)',
    'ALTER TABLE t ALTER a SET NOT NULL, ADD COLUMN b int',
    'ALTER TABLE t ATTACH PARTITION u DEFAULT',
    'ALTER TABLE t INHERIT u',
    'ALTER TABLE t ENABLE TRIGGER ALL',
    'ALTER VIEW t ALTER a SET DEFAULT 1',
    'ALTER FOREIGN TABLE t ALTER a SET NOT NULL',
    'CREATE TABLE t (a int)',
    'SELECT 1'
  ]) expect(altered(sql), sql).toBeUndefined()
  for (const change of ['ALTER a SET DEFAULT 1', 'ALTER a DROP DEFAULT', 'ALTER a SET NOT NULL', 'ALTER a DROP NOT NULL', 'ALTER a TYPE text USING b', 'ADD UNIQUE (a)', 'ALTER a DROP DEFAULT, ALTER b TYPE int']) {
    expect(altered(`ALTER TABLE t ${change}`), change).toBe('["","t"]')
  }
  expect(altered('ALTER TABLE "S"."T" ALTER a DROP NOT NULL')).toBe('["S","T"]')
})
