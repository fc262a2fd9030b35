// One database's catalog for all: how often a real server is asked for it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { CatalogKeeper } from '../../../server/protocols/postgres/catalog-keeper.ts'
import { edgeOf } from '../../masking/postgres/harness.ts'
import { TestPostgres } from '../../support/postgres.ts'

let server: TestPostgres
let keeper: CatalogKeeper

beforeAll(async () => {
  server = await TestPostgres.start()
  await server.query('CREATE TABLE t (id integer, name text)')
}, 60_000)
afterAll(() => server.stop())
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  keeper = new CatalogKeeper(edgeOf(server), 'postgres', server.programs.major)
  keeper.enter()
})
afterEach(() => {
  keeper.leave()
  vi.useRealTimers()
})

/** How many statements of the gateway's own have reached the server that begin like this. */
async function asked(beginning: string): Promise<number> {
  return (await server.statements()).filter(({ step, application, text }) =>
    step === 'execute' && application === 'hoop/catalog' && text.includes(beginning)).length
}
const readings = () => asked('BEGIN ISOLATION')
const looks = () => asked('pg_catalog.md5(')

describe('a catalog', () => {
  test('is the same object until something changes', async () => {
    const catalog = await keeper.current()
    expect(await keeper.refresh()).toBe(catalog)
    await server.query('ALTER TABLE t ADD extra text')
    const later = await keeper.refresh()
    expect(later.relationsByName.get('t')![0]!.columns.map(({ name }) => name)).toContain('extra')
    expect(await keeper.current()).toBe(later)
  })

  test('is read once for all who see the same change at the same time', async () => {
    await keeper.current()
    const before = await readings()
    await server.query('COMMENT ON COLUMN t.name IS \'another\'')
    const [first, ...others] = await Promise.all([keeper.refresh(), keeper.refresh(), keeper.refresh()])
    for (const other of others) expect(other).toBe(first)
    expect(await keeper.current()).toBe(first)
    expect(await readings() - before).toBe(1)
  })

  test('is asked for by one poll at a time, however slow the server', async () => {
    await keeper.current()
    const before = await looks()
    // Sixty are due before the first has had its answer.
    vi.advanceTimersByTime(60_000)
    await keeper.refresh()
    expect(await looks() - before).toBe(2)
    vi.advanceTimersByTime(1_000)
    await keeper.refresh()
    expect(await looks() - before).toBe(4)
  })
})
