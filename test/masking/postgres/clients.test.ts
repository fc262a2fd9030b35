// What real clients ask of the catalog passes: psql's backslash commands and pg_dump, as a real server heard them.
import { execFileSync } from 'node:child_process'
import { join, dirname } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyze } from '../../../server/masking/postgres/analyze.ts'
import type { Finding } from '../../../server/masking/postgres/finding.ts'
import type { World } from '../../../server/masking/postgres/world.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { hasServer } from '../../support/postgres-server.ts'
import { short } from './kinds.ts'
import { rows, schema } from './schema.ts'
import { catalogOf, parserOf, worldOf } from './world.ts'

const commands = String.raw`
\l+ \d \d+ \dt \dt+*clinic.* \dv+*clinic.* \dm+**.* \di+*clinic.* \ds+*clinic.* \d*clinic.patients \d+*clinic.patients \d+*clinic.visits
\d+*clinic.v_deep \d+*reporting.m_patients \d+*clinic.staff \d*clinic.tickets \d*clinic.patients_by_ssn \d+*clinic.secured \d+*clinic.rooms
\df*clinic.* \df+*clinic.* \da*clinic.* \dT+*clinic.* \dD+*clinic.* \do*clinic.* \dC+ \dn+ \du+ \dp*clinic.* \ddp \dx \dx+ \dy \dX*clinic.*
\des+ \deu+ \det+ \dew+ \db+ \dc \dO \dF \dFd \dFp \dFt \dL+ \dA+ \dAc \dAf \dAo \dAp \dRp \dRs+ \dP+ \drds \dconfig*work_mem
\sf*clinic.add_one \sv*clinic.v_deep \z*clinic.patients \dd \dE \dit*clinic.* \dl
`.trim().split(/\s+/).map((command) => command.replace('*', ' '))

let server: TestPostgres
let world: World
let heard: readonly { readonly text: string, readonly by: string }[]

/** psql stands beside the server only where it was installed; a copy in the path does as well. */
const hasPsql = hasServer({ server: 'system' })

beforeAll(async () => {
  if (!hasPsql) return
  server = await TestPostgres.start({ server: 'system' })
  await server.query('CREATE DATABASE clinic')
  await server.query(schema + rows('a'), { database: 'clinic' })
  world = await worldOf(await catalogOf(server, 'clinic'), undefined, ['public'])
  const bin = dirname(server.programs.postgres)
  const to = ['-h', server.socketDirectory, '-p', String(server.port), '-U', server.superuser, '-d', 'clinic']
  const options = { stdio: 'pipe', maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH, PAGER: 'cat' } } as const
  for (const command of commands) execFileSync('psql', ['-X', ...to, '-c', command], options)
  execFileSync(join(bin, 'pg_dump'), [...to, '--schema-only'], options)
  const lines = (await server.log()).split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Record<string, string>)
  heard = lines.flatMap(({ application_name: by = '', message = '' }) => {
    const [, text] = /^statement: ([\s\S]*)$/.exec(message) ?? []
    return (by === 'psql' || by === 'pg_dump') && text !== undefined ? [{ text, by }] : []
  })
}, 180_000)
afterAll(() => server?.stop())

test.skipIf(!hasPsql)('psql and pg_dump --schema-only are not held, and see the catalog as it is', async () => {
  const parser = await parserOf(world.catalog.major)
  const prepared = new Map<string, Finding>()
  const judged = heard.flatMap(({ text, by }) => {
    const parsed = parser.parse(text)
    return parsed.type !== 'tree'
      ? [`unreadable: ${text}`]
      : parsed.statements.map(({ tree }) => {
          const finding = analyze(tree, { ...world, prepared, searchPath: by === 'pg_dump' ? [] : world.searchPath })
          if (finding.defines !== undefined) prepared.set(finding.defines.name, finding)
          return `${short(finding)} | ${text}`
        })
  })
  expect(judged.length).toBeGreaterThan(250)
  expect(judged.filter((line) => !line.startsWith('allow'))).toEqual([])
  const touched = judged.filter((line) => /^allow [.-]*[MR]/.test(line))
  // Foreign servers' and users' options, missing values, subscriptions' connections.
  expect(touched.length).toBeLessThan(10)
})
