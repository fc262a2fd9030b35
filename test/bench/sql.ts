// What reading a statement and deciding on it costs. Prints figures; not a test. Run: npx tsx test/bench/sql.ts [major]
import { compile } from '../../server/policy/decide.ts'
import { parsePolicy } from '../../server/policy/rules.ts'
import { createAnalyzer, loadAnalyzer, maxStatements, maxTokens, type AnalyzedStatement } from '../../server/sql/postgres/index.ts'
import { readerOf } from '../../server/sql/postgres/effects.ts'
import { loadParser, type Major } from '../../server/sql/postgres/parser.ts'
import { redact } from '../../server/sql/postgres/redact.ts'
import type { Principal, StatementOperation, Target } from '../../shared/model.ts'

const major = Number(process.argv[2] ?? 17) as Major
const began = performance.now()
const rss = process.memoryUsage().rss
const parser = await loadParser(major)
console.log(`PostgreSQL ${major}: parser loaded in ${ms(performance.now() - began)}, +${Math.round((process.memoryUsage().rss - rss) / 1e6)} MB`)
const read = readerOf(major)
const analyzer = await loadAnalyzer(major)

const principal: Principal = { issuer: 'https://idp.example.com', subject: 'alice', groups: ['engineers'], kind: 'human' }
const target: Target = { name: 'prod-db', protocol: 'postgres', address: 'localhost:5432', tls: 'disable', labels: { env: 'prod' } }
const filler = Array.from({ length: 50 }, (_, i) => ({ name: `no ${i}`, relations: [`*.secret_${i}*`], then: 'deny' as const }))
const decide = compile(parsePolicy([
  ...filler,
  { name: 'engineers may read', who: { group: 'engineers' }, targets: { env: 'prod' }, effects: ['read', 'session'], then: 'allow' }
]), principal, target)

const long = `SELECT ${Array.from({ length: 40 }, (_, i) => `coalesce(t${i}.name, 'none') AS n${i}`).join(', ')} FROM ${
  Array.from({ length: 12 }, (_, i) => `schema_${i}.table_${i} t${i}`).join(', ')} WHERE t1.id = t2.id AND t3.x > 10`
const statements: Record<string, string> = {
  'pgbench -S': 'SELECT abalance FROM pgbench_accounts WHERE aid = 123456;',
  'an ORM\'s': 'SELECT "p"."id", "p"."name", count("v"."id") FROM "public"."patients" AS "p" LEFT JOIN "public"."visits" AS "v" ON "v"."patient_id" = "p"."id" WHERE "p"."created_at" > $1 AND "p"."active" = true GROUP BY "p"."id" ORDER BY "p"."name" LIMIT 50',
  [`${Math.round(long.length / 100) / 10} KB`]: long
}

console.log('\nstatement                 parse     facts    redact    decide     whole   seen before')
for (const [name, sql] of Object.entries(statements)) {
  const parsed = parser.parse(sql)
  if (parsed.type !== 'tree') throw new Error(sql)
  const { tree } = parsed.statements[0]!
  const operation = operationOf(statementIn(sql))
  let i = 0
  console.log([
    name.padEnd(20),
    each(() => parser.parse(sql)),
    each(() => read(tree)),
    each(() => redact(sql)),
    each(() => decide(operation, { now: 0 })),
    each(() => decide(operationOf(statementIn(`${sql} -- ${i++}`)), { now: 0 })),
    each(() => decide(operationOf(statementIn(sql)), { now: 0 }))
  ].map((figure) => figure.padStart(10)).join(''))
}

console.log('\nthe longest allowed           bytes  CPU time')
const shapes: Record<string, (n: number) => string> = {
  'select a, a, ...': (n) => `SELECT a${', a'.repeat(n / 2)}`,
  '... OR ...': (n) => `SELECT 1 WHERE a${' OR a'.repeat(n / 2)}`,
  'f(), f(), ...': (n) => `SELECT f()${', f()'.repeat(n / 4)}`,
  'VALUES ($1, ...)': (n) => `INSERT INTO t VALUES ${Array.from({ length: n / 22 }, () => `(${Array.from({ length: 10 }, (_, i) => `$${i + 1}`).join(',')})`).join(',')}`,
  'select 1; ...': () => 'SELECT 1;'.repeat(maxStatements)
}
for (const [name, make] of Object.entries(shapes)) {
  const sql = make(maxTokens - 100)
  const fresh = createAnalyzer(await loadParser(major))
  const start = process.cpuUsage()
  const analysis = fresh.analyze(sql)
  if (analysis.type !== 'statements' || analysis.statements[0]?.verb === 'TOO LONG') throw new Error(`${name} is not what it should be`)
  const { user, system } = process.cpuUsage(start)
  console.log(`${name.padEnd(24)} ${String(sql.length).padStart(12)}  ${ms((user + system) / 1000)}`)
}

function statementIn(sql: string): AnalyzedStatement {
  const analysis = analyzer.analyze(sql)
  if (analysis.type !== 'statements') throw new Error(sql)
  return analysis.statements[0]!
}

function operationOf(statement: AnalyzedStatement): StatementOperation {
  return { kind: 'statement', step: 'execute', parameters: [], ...statement }
}

/** CPU of one run, median of several rounds: other work on the machine shows less in it than in wall time. */
function each(run: () => unknown): string {
  const rounds = Array.from({ length: 15 }, () => {
    const began = performance.now()
    const start = process.cpuUsage()
    let times = 0
    for (; performance.now() - began < 20; times++) run()
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000 / times
  }).sort((a, b) => a - b)
  return ms(rounds[7]!)
}

function ms(milliseconds: number): string {
  return milliseconds < 1 ? `${(milliseconds * 1000).toFixed(1)} us` : `${milliseconds.toFixed(1)} ms`
}
