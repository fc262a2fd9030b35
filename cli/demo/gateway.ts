// The demo's gateway: a configuration as somebody would write it, and the real `hoop gateway start` as a child.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeIdentity } from '../audit/identity.ts'
import { recipientKeyLine } from '../../shared/audit/session-key.ts'
import type { Children } from './children.ts'
import type { DemoDatabase } from './database.ts'

export const target = 'clinic'

export interface DemoGateway {
  readonly url: string
  readonly configFile: string
  readonly auditDirectory: string
  /** The people of the embedded identity provider, by username. */
  readonly passwords: Readonly<Record<'alice' | 'bob', string>>
  readonly died: Promise<never>
  /** In its own order: sessions end, and a last checkpoint is signed over the whole log. */
  end(): Promise<void>
}

/** Secrets are references: the values are in the environment of the gateway alone, which takes them out of it. */
const configuration = ({ address, database, credential }: Pick<DemoDatabase, 'address' | 'database' | 'credential'>, auditor: string) => `listen: { address: 127.0.0.1:0 }

identity:
  embedded:
    users:
      - { username: alice, password: env:DEMO_ALICE, email: alice@clinic.example, name: Alice Moreau, groups: [engineers] }
      - { username: bob, password: env:DEMO_BOB, email: bob@clinic.example, name: Bob Tanaka, groups: [dba, hoop-admins] }

state: { sqlite: state.db }
audit: { directory: audit, origin: demo.clinic.example, sealTo: [{ name: auditor, key: ${auditor} }] }

targets:
  ${target}:
    protocol: postgres
    address: ${JSON.stringify(address)}
    database: ${database}
    tls: disable
    credential: { user: ${credential.user}, password: env:DEMO_DATABASE }
    labels: { env: demo }

policy:
  - name: engineers may read
    who: { group: engineers }
    targets: { env: demo }
    effects: [read, session]
    then: allow
  - name: nobody empties a table by accident
    effects: [write]
    flags: [no_where]
    then: deny
    reason: add a WHERE clause
  - name: an engineer's change waits for a DBA
    who: { group: engineers }
    targets: { env: demo }
    effects: [write]
    then: hold
    approvers: { group: dba }
    timeout: 5m
  - name: DBAs may read and write
    who: { group: dba }
    targets: { env: demo }
    effects: [read, write, session]
    then: allow

protect:
  - name: who a patient is
    columns: [public.patients.given_name, public.patients.family_name, public.patients.mrn]
    mask: fake
  - name: social security numbers
    columns: [public.patients.ssn]
    mask: last4
  - name: dates of birth
    columns: [public.patients.dob]
    mask: year
  - name: where a patient is reached
    columns: [public.patients.email, public.patients.phone, public.patients.street]
    mask: redact
`

/** @param program path of `bin/hoop` */
export async function startGateway(o: {
  readonly folder: string
  readonly program: string
  readonly database: DemoDatabase
  readonly environment: Readonly<Record<string, string>>
  readonly children: Children
}): Promise<DemoGateway> {
  const configFile = join(o.folder, 'hoop.yaml')
  // With --keep: hoop audit open N --dir audit --identity auditor.key
  const auditor = recipientKeyLine(await makeIdentity(join(o.folder, 'auditor.key')))
  await writeFile(configFile, configuration(o.database, auditor), { mode: 0o600 })
  const [alice, bob] = [randomBytes(12).toString('base64url'), randomBytes(12).toString('base64url')]
  const server = o.children.start(process.execPath, [o.program, 'gateway', 'start', '--config', configFile], 'TERM', {
    cwd: o.folder,
    env: { ...o.environment, DEMO_ALICE: alice, DEMO_BOB: bob, DEMO_DATABASE: o.database.credential.password }
  })
  const [, url] = await server.says(/listening on (http:\S+)/)
  return { url: url!, configFile, auditDirectory: join(o.folder, 'audit'), passwords: { alice, bob }, died: server.died, end: () => server.end() }
}
