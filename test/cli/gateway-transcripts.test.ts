// Runs the transcripts in test/transcripts/gateway against a real gateway and a real PostgreSQL, a gateway of its own for each file; how
// they are written stands in test/support/transcript.ts. HOOP_TRANSCRIPTS=write puts what was told into the files, for somebody to read.
import { readdirSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestGateway, testUsers } from '../support/gateway.ts'
import { TestPostgres } from '../support/postgres.ts'
import { rewrite, stepsOf, Transcript } from '../support/transcript.ts'

const transcripts = join(import.meta.dirname, '..', 'transcripts', 'gateway')
const writes = process.env.HOOP_TRANSCRIPTS === 'write'

const users = [
  ...testUsers,
  { username: 'dora', password: 'dora-password', email: 'dora@example.com', groups: ['dba'] },
  { username: 'ines', password: 'ines-password', email: 'ines@example.com', groups: ['hoop-auditors'] },
  { username: 'rosa', password: 'rosa-password', email: 'rosa@example.com', groups: ['hoop-admins'] }
]

const policy = [
  { name: 'engineers may work', who: { group: 'engineers' }, effects: ['read', 'write', 'session'], then: 'allow' },
  { name: 'dbas may read', who: { group: 'dba' }, effects: ['read', 'session'], then: 'allow' },
  { name: 'no schema changes by hand', effects: ['schema', 'privilege'], then: 'deny', reason: 'schema changes go through a migration' },
  { name: 'writes to visits wait', effects: ['write'], relations: ['visits'], then: 'hold', approvers: { group: 'dba' }, timeout: '10m' },
  { name: 'bills want reasons', effects: ['write'], relations: ['bills'], then: 'hold', approvers: { group: 'dba' }, requesterReason: true, approverReason: true },
  { name: 'the vault needs a DBA', targets: { env: 'vault' }, on: 'open', then: 'hold', approvers: { group: 'dba' }, window: '1h' }
]

const protect = [{ name: 'PHI', columns: ['public.patients.ssn'], mask: 'last4', except: { group: 'engineers', reason: 'required', for: '1h' } }]

const auditor = generateKeyPairSync('x25519')
const sealTo = [{ name: 'auditor', key: auditor.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }]

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await TestPostgres.start({ settings: { log_destination: 'jsonlog,csvlog' } })
  await postgres.query('CREATE ROLE hoop_app LOGIN PASSWORD \'app-password\'')
})
afterAll(() => postgres?.stop())

/** As each file finds it. */
async function makeClinic(): Promise<void> {
  await postgres.query('DROP DATABASE IF EXISTS clinic WITH (FORCE)')
  await postgres.query('CREATE DATABASE clinic OWNER hoop_app')
  await postgres.query(`SET ROLE hoop_app; CREATE TABLE patients (id int PRIMARY KEY, name text, ssn text);
    INSERT INTO patients VALUES (1, 'Ada', '731-82-4695'), (2, 'Bob', '078-05-1120'), (3, 'Cleo', NULL);
    CREATE TABLE visits (id int PRIMARY KEY, note text); INSERT INTO visits SELECT i, 'visit ' || i FROM generate_series(1, 9) i;
    CREATE TABLE bills (id int PRIMARY KEY, cents int); INSERT INTO bills SELECT i, i * 100 FROM generate_series(1, 9) i`, { database: 'clinic' })
}

describe.each(readdirSync(transcripts).filter((file) => file.endsWith('.txt')))('%s', async (name) => {
  const file = join(transcripts, name)
  const steps = await stepsOf(file)
  const told: string[] = []
  let gateway: TestGateway
  let transcript: Transcript

  beforeAll(async () => {
    await makeClinic()
    const began = new Date()
    const target = { address: postgres.address, database: 'clinic', credential: { user: 'hoop_app', password: 'app-password' } }
    gateway = await TestGateway.start({
      users,
      policy,
      targets: { 'prod-db': target, 'staging-db': { ...target, labels: { env: 'staging' } }, 'vault-db': { ...target, labels: { env: 'vault' } } },
      ...(name === 'recordings.txt' ? { env: { RECORDING_KEY: '0'.repeat(64) } } : {}),
      sections: {
        protect,
        audit: { directory: 'audit', origin: 'clinic.example/log', sealTo },
        ...(name === 'recordings.txt' ? { recording: { directory: 'recordings', key: 'env:RECORDING_KEY' } } : {})
      }
    })
    await writeFile(join(gateway.folder, 'auditor.key'), auditor.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    transcript = new Transcript(gateway, users, { database: postgres.address }, {
      'copies the audit log': () => cp(gateway.auditDirectory, join(gateway.folder, 'copy'), { recursive: true }),
      'changes a word in the copy': async () => {
        const file = join(gateway.folder, 'copy', 'segments', '0000000000000000')
        const bytes = await readFile(file)
        bytes[bytes.indexOf('alice@example.com')] = 0x41
        await writeFile(file, bytes)
      },
      'copies the database\'s log of this hour': async () => {
        // One database serves every file here; each line begins with its time.
        const text = (await Promise.all((await postgres.csvLogs()).map((path) => readFile(path, 'utf8')))).join('')
        const ours = text.split('\n').filter((line) => Date.parse(`${line.slice(0, 23).replace(' ', 'T')}Z`) >= began.getTime())
        await writeFile(join(gateway.folder, 'postgresql.csv'), `${ours.join('\n')}\n`)
      },
      'stops the gateway': () => gateway.halt()
    })
  })
  afterAll(async () => {
    if (writes && told.length > 0) await rewrite(file, told)
    await transcript?.end()
    await gateway?.stop()
  })

  test('has something to say', () => {
    expect(steps.length).toBeGreaterThan(0)
  })

  test.each(steps.map(({ typed, expected }, i) => [`${i + 1}. ${typed}`, typed, expected] as const))('%s', async (_, typed, expected) => {
    const said = await transcript.run(typed).catch((error: Error) => {
      if (writes) return `FAILED: ${error.message}`
      throw error
    })
    told.push(said)
    if (!writes) expect(said).toBe(expected)
  })
})
