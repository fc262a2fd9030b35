// The benchmark: `npm run bench`. All paths started together, cells interleaved, order shuffled in each round; a figure is the median over
// rounds of the ratio to the reference path of the same round. Prints Markdown; judges nothing, since machines differ.
//   --short          two rounds of one second
//   --rounds N --seconds N
//   --only PART      load, bulk, rest (repeatable); or seal, record or screen, by itself: what sealing, recording, or the screen of
//                    hoop connect, costs
//   --clients N      with seal, record and screen: so many at once (repeatable)
//   --path NAME      direct, pgbouncer, ssh, pair, hoop (repeatable; direct is always there)
//   --json FILE      every sample, too
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { TestPostgres } from '../support/postgres.ts'
import { Samples } from './figures.ts'
import { measureBulk } from './measure-bulk.ts'
import { measureLoad } from './measure-load.ts'
import { measureRest } from './measure-rest.ts'
import { measureScreen } from './measure-screen.ts'
import { measureSwitch, switches } from './measure-switch.ts'
import { barePair, direct, hoop, pgbouncer, program, sshTunnel, type HoopPath, type Path } from './paths.ts'
import { benchDatabase, benchPassword, benchUser } from './pgbench.ts'
import { report } from './report.ts'

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', multiple: true },
    clients: { type: 'string', multiple: true },
    path: { type: 'string', multiple: true },
    json: { type: 'string' }
  }
})
const rounds = Number(values.rounds ?? (values.short ? 2 : 5))
const seconds = Number(values.seconds ?? (values.short ? 1 : 2))
const does = (part: string) => values.only === undefined || values.only.includes(part)
const takes = (path: string) => values.path === undefined || values.path.includes(path)
const say = (line: string) => { process.stderr.write(`${line}\n`) }

if (program('pgbench') === undefined) {
  say('pgbench is missing: apt-get install postgresql-contrib postgresql-client')
  process.exit(1)
}

const started: { stop(): Promise<void> }[] = []
try {
  // Real syncs: the client that writes its own audit row has to pay for them as the gateway does.
  const postgres = await TestPostgres.start({
    fsync: true,
    logStatements: false,
    settings: { max_connections: '400', shared_buffers: '512MB', max_wal_size: '4GB' },
    hba: 'host all all 127.0.0.1/32 scram-sha-256'
  })
  started.push(postgres)
  await prepare(postgres)

  const switched = values.only?.find((part) => switches[part] !== undefined)
  const pair = { postgres, rounds, seconds, clients: values.clients?.map(Number), say }
  if (switched !== undefined) console.log(await measureSwitch(switched, pair))
  else if (values.only?.includes('screen') === true) console.log(await measureScreen(pair))
  else await comparePaths(postgres)
} finally {
  for (const one of started.reverse()) await one.stop()
}

async function comparePaths(postgres: TestPostgres): Promise<void> {
  const hoops: HoopPath[] = []
  const paths: Path[] = [direct(postgres)]
  const add = async <T extends Path>(name: string, needs: readonly string[], start: () => Promise<T>): Promise<T | undefined> => {
    const missing = needs.filter((need) => program(need) === undefined)
    if (missing.length > 0) {
      say(`${name} is left out: ${missing.join(' and ')} is not installed`)
      return undefined
    }
    const path = await start()
    started.push(path)
    paths.push(path)
    return path
  }
  if (takes('pgbouncer') || takes('ssh')) {
    const pooler = await add('pgbouncer', ['pgbouncer'], () => pgbouncer(postgres))
    if (pooler !== undefined && takes('ssh')) await add('ssh -L', ['ssh', 'sshd', 'ssh-keygen'], () => sshTunnel(pooler))
  }
  if (takes('pair')) await add('bare wss pair', [], () => barePair(postgres))
  if (takes('hoop')) for (const tls of [false, true]) hoops.push((await add('hoop', [], () => hoop(postgres, tls)))!)

  const samples = new Samples()
  const context = { postgres, paths, hoops, samples, rounds, seconds, say }
  if (does('load')) await measureLoad(context)
  if (does('bulk')) await measureBulk(context, values.short ? 60 : 250)
  if (does('rest')) await measureRest(context)
  console.log(`${cpus().length} x ${cpus()[0]!.model.trim()}, Node ${process.versions.node}, PostgreSQL ${postgres.programs.major}; ${rounds} rounds of ${seconds} s\n`)
  console.log(report(samples, paths.map(({ name }) => name)))
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(samples.all))
}

async function prepare(postgres: TestPostgres): Promise<void> {
  await postgres.query(`CREATE ROLE ${benchUser} LOGIN PASSWORD '${benchPassword}'`)
  await postgres.query(`CREATE DATABASE ${benchDatabase} OWNER ${benchUser}`)
  await postgres.query(`SET ROLE ${benchUser};
    CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
    INSERT INTO pgbench_branches VALUES (1, 0, '');
    CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
    INSERT INTO pgbench_accounts SELECT n, 1, 0, '' FROM generate_series(1, 100000) n;
    CREATE TABLE own_audit (at timestamptz DEFAULT now(), who text, statement text);
    CREATE TABLE bulk_unit AS SELECT n AS id, 'patient ' || n AS name, md5(n::text) AS ssn, n * 7 % 90 AS age, date '1950-01-01' + n % 20000 AS dob,
      'street ' || n % 1000 AS street, 'city ' || n % 100 AS city, (n % 100000)::text AS zip, n::float8 / 3 AS score, n % 2 = 0 AS active FROM generate_series(1, 50000) n`, { database: benchDatabase })
  await postgres.query('VACUUM ANALYZE', { database: benchDatabase })
}
