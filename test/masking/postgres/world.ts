// The shared schema on a real server, and the world the analysis sees of it.
import pg from 'pg'
import type { Asker } from '../../../server/protocols/postgres/ask.ts'
import { readCatalog } from '../../../server/protocols/postgres/snapshot.ts'
import type { Catalog } from '../../../server/masking/postgres/catalog.ts'
import { protectedColumns, type Protection } from '../../../server/masking/postgres/protect.ts'
import type { World } from '../../../server/masking/postgres/world.ts'
import { loadParser, type Major, type Parser } from '../../../server/sql/postgres/parser.ts'
import type { Tree } from '../../../server/sql/postgres/tree.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { protectedComment, protectedPatterns } from './schema.ts'

export async function connect(server: TestPostgres, database: string): Promise<pg.Client> {
  const client = new pg.Client({ host: server.socketDirectory, port: server.port, user: server.superuser, database })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

export async function catalogOf(server: TestPostgres, database: string): Promise<Catalog> {
  const client = await connect(server, database)
  const asText = { getTypeParser: () => (value: string) => value }
  const asker = {
    async ask({ text }: { text: string }) {
      return (await client.query({ text, rowMode: 'array', types: asText as never })).rows as (string | null)[][]
    }
  }
  try {
    return await readCatalog(asker as unknown as Asker, server.programs.major)
  } finally {
    await client.end()
  }
}

export function protectionOf(catalog: Catalog): Protection {
  return protectedColumns(catalog, [{ name: 'people', columns: protectedPatterns, byComment: protectedComment }])
}

export function one(parser: Parser, sql: string): Tree | undefined {
  const parsed = parser.parse(sql)
  return parsed.type === 'tree' && parsed.statements.length === 1 ? parsed.statements[0]!.tree : undefined
}

const parsers = new Map<Major, Promise<Parser>>()

export async function parserOf(major: number): Promise<Parser> {
  const known = major as Major
  const parser = parsers.get(known) ?? loadParser(known)
  parsers.set(known, parser)
  return parser
}

/** @param major whose parser reads the statements; the catalog stays that of the server */
export async function worldOf(catalog: Catalog, major: number = catalog.major, searchPath: readonly string[] = ['clinic', 'reporting', 'public']): Promise<World> {
  const parser = await parserOf(major)
  const known = major === catalog.major ? catalog : { ...catalog, major }
  const { protected: marked, hazards } = protectionOf(known)
  return { catalog: known, protected: marked, hazards, parse: (text) => one(parser, text), vouched: new Set(), searchPath }
}
