// Two databases that differ in protected values alone, and whether a statement shows which of them it ran on.
import type pg from 'pg'
import type { Finding } from '../../server/masking/postgres/finding.ts'
import { analyze } from '../../server/masking/postgres/analyze.ts'
import { defaultFlows, judge, strictFlows, type Cell, type MaskingPolicy, type Verdict } from '../../server/masking/postgres/judge.ts'
import type { World } from '../../server/masking/postgres/world.ts'
import type { Parser } from '../../server/sql/postgres/parser.ts'
import { rows, schemaWithoutUpper } from '../masking/postgres/schema.ts'
import { catalogOf, connect, one, parserOf, worldOf } from '../masking/postgres/world.ts'
import { TestPostgres, type TestPostgresOptions } from '../support/postgres.ts'

export const strict: MaskingPolicy = { flows: strictFlows, masks: new Map(), exempt: new Map() }
export const lenient: MaskingPolicy = { flows: defaultFlows, masks: new Map(), exempt: new Map() }

/** What a client would see. */
export interface Shown {
  /** SQLSTATE; the texts of errors are scrubbed. */
  readonly error?: string
  readonly tag?: string
  readonly rows: readonly string[]
}

export class Twins {
  private constructor(
    readonly server: TestPostgres,
    readonly world: World,
    readonly parser: Parser,
    readonly clients: readonly [pg.Client, pg.Client]
  ) {}

  /** @param more SQL for both, after the shared schema and rows; `TWIN` in it becomes `a` or `b` */
  static async start(options: TestPostgresOptions = {}, more = ''): Promise<Twins> {
    const server = await TestPostgres.start({ logStatements: false, ...options })
    try {
      for (const twin of ['a', 'b'] as const) {
        await server.query(`CREATE DATABASE twin_${twin}`)
        await server.query(schemaWithoutUpper + rows(twin) + more.replaceAll('TWIN', twin), { database: `twin_${twin}` })
      }
      const catalog = await catalogOf(server, 'twin_a')
      const clients = [await connect(server, 'twin_a'), await connect(server, 'twin_b')] as const
      for (const client of clients) await client.query(settings)
      return new Twins(server, await worldOf(catalog), await parserOf(catalog.major), clients)
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    for (const client of this.clients) await client.end().catch(() => undefined)
    await this.server.stop()
  }

  /** @returns undefined: not one statement */
  judge(sql: string, policy = strict, world = this.world): { readonly finding: Finding, readonly verdict: Verdict } | undefined {
    const tree = one(this.parser, sql)
    if (tree === undefined) return undefined
    const finding = analyze(tree, world)
    return { finding, verdict: judge(finding, policy) }
  }

  /** What both show, in a transaction that is rolled back; cells masked as the verdict says. */
  async show(sql: string, cells: readonly Cell[] | undefined): Promise<readonly [Shown, Shown]> {
    const [a, b] = this.clients
    const shown = await Promise.all([run(a, sql, cells), run(b, sql, cells)])
    if (/nextval|setval|INSERT/i.test(sql)) await Promise.all(this.clients.map((client) => client.query(resetSequences)))
    return shown as [Shown, Shown]
  }

  /** Several statements in one transaction, which is rolled back: what each shows. */
  async script(statements: readonly string[], cells: readonly Cell[] | undefined): Promise<readonly unknown[]> {
    return Promise.all(this.clients.map(async (client) => {
      await client.query('BEGIN')
      const shown: unknown[] = []
      try {
        for (const text of statements) {
          const { rows: all } = await client.query({ text, rowMode: 'array', types: asText })
          shown.push((all as (string | null)[][]).map((row) => cells?.length === row.length ? maskRow(row, cells) : row))
        }
      } catch (error) {
        shown.push((error as { code?: string }).code)
      } finally {
        await client.query('ROLLBACK')
      }
      return shown
    }))
  }

  /**
   * Rolled-back writes leave pages of different sizes behind, hence other plans: a difference must survive that these are made alike.
   * And that there is time enough: on a busy machine the limit of time cuts one twin off and not the other, which tells nothing.
   */
  async differs(sql: string, cells: readonly Cell[] | undefined): Promise<boolean> {
    const [a, b] = await this.show(sql, cells)
    if (JSON.stringify(a) === JSON.stringify(b)) return false
    const both = (text: string) => Promise.all(this.clients.map((client) => client.query(text)))
    await both('SET statement_timeout = \'60s\'')
    await both('VACUUM FULL')
    const [again, other] = await this.show(sql, cells)
    await both('SET statement_timeout = \'3s\'')
    return JSON.stringify(again) !== JSON.stringify(other)
  }
}

const settings = 'SET search_path = clinic, reporting, public; SET statement_timeout = \'3s\'; SET client_min_messages = error; SET jit = off; SET enable_indexonlyscan = off; SET enable_indexscan = off; SET max_parallel_workers_per_gather = 0'
const resetSequences = 'SELECT setval(\'clinic.tickets\', 1), setval(\'clinic.billing_id_seq\', 100), setval(\'clinic.audit_id_seq\', 100)'
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig

async function run(client: pg.Client, sql: string, cells: readonly Cell[] | undefined): Promise<Shown> {
  await client.query('BEGIN')
  const copied: string[] = []
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter }
  const onCopy = ({ chunk }: { chunk: Buffer }) => { copied.push(maskRow(chunk.toString('utf8').trimEnd().split('\t').map((cell) => cell === '\\N' ? null : cell), cells)) }
  connection.on('copyData', onCopy)
  try {
    const result = await client.query({ text: sql, rowMode: 'array', types: asText })
    const shown = (result.rows as (string | null)[][]).map((row) => maskRow(row, cells))
    return { tag: `${result.command} ${result.rowCount}`, rows: [...shown, ...copied] }
  } catch (error) {
    return { error: (error as { code?: string }).code ?? String(error), rows: copied }
  } finally {
    connection.off('copyData', onCopy)
    await client.query('ROLLBACK')
  }
}

/** A masked cell of a column that is a protected one shows whether it is NULL, which is allowed; of one derived, nothing. */
function maskRow(row: readonly (string | null)[], cells: readonly Cell[] | undefined): string {
  if (cells === undefined || cells.length !== row.length) return JSON.stringify(['more or fewer columns than were foreseen', ...row])
  return JSON.stringify(row.map((value, at) => {
    const cell = cells[at]!
    if (cell === 'pass') return value
    return cell === 'redact' ? 'redacted' : value === null ? null : 'masked'
  }))
}
