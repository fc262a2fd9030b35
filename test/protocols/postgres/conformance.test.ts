import pg from 'pg'
import postgresJs from 'postgres'
import { expect } from 'vitest'
import { postgres } from '../../../server/protocols/postgres/index.ts'
import { defaultFlows } from '../../../server/masking/postgres/judge.ts'
import { LeakScan } from '../../support/leak-scan.ts'
import * as m from '../../support/messages.ts'
import { query } from '../../support/messages.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { reportFields } from '../../support/trace.ts'
import { WireClient } from '../../support/wire.ts'
import { conformance } from '../conformance.ts'
import { ProtocolHarness } from '../harness.ts'

let server: TestPostgres

const frameText = (frames: { readonly type: string, readonly bytes: Buffer }[]) =>
  frames.filter(({ type }) => type !== 'E').map(({ bytes }) => bytes.toString('hex')).join(' ')

conformance({
  name: 'postgres',
  async startServer() { server = await TestPostgres.start() },
  stopServer: () => server.stop(),
  startHarness: () => ProtocolHarness.start(postgres(), { address: server.address, user: server.superuser, password: server.password, database: 'postgres' }),
  async connect(harness) {
    const wire = await WireClient.open(harness.to, { user: 'me', database: 'postgres' })
    return {
      closed: wire.closed,
      told: () => Buffer.concat(wire.frames.map(({ bytes }) => bytes)).toString('latin1'),
      async run(operation) {
        wire.send(query(operation))
        const frames = (await wire.until('ZE')).filter(({ type }) => type !== 'N')
        const error = frames.find(({ type }) => type === 'E')
        if (error === undefined) return { result: frameText(frames) }
        const { C: code, S: severity } = reportFields(error)
        if (severity !== 'FATAL') await wire.until('Z')
        return { error: code! }
      },
      sendMalformed: () => wire.sendRaw(Buffer.from([0x51, 0x00, 0x00, 0x00, 0x02])),
      askForMuch() {
        wire.pause()
        wire.send(query('SELECT repeat(\'x\', 1000) FROM generate_series(1, 500000)'))
        return Promise.resolve()
      },
      close: () => { wire.destroy(); return wire.closed }
    }
  },
  async direct(operation) {
    const wire = await WireClient.open({ path: server.socket }, { user: server.superuser, database: 'postgres' })
    const text = frameText((await wire.ask(operation)).frames)
    await wire.close()
    return text
  },
  reached: async (mark) => (await server.statements()).some(({ text }) => text.includes(`mark-${mark}`)),
  operation: (mark) => `SELECT 'mark-${mark}' AS mark, n FROM generate_series(1, 3) AS n`,
  codes: { denied: '42501', auditUnavailable: '58000', review_rejected: '42501', review_expired: '57014' },
  async startMasked() {
    await server.query('DROP TABLE IF EXISTS people; CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, \'123-45-6789\')')
    const rule = { name: 'PHI', columns: ['public.people.ssn'], mask: 'redact', exempt: false } as const
    return ProtocolHarness.start(postgres(), {
      address: server.address,
      user: server.superuser,
      password: server.password,
      database: 'postgres',
      protection: { rules: [rule], flows: defaultFlows, trust: [] }
    })
  },
  async showMasked(harness) {
    const wire = await WireClient.open(harness.to, { user: 'me', database: 'postgres' })
    for (const sql of ['SELECT * FROM people', 'SELECT upper(ssn), ssn || ssn FROM people', 'COPY people TO STDOUT', 'COPY people TO STDOUT (FORMAT binary)', 'INSERT INTO people SELECT id, ssn::int::text FROM people']) {
      await wire.ask(sql)
    }
    for (const results of [[0], [1]]) await wire.exchange([m.parse('SELECT ssn FROM people'), m.bind({ results }), m.execute(), m.sync()])
    await wire.close()
    return new LeakScan(['123-45-6789']).find(Buffer.concat(wire.frames.map(({ bytes }) => bytes)))
  },
  async useLibrary(harness) {
    const pool = new pg.Pool({ ...harness.to, user: 'me', database: 'postgres', max: 4 })
    const rows = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.query({ name: 'twice', text: 'SELECT $1::int * 2 AS n', values: [i] })))
    expect(rows.map((result) => (result.rows[0] as { n: number }).n)).toEqual(Array.from({ length: 20 }, (_, i) => i * 2))
    await pool.end()
    const sql = postgresJs({ ...harness.to, user: 'me', database: 'postgres', max: 1 })
    const pipelined = await Promise.all(Array.from({ length: 50 }, (_, i) => sql`SELECT ${i}::int AS n`))
    expect(pipelined.map(([row]) => row!.n as number)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    await sql.end()
  }
})
