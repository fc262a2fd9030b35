// A real PostgreSQL server for tests: its own data directory, a port of 127.0.0.1 and a Unix socket, a log one can ask what reached it.
// Ends with the test process however that ends.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFile, chown, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { TestAuthority, type Certificate } from './certificates.ts'
import { Kept } from './kept.ts'
import { freePort } from './ports.ts'
import { findServer, runAs, type ServerPrograms, type ServerSource } from './postgres-server.ts'
import { until } from './until.ts'

const run = promisify(execFile)

export interface TestPostgresOptions {
  /** Added to postgresql.conf, and stronger than what stands there. */
  readonly settings?: Readonly<Record<string, string>>
  /** Lines of pg_hba.conf; the superuser's way in through the Unix socket stays in front of them. */
  readonly hba?: string
  /** TLS with an authority of the test's own: see `authority`, `clientCertificate`. */
  readonly ssl?: boolean
  readonly server?: ServerSource
  readonly major?: number
  /** Writes through to the disk; off unless asked, since no test of ours pulls the plug. */
  readonly fsync?: boolean
  /** Whether every statement is logged, for `statements()`; benchmarks switch it off. */
  readonly logStatements?: boolean
}

/** One thing that reached the server, in order: a simple statement, or a step of an extended one. */
export interface ReachedStatement {
  readonly step: 'statement' | 'parse' | 'bind' | 'execute' | 'failed'
  readonly text: string
  readonly user: string
  readonly database: string
  readonly application: string
  /** Of one server process: every line of a connection has the same. */
  readonly backend: string
  /** Milliseconds since 1970, when the line was written: before it ran where `log_statement` wrote it. */
  readonly time: number
}

type Row = Record<string, unknown>

export class TestPostgres {
  readonly superuser = 'postgres'
  readonly password = 'superuser-password'
  readonly port: number
  readonly socketDirectory: string
  readonly programs: ServerPrograms
  /** Present with `ssl`. */
  readonly authority: TestAuthority | undefined
  readonly #folder: string
  #process: Kept

  private constructor(folder: string, port: number, programs: ServerPrograms, server: Kept, authority: TestAuthority | undefined) {
    this.#folder = folder
    this.socketDirectory = join(folder, 'socket')
    this.port = port
    this.programs = programs
    this.authority = authority
    this.#process = server
  }

  static async start(options: TestPostgresOptions = {}): Promise<TestPostgres> {
    const programs = findServer(options)
    const folder = await mkdtemp(join(tmpdir(), 'hoop-pg-'))
    try {
      const authority = await prepare(folder, programs, options)
      // Another process may take the port between the probe and the bind.
      for (let attempt = 1; ; attempt++) {
        const port = await freePort()
        const server = await launch(folder, programs, port)
        if (typeof server !== 'string') return new TestPostgres(folder, port, programs, server, authority)
        if (attempt === 3 || !/Address already in use/.test(server)) throw new Error(`PostgreSQL did not start:\n${server}`)
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** `host:port`, for a target's address. */
  get address(): string { return `127.0.0.1:${this.port}` }
  /** The Unix socket's file, for a target's address. */
  get socket(): string { return join(this.socketDirectory, `.s.PGSQL.${this.port}`) }

  /** The superuser's URL, with password; over TCP. */
  url(database = 'postgres'): string {
    return `postgres://${this.superuser}:${this.password}@127.0.0.1:${this.port}/${database}`
  }

  /** Runs SQL as the superuser, through the Unix socket. @returns rows of the last statement */
  async query(sql: string, options: { readonly database?: string, readonly parameters?: readonly unknown[] } = {}): Promise<Row[]> {
    const client = new pg.Client({
      host: this.socketDirectory,
      port: this.port,
      user: this.superuser,
      database: options.database ?? 'postgres',
      application_name: ownName
    })
    // A server that goes away meanwhile rejects the query, too.
    client.on('error', () => undefined)
    await client.connect()
    try {
      const answer: pg.QueryResult | pg.QueryResult[] = await client.query(sql, options.parameters as unknown[] | undefined)
      const last = Array.isArray(answer) ? answer.at(-1) : answer
      return (last?.rows ?? []) as Row[]
    } finally {
      await client.end()
    }
  }

  /** A certificate for `user`, good for pg_hba's `cert`. @throws Error without `ssl` */
  clientCertificate(user: string): Certificate {
    if (this.authority === undefined) throw new Error('start the server with { ssl: true } first')
    return this.authority.issue(user)
  }

  /** Everything logged so far, JSON lines (PostgreSQL docs, *Using JSON-Format Log Output*). */
  async log(): Promise<string> {
    const mark = randomUUID()
    await this.query(`DO $$ BEGIN RAISE LOG 'mark ${mark}'; END $$`)
    // The collector is a process of its own and writes in order: what went before the mark is there when the mark is.
    return until('the log to be written', async () => {
      const text = await readLog(this.#folder)
      return text.includes(`"mark ${mark}"`) && text
    })
  }

  /** What reached the server, in order, without what `query` and `log` sent. Needs `logStatements`, which is the default. */
  async statements(): Promise<ReachedStatement[]> {
    return statementsIn(await this.log())
  }

  /** Paths of its csvlog files, in order, once all of it is written. Needs the setting `log_destination: 'jsonlog,csvlog'`. */
  async csvLogs(): Promise<string[]> {
    await this.log()
    const logs = join(this.#folder, 'data', 'log')
    return (await readdir(logs)).filter((name) => name.endsWith('.csv')).sort().map((name) => join(logs, name))
  }

  /** The postmaster's process id; its children are the backends. */
  get pid(): Promise<number> { return this.#process.pid }

  /** As an operator's fast shutdown: every session is told 57P01, the port stays closed until `resume`, the data stays. */
  async halt(): Promise<void> {
    await writeFile(join(this.#folder, 'keep'), '')
    await this.#process.end('INT')
  }

  /** Starts a halted server again, on the same port and data. */
  async resume(): Promise<void> {
    const server = await launch(this.#folder, this.programs, this.port)
    if (typeof server === 'string') throw new Error(`PostgreSQL did not start again:\n${server}`)
    this.#process = server
  }

  /** Ends the server and removes its folder. Sessions are cut; nothing is left when it resolves. */
  async stop(): Promise<void> {
    if (this.#process.code === undefined) await this.#process.end('QUIT')
    await rm(this.#folder, { recursive: true, force: true })
  }
}

const ownName = 'test-support'

/** @returns the running server; or, as text, what it said before it ended */
async function launch(folder: string, programs: ServerPrograms, port: number): Promise<Kept | string> {
  // A start that fails leaves the data for the next.
  const keep = join(folder, 'keep')
  await writeFile(keep, '')
  const server = new Kept(programs.postgres, ['-D', join(folder, 'data'), '-p', String(port)], {
    ...runAs(),
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    last: 'QUIT',
    folder
  })
  await until('PostgreSQL to be ready', async () => {
    // Line 8 is the postmaster's state (PostgreSQL source, utils/pidfile.h).
    const lines = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').then((text) => text.split('\n'), () => [])
    return server.code !== undefined || lines[7]?.trim() === 'ready'
  }, 60_000)
  if (server.code !== undefined) return server.stderr + await readLog(folder)
  await rm(keep)
  return server
}

/** Makes the data directory, with certificates where asked. */
async function prepare(folder: string, programs: ServerPrograms, options: TestPostgresOptions): Promise<TestAuthority | undefined> {
  const as = runAs()
  const [data, passwordFile] = [join(folder, 'data'), join(folder, 'password')]
  for (const path of [data, join(folder, 'socket')]) await mkdir(path, { mode: 0o755 })
  await writeFile(passwordFile, 'superuser-password\n')
  const own = async (...paths: string[]) => {
    if (as.uid !== undefined) for (const path of paths) await chown(path, as.uid, as.gid!)
  }
  await own(folder, data, join(folder, 'socket'), passwordFile)
  await run(programs.initdb, ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '--auth-host=scram-sha-256', '--auth-local=trust'], { ...as, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } })

  let authority: TestAuthority | undefined
  const settings: Record<string, string> = { ...baseSettings, unix_socket_directories: join(folder, 'socket') }
  if (options.logStatements !== false) Object.assign(settings, logSettings)
  if (options.fsync !== true) Object.assign(settings, { fsync: 'off', full_page_writes: 'off' })
  if (options.ssl === true) {
    authority = new TestAuthority(folder)
    const { certFile, keyFile } = authority.issue('localhost', 'DNS:localhost,IP:127.0.0.1')
    await own(certFile, keyFile, authority.caFile)
    Object.assign(settings, { ssl: 'on', ssl_cert_file: certFile, ssl_key_file: keyFile, ssl_ca_file: authority.caFile })
  }
  const lines = Object.entries({ ...settings, ...options.settings }).map(([name, value]) => `${name} = '${value.replaceAll('\'', '\'\'')}'\n`)
  await appendFile(join(data, 'postgresql.conf'), lines.join(''))
  await writeFile(join(data, 'pg_hba.conf'), `local all postgres trust\n${options.hba ?? defaultHba}\n`)
  await own(join(data, 'pg_hba.conf'))
  return authority
}

const defaultHba = 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256'

const baseSettings = {
  listen_addresses: '127.0.0.1',
  shared_buffers: '32MB',
  max_connections: '150',
  autovacuum: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C'
}

const logSettings = {
  logging_collector: 'on',
  log_destination: 'jsonlog',
  // The first logs a statement before it runs, but an extended one only at Execute; the second also tells of Parse and Bind.
  log_statement: 'all',
  log_min_duration_statement: '0',
  log_min_error_statement: 'error'
}

async function readLog(folder: string): Promise<string> {
  const logs = join(folder, 'data', 'log')
  const files = await readdir(logs).then((names) => names.filter((name) => name.endsWith('.json')).sort(), () => [])
  return (await Promise.all(files.map((file) => readFile(join(logs, file), 'utf8')))).join('')
}

/** What reached the server, by lines that `log` gave. */
export function statementsIn(log: string): ReachedStatement[] {
  return log.split('\n').filter((line) => line.endsWith('}')).flatMap((line) => reachedIn(JSON.parse(line) as LogLine))
}

/** The fields used here of a line of PostgreSQL's JSON log. */
interface LogLine {
  readonly timestamp: string
  readonly session_id: string
  readonly user?: string
  readonly dbname?: string
  readonly application_name?: string
  readonly error_severity: string
  readonly message?: string
  readonly statement?: string
}

const stepPattern = /^(?:duration: [\d.]+ ms {2})?(?:(statement)|(parse|bind|execute) [^\n]*?): ([\s\S]*)$/

function reachedIn(line: LogLine): ReachedStatement[] {
  if (line.application_name === ownName) return []
  const from = {
    user: line.user ?? '',
    database: line.dbname ?? '',
    application: line.application_name ?? '',
    backend: line.session_id,
    time: Date.parse(line.timestamp.replace(' ', 'T').replace(' UTC', 'Z'))
  }
  if (line.statement !== undefined) return [{ step: 'failed', text: line.statement, ...from }]
  const found = line.error_severity === 'LOG' ? stepPattern.exec(line.message ?? '') : null
  if (found === null) return []
  return [{ step: (found[1] ?? found[2]) as ReachedStatement['step'], text: found[3]!, ...from }]
}
