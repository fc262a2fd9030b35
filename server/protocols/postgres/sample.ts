// Looks at a few rows of each table for `hoop policy suggest`: bounded in rows, characters and time. Values are counted and forgotten;
// what leaves this file is numbers.
import { GatewayError } from '../../../shared/errors.ts'
import type { Suggestions } from '../../../shared/explain.ts'
import { suggestFor, type SampledColumn } from '../../masking/suggest.ts'
import type { Catalog, Relation, RelationColumn } from '../../masking/postgres/catalog.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Edge, Sample } from '../protocol.ts'
import type { Asker } from './ask.ts'
import { consult, nothingProtected, type ConsultParts } from './consult.ts'
import { nameOf, ownRelations, quoted } from './survey.ts'

/** The beginning of a value is enough to see what it is. */
const maxCharacters = 200
/** Of one question: what many columns would answer at once must fit into one answer. */
const maxColumns = 200
/** A table that is locked, or that takes long to be read at all, is left out. */
const patience = 'SELECT pg_catalog.set_config(\'lock_timeout\', \'1s\', false), pg_catalog.set_config(\'statement_timeout\', \'5s\', false)'

/** What cannot hold words or numbers of a person is not read: pg_type.typcategory. */
const categories: Readonly<Record<string, SampledColumn['type']>> = { S: 'text', N: 'integer', D: 'date', U: 'other', I: 'other' }

export function suggestForTarget(
  parts: ConsultParts,
  edge: Edge,
  protection: Protection | undefined,
  { rows }: Sample,
  signal: AbortSignal
): Promise<Suggestions> {
  return consult(parts, edge, { protection: protection ?? nothingProtected, signal }, async ({ asker, guards: { world }, database }) => {
    await asker.ask({ text: patience })
    const unread: Suggestions['unread'][number][] = []
    const suggestions: Suggestions['suggestions'][number][] = []
    let sampledColumns = 0
    // A partition's values are its parent's, and are protected with it.
    const relations = ownRelations(world.catalog).filter(({ kind, parents }) => (kind === 'r' || kind === 'p') && parents.length === 0)
    for (const relation of relations) {
      signal.throwIfAborted()
      const open = relation.columns.filter(({ attnum }) => world.protected.get(relation.oid)?.has(attnum) !== true).slice(0, maxColumns)
      const readable = open.filter((column) => typeOf(column, world.catalog) !== undefined)
      const values = rows === 0 || readable.length === 0
        ? undefined
        : await valuesOf(asker, relation, readable, rows).catch((error: unknown) => {
            if (!(error instanceof GatewayError) || error.code !== 'target_refused') throw error
            unread.push({ relation: nameOf(relation), errorClass: /\(([^()]*)\)$/.exec(error.message)?.[1] ?? '' })
            return undefined
          })
      sampledColumns += values === undefined ? 0 : readable.length
      for (const column of open) {
        const found = suggestFor({
          column: patternOf(relation.schema, relation.name, column.name),
          name: column.name,
          ...(column.comment === undefined ? {} : { comment: column.comment }),
          type: typeOf(column, world.catalog) ?? 'other',
          values: values?.get(column.attnum)
        })
        if (found !== undefined) suggestions.push(found)
      }
    }
    suggestions.sort((a, b) => a.column < b.column ? -1 : 1)
    return { target: edge.target.name, database, relations: relations.length, sampledColumns, unread, suggestions }
  })
}

/** Of large tables, pages here and there; the first rows of others, or of what has too few pages to hit one. */
async function valuesOf(
  asker: Asker,
  relation: Relation,
  columns: readonly RelationColumn[],
  rows: number
): Promise<ReadonlyMap<number, readonly string[]>> {
  const list = columns.map(({ name }) => `pg_catalog.left(${quoted(name)}::pg_catalog.text, ${maxCharacters})`).join(', ')
  const from = `${quoted(relation.schema)}.${quoted(relation.name)}`
  const read = (how: string) => asker.ask({ text: `SELECT ${list} FROM ${from} ${how} LIMIT ${rows}` })
  const spread = relation.kind === 'r' ? await read('TABLESAMPLE SYSTEM (1)') : []
  const found = spread.length >= rows / 2 ? spread : await read('')
  const written = (i: number) => found.flatMap((row) => row[i] === null || row[i] === '' ? [] : row[i]!)
  return new Map(columns.map(({ attnum }, i) => [attnum, written(i)]))
}

/** @returns undefined for what is not read: binary, geometry, arrays, documents, enumerations */
function typeOf({ type }: RelationColumn, { types }: Catalog): SampledColumn['type'] | undefined {
  const found = types.get(type)
  const base = found?.kind === 'd' && found.base !== undefined ? types.get(found.base) : found
  if (base === undefined || base.kind !== 'b' || base.name === 'bytea') return undefined
  return categories[base.category]
}

/** As the section `protect` wants it written: parts that are no plain names in quotes, and no blanks. */
function patternOf(...parts: readonly string[]): string {
  return parts.map((part) => /^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoted(part).replaceAll(/\s/g, '*')).join('.')
}
