// The ways to one PostgreSQL server that are compared: each is an endpoint, and the processes that stand between.
import { existsSync } from 'node:fs'
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { TestAuthority } from '../support/certificates.ts'
import { TestGateway } from '../support/gateway.ts'
import { Kept } from '../support/kept.ts'
import { freePort } from '../support/ports.ts'
import type { TestPostgres } from '../support/postgres.ts'
import { runAs } from '../support/postgres-server.ts'
import { until } from '../support/until.ts'
import { benchDatabase, benchPassword, benchUser, type Endpoint } from './pgbench.ts'

const run = promisify(execFile)

export interface Path extends Endpoint {
  readonly name: string
  /** Of what stands between client and server, in order; descendants count with them. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** A program on the machine, or why its path is left out. */
export function program(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].map((folder) => join(folder, name)).find(existsSync)
}

export function direct(postgres: TestPostgres): Path {
  return { name: 'direct', host: '127.0.0.1', port: postgres.port, pids: [], stop: () => Promise.resolve() }
}

/** Session pooling: what hoop's one upstream connection per client connection compares with. */
export async function pgbouncer(postgres: TestPostgres): Promise<Path> {
  const as = runAs()
  const folder = await mkdtemp(join(tmpdir(), 'hoop-pgbouncer-'))
  const port = await freePort()
  await writeFile(join(folder, 'users.txt'), `"${benchUser}" "${benchPassword}"\n`)
  await writeFile(join(folder, 'pgbouncer.ini'), `[databases]
${benchDatabase} = host=127.0.0.1 port=${postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = session
default_pool_size = 120
max_client_conn = 300
ignore_startup_parameters = extra_float_digits
`)
  if (as.uid !== undefined) for (const file of ['', 'users.txt', 'pgbouncer.ini']) await chown(join(folder, file), as.uid, as.gid!)
  const process = new Kept(program('pgbouncer')!, [join(folder, 'pgbouncer.ini')], { ...as, cwd: folder, folder })
  await listening(process, port)
  return {
    name: 'pgbouncer',
    host: '127.0.0.1',
    port,
    pids: [await process.pid],
    stop: async () => { await process.end('QUIT', 1000) }
  }
}

/** `ssh -L` to a server of our own, then on to `inner`: what teams use today. */
export async function sshTunnel(inner: Path): Promise<Path> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-ssh-'))
  const [sshPort, port] = [await freePort(), await freePort()]
  for (const name of ['host', 'client']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  await writeFile(join(folder, 'authorized'), await readFile(join(folder, 'client.pub')))
  await writeFile(join(folder, 'config'), `Port ${sshPort}
ListenAddress 127.0.0.1
HostKey ${join(folder, 'host')}
AuthorizedKeysFile ${join(folder, 'authorized')}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
`)
  // Where sshd, as root, locks itself in; packages make it when their service starts.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const server = new Kept(program('sshd')!, ['-D', '-e', '-f', join(folder, 'config')], { folder })
  await listening(server, sshPort)
  const client = new Kept('ssh', [
    '-N',
    '-F',
    'none',
    '-p',
    String(sshPort),
    '-i',
    join(folder, 'client'),
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    `UserKnownHostsFile=${join(folder, 'known')}`,
    '-o',
    'ExitOnForwardFailure=yes',
    '-o',
    'BatchMode=yes',
    '-L',
    `127.0.0.1:${port}:127.0.0.1:${inner.port}`,
    `${userInfo().username}@127.0.0.1`
  ])
  await listening(client, port)
  return {
    name: `ssh -L + ${inner.name}`,
    host: '127.0.0.1',
    port,
    pids: [await client.pid, await server.pid, ...inner.pids],
    stop: async () => {
      await client.end()
      await server.end()
    }
  }
}

export async function barePair(postgres: TestPostgres): Promise<Path> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-pair-'))
  const authority = new TestAuthority(folder)
  const { certFile, keyFile } = authority.issue('localhost', 'IP:127.0.0.1')
  const [farPort, port] = [await freePort(), await freePort()]
  const node = (...args: string[]) => new Kept(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'bare-pair.ts'), ...args], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined }
  })
  const far = node('far', String(farPort), certFile, keyFile, String(postgres.port))
  const near = node('near', String(port), authority.caFile, String(farPort))
  await Promise.all([far.line(/ready/), near.line(/ready/)])
  return {
    name: 'bare wss pair',
    host: '127.0.0.1',
    port,
    pids: [await near.pid, await far.pid],
    stop: async () => {
      await Promise.all([near.end(), far.end()])
      await rm(folder, { recursive: true, force: true })
    }
  }
}

export interface HoopPath extends Path {
  readonly tls: boolean
  readonly gateway: TestGateway
}

export interface HoopVariant {
  /** More of the configuration's section `audit`. */
  readonly audit?: object
  /** Other sections. */
  readonly sections?: object
  readonly env?: Readonly<Record<string, string>>
}

/** The whole of hoop: the gateway, and `hoop connect` in front of it, audit durable. */
export async function hoop(postgres: TestPostgres, tls: boolean, { audit, sections, env = {} }: HoopVariant = {}): Promise<HoopPath> {
  const gateway = await TestGateway.start({
    tls,
    env,
    targets: { bench: { address: postgres.address, database: benchDatabase, credential: { user: benchUser, password: benchPassword } } },
    sections: {
      audit: { directory: 'audit', origin: 'bench.example/log', ...audit },
      limits: { sessionsPerPrincipal: 400, connectionsPerSession: 300 },
      log: 'warn',
      ...sections
    }
  })
  const local = await gateway.openPort('alice', 'bench')
  return {
    name: tls ? 'hoop, TLS' : 'hoop',
    host: local.host,
    port: local.port,
    pids: [local.pid, await gateway.pid],
    tls,
    gateway,
    stop: () => gateway.stop()
  }
}

async function listening(process: Kept, port: number): Promise<void> {
  const answers = () => new Promise<boolean>((resolve) => {
    const probe = connect(port, '127.0.0.1', () => { probe.destroy(); resolve(true) })
    probe.once('error', () => resolve(false))
  })
  await until(`port ${port} to be open`, async () => {
    if (process.code !== undefined) throw new Error(`ended with ${process.code}:\n${process.stdout}${process.stderr}`)
    return answers()
  })
}
