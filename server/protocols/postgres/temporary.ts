// A session's own temporary tables, which no catalog of others' shows. Only plain ones: what has code of its own (triggers, rules, checks,
// defaults, row security, parents) is left out, and so is not understood. Pure.
import type { Relation, RelationColumn } from '../../masking/postgres/catalog.ts'

/** For the session's own connection: a row for each column. */
export const temporaryQuery = `SELECT c.oid, n.nspname, c.relname, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, c.reltype
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE n.oid = pg_catalog.pg_my_temp_schema() AND c.relkind = 'r' AND NOT c.relhastriggers AND NOT c.relhasrules AND NOT c.relrowsecurity
    AND c.relchecks = 0 AND NOT c.relispartition AND NOT c.relhassubclass
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid)
  ORDER BY c.oid, a.attnum`

export function temporaryRelations(rows: readonly (readonly (string | null)[])[]): Relation[] {
  const relations = new Map<string, { readonly relation: Relation, readonly columns: RelationColumn[] }>()
  for (const [oid, schema, name, attnum, column, type, modifier, notNull, rowType] of rows) {
    let found = relations.get(oid!)
    if (found === undefined) {
      const columns: RelationColumn[] = []
      const relation: Relation = {
        oid: Number(oid),
        schema: schema!,
        name: name!,
        kind: 'r',
        columns,
        parents: [],
        constraints: [],
        indexes: [],
        triggers: [],
        rules: false,
        policies: [],
        system: false,
        rowType: Number(rowType),
        stamp: ''
      }
      relations.set(oid!, found = { relation, columns })
    }
    found.columns.push({
      attnum: Number(attnum),
      name: column!,
      type: Number(type),
      typeModifier: Number(modifier),
      notNull: notNull === 't',
      generated: false
    })
  }
  return [...relations.values()].map(({ relation }) => relation)
}
