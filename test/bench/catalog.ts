// Prints what it costs to read a catalog, to see whether it changed, and to close the protected columns over it, and for how long
// nothing else can run meanwhile: 1,000 and 10,000 tables.
// Run with: npx tsx test/bench/catalog.ts [majors]
import { defaultFlows } from '../../server/masking/postgres/judge.ts'
import { protectedInSlices } from '../../server/masking/postgres/protect.ts'
import type { Protection } from '../../server/policy/protect.ts'
import { CatalogKeeper } from '../../server/protocols/postgres/catalog-keeper.ts'
import { driven } from '../../server/protocols/postgres/slices.ts'
import { settingFor } from '../../server/protocols/postgres/setting.ts'
import { catalogDigest, readCatalog, readStamps } from '../../server/protocols/postgres/snapshot.ts'
import { ask, edgeOf } from '../masking/postgres/harness.ts'
import { TestPostgres } from '../support/postgres.ts'
import { findServer } from '../support/postgres-server.ts'

const rounds = 3
const phi = { name: 'PHI', columns: ['public.*.ssn', '*.*.email'], byComment: 'PHI', mask: 'redact', exempt: false } as const
const all = { name: 'numbers', columns: ['t1?.c'], mask: 'redact', exempt: false } as const

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

/** With the longest time, of the process itself, for which nothing else in it could run meanwhile. @param before not measured */
async function measure(what: string, work: () => Promise<unknown> | unknown, before?: () => Promise<unknown>): Promise<void> {
  const took: number[] = []
  const blocked: number[] = []
  for (let round = 0; round < rounds; round++) {
    await before?.()
    const started = performance.now()
    // No more than went by, which others on the machine may have had; no more than the process had, all its threads together.
    let [last, used, longest, going] = [started, process.cpuUsage(), 0, true]
    const tick = () => {
      const { user, system } = process.cpuUsage(used)
      longest = Math.max(longest, Math.min(performance.now() - last, (user + system) / 1_000))
      last = performance.now()
      used = process.cpuUsage()
      if (going) setImmediate(tick)
    }
    setImmediate(tick)
    await work()
    took.push(performance.now() - started)
    tick()
    going = false
    blocked.push(longest)
  }
  const [times, blocks] = [took, blocked].map((list) => list.sort((a, b) => a - b))
  const middle = Math.floor(rounds / 2)
  const figures = [times![middle]!, times!.at(-1)!, blocks![middle]!, blocks!.at(-1)!]
  const [median, worst, block, worstBlock] = figures.map((ms) => ms.toFixed(1).padStart(8))
  process.stdout.write(`  ${what.padEnd(36)} ${median} ms median, ${worst} worst of ${rounds}; blocks ${block} median, ${worstBlock} worst\n`)
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
        const keeper = new CatalogKeeper(edgeOf(server), 'postgres', major)
        keeper.enter()
        await keeper.current()
        let change = 0
        await measure('refresh after a schema change', () => keeper.refresh(), () => server.query(`COMMENT ON COLUMN t1.a IS '${++change}'`))
        const protection: Protection = { rules: [phi, all], flows: defaultFlows, trust: [] }
        const settle = async () => settingFor(await keeper.refresh(), protection, (found, rule) => keeper.protects(found, rule))
        await measure('refresh, and what is protected', settle, () => server.query(`COMMENT ON COLUMN t1.a IS '${++change}'`))
        keeper.leave()
        await measure('protect', () => driven(protectedInSlices(catalog, [phi])))
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
