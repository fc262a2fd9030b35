// A server with the clinic's schema, its catalog as the gateway reads it, and what masking needs besides. For the tests beside it.
import { once } from 'node:events'
import { connect } from 'node:net'
import { Asker } from '../../../server/protocols/postgres/ask.ts'
import { logIn } from '../../../server/protocols/postgres/upstream.ts'
import type { Edge } from '../../../server/protocols/protocol.ts'
import type { BodyContext } from '../../../server/masking/postgres/body-context.ts'
import type { Catalog } from '../../../server/masking/postgres/catalog.ts'
import { labelOf, protectedColumns, type Protection, type ProtectRule } from '../../../server/masking/postgres/protect.ts'
import { loadParser, loadPlPgSqlParser, type Major } from '../../../server/sql/postgres/parser.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { protectedComment, protectedPatterns } from './schema.ts'

export const clinicRules: readonly ProtectRule[] = [{ name: 'PHI', columns: protectedPatterns, byComment: protectedComment }]

export function edgeOf(server: TestPostgres, user = server.superuser, password = server.password): Edge {
  return {
    target: { name: 'clinic', protocol: 'postgres', address: server.address, labels: {}, tls: 'disable' },
    async dial() {
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    },
    secure: () => Promise.reject(new Error('no TLS here')),
    credential: () => Promise.resolve({ user, password })
  }
}

/** A connection of the gateway's own kind, as the superuser; the test closes it. */
export async function ask(server: TestPostgres, database = 'postgres', user = server.superuser, password = server.password): Promise<Asker> {
  return new Asker(await logIn(edgeOf(server, user, password), { database, minor: 0, settings: [] }, new AbortController().signal))
}

/** Parsers as the analysis wants them. */
export async function parsers(major: number): Promise<Pick<BodyContext, 'parse' | 'parsePlPgSql'>> {
  const [sql, plpgsql] = await Promise.all([loadParser(major as Major), loadPlPgSqlParser()])
  return {
    parse(text) {
      const parsed = sql.parse(text)
      return parsed.type === 'tree' && parsed.statements.length === 1 ? parsed.statements[0]!.tree : undefined
    },
    parsePlPgSql: (definition) => plpgsql.parse(definition)
  }
}

/** `schema.relation.column` of everything in a map of relations' columns, PostgreSQL's own and TOAST left out, sorted. */
export function namesIn(catalog: Catalog, found: ReadonlyMap<number, ReadonlyMap<number, unknown> | ReadonlySet<number>>): string[] {
  return [...found].flatMap(([oid, columns]) => {
    const relation = catalog.relations.get(oid)!
    if (relation.system || relation.kind === 't') return []
    return relation.columns.filter(({ attnum }) => columns.has(attnum)).map((column) => labelOf(relation, column))
  }).sort()
}

export function protectClinic(catalog: Catalog): Protection {
  return protectedColumns(catalog, clinicRules)
}
