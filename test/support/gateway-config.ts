// The configuration of a test's gateway: who may log in, which targets, which policy; written as an operator would write it.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Credentials } from './browser.ts'
import type { Certificate } from './certificates.ts'

/** As in the configuration file; a password given in clear goes into a file beside it. */
export interface TestTarget {
  readonly protocol?: string
  readonly address: string
  readonly database?: string
  readonly tls?: unknown
  readonly credential: { readonly user: string, readonly password?: string }
  readonly labels?: Readonly<Record<string, string>>
}

export interface TestUser extends Credentials {
  readonly email: string
  readonly groups: readonly string[]
}

export interface TestGatewayOptions {
  readonly targets: Readonly<Record<string, TestTarget>>
  /** The `policy` section; everything is allowed to engineers unless given. */
  readonly policy?: readonly unknown[]
  /** alice (engineers), bob (interns) and root (engineers, hoop-admins) unless given. */
  readonly users?: readonly TestUser[]
  readonly tls?: boolean
  /** Sections to add or replace, e.g. limits. */
  readonly sections?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  /** Put in front of node, e.g. `['prlimit', '--fsize=1000']`. */
  readonly wrapper?: readonly string[]
}

export const testUsers: readonly TestUser[] = [
  { username: 'alice', password: 'alice-password', email: 'alice@example.com', groups: ['engineers'] },
  { username: 'bob', password: 'bob-password', email: 'bob@example.com', groups: ['interns'] },
  { username: 'root', password: 'root-password', email: 'root@example.com', groups: ['engineers', 'hoop-admins'] }
]

export const allowEverything: readonly unknown[] = [{
  name: 'engineers may do everything',
  who: { group: 'engineers' },
  effects: ['read', 'write', 'schema', 'privilege', 'session', 'unknown'],
  then: 'allow'
}]

/** Writes the secrets beside it. @returns the configuration file's text */
export async function configurationOf(
  folder: string,
  port: number,
  options: TestGatewayOptions,
  certificate: Certificate | undefined
): Promise<string> {
  await mkdir(join(folder, 'secrets'), { mode: 0o700 })
  const secret = async (name: string, text: string) => {
    await writeFile(join(folder, 'secrets', name), text, { mode: 0o600 })
    return `file:secrets/${name}`
  }
  const users = await Promise.all((options.users ?? testUsers).map(async ({ password, ...user }) =>
    ({ ...user, password: await secret(`user-${user.username}`, password) })))
  const targets = await Promise.all(Object.entries(options.targets).map(async ([name, target]) => {
    const { user, password } = target.credential
    const credential = { user, ...(password === undefined ? {} : { password: await secret(`target-${name}`, password) }) }
    return [name, { protocol: 'postgres', tls: 'disable', labels: { env: 'test' }, ...target, credential }] as const
  }))
  return stringify({
    listen: {
      address: `127.0.0.1:${port}`,
      ...(certificate === undefined ? {} : { tls: { cert: `file:${certificate.certFile}`, key: `file:${certificate.keyFile}` } })
    },
    identity: { embedded: { users } },
    state: { sqlite: 'state.db' },
    audit: { directory: 'audit', origin: 'test.example/log' },
    log: 'info',
    ...options.sections,
    targets: Object.fromEntries(targets),
    policy: options.policy ?? allowEverything
  })
}
