// Prints what it costs to read a catalog, to see whether it changed, and to close the protected columns over it: 1,000 and 10,000 tables.
// Run with: npx tsx test/bench/catalog.ts [majors]
import { protectedColumns } from '../../server/masking/postgres/protect.ts'
import { catalogDigest, readCatalog, readStamps } from '../../server/protocols/postgres/snapshot.ts'
import { ask } from '../masking/postgres/harness.ts'
import { TestPostgres } from '../support/postgres.ts'
import { findServer } from '../support/postgres-server.ts'

const rounds = 5

/** Ten columns, two indexes and a comment each; every tenth has a view, a foreign key and a function. */
function tables(first: number, last: number): string {
  return `DO $do$ BEGIN FOR i IN ${first} .. ${last} LOOP
    EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY, ssn text, email varchar(50) NOT NULL, born date, a integer DEFAULT 0,
      b text, c numeric(10,2) DEFAULT 1.5, d timestamptz DEFAULT now(), e jsonb, f text[])', i);
    EXECUTE format('CREATE INDEX ON t%s (b)', i);
    EXECUTE format('COMMENT ON COLUMN t%s.born IS ''PHI''', i);
    IF i % 10 = 0 THEN
      EXECUTE format('CREATE VIEW v%s AS SELECT id, ssn, upper(b) AS b FROM t%s WHERE a > 0', i, i);
      EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (a) REFERENCES t%s', i, i);
      EXECUTE format('CREATE FUNCTION f%s(x integer) RETURNS bigint LANGUAGE sql AS ''SELECT count(*) FROM t%s WHERE a = x''', i, i);
    END IF;
  END LOOP; END $do$`
}

async function measure(what: string, work: () => Promise<unknown> | unknown): Promise<void> {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint()
    await work()
    took.push(Number(process.hrtime.bigint() - started) / 1e6)
  }
  const [median] = took.sort((a, b) => a - b).slice(rounds / 2)
  process.stdout.write(`  ${what.padEnd(36)} ${median!.toFixed(1).padStart(8)} ms median, ${took.at(-1)!.toFixed(1)} worst of ${rounds}\n`)
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2).map(Number)
  for (const major of asked.length > 0 ? asked : [findServer().major]) {
    const server = await TestPostgres.start({ major, logStatements: false, settings: { max_locks_per_transaction: '2000' } })
    try {
      let made = 0
      for (const count of [1_000, 10_000]) {
        for (; made < count; made += 500) await server.query(tables(made + 1, made + 500))
        await server.query('VACUUM ANALYZE')
        process.stdout.write(`PostgreSQL ${major}, ${count} tables\n`)
        const asker = await ask(server)
        await measure('read', () => readCatalog(asker, major))
        const catalog = await readCatalog(asker, major)
        const rules = [{ name: 'PHI', columns: ['public.*.ssn', '*.*.email'], byComment: 'PHI' }]
        await measure('protect', () => protectedColumns(catalog, rules))
        await measure('digest', () => catalogDigest(asker))
        const three = ['t1', 't2', 'v10'].map((name) => catalog.relationsByName.get(name)![0]!.oid)
        await measure('stamps of three relations', () => readStamps(asker, three, []))
        global.gc?.()
        process.stdout.write(`  ${'heap'.padEnd(36)} ${(process.memoryUsage().heapUsed / 1e6).toFixed(0).padStart(8)} MB, with ${catalog.relations.size} relations\n`)
        asker.close()
      }
    } finally {
      await server.stop()
    }
  }
}

// A test server's process does not keep this one alive, so that it ends with it; waiting for its end needs something that does.
const alive = setInterval(() => undefined, 60_000)
await main()
clearInterval(alive)
