// The questions by which a catalog is read, one per list of CatalogRows, and those that see whether it changed. Pure data.
// All are asked with an empty search_path, so that every name in a definition is qualified; `xmin::text` stands last where there is one.
import type { CatalogRows } from '../../masking/postgres/catalog-rows.ts'
import { firstOwnOid } from '../../masking/postgres/build-catalog.ts'
import type { Oid } from '../../masking/postgres/catalog.ts'

type List = Exclude<keyof CatalogRows, 'major' | 'searchPath'>

/** Tables of all sorts, views, composite types, TOAST: what has columns and a name that a statement may use. */
const relationKinds = `('r', 'p', 'v', 'm', 'f', 'c', 'S', 't')`
/** TOAST's columns are always the same. */
const columnKinds = `('r', 'p', 'v', 'm', 'f', 'c', 'S')`

/** Which rows are read: conditions on an object's oid, its xmin or its schema. */
interface Extent {
  /** Of a relation itself, `c` in pg_class. */
  readonly relation: string
  readonly ofRelation: (oid: string) => string
  readonly functions: string
  readonly types: string
  /** Operators and casts. */
  readonly rest: string
}

/** Columns with which PostgreSQL's own catalogs and views were made say nothing new; those of tables do when they change. */
const queries = ({ relation, ofRelation, functions, types, rest }: Extent): Readonly<Record<Exclude<List, 'builtins' | 'schemas'>, string>> => ({
  relations: `
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltoastrelid, c.reltype, c.xmin::text,
      CASE WHEN c.relkind IN ('v', 'm') AND c.oid >= ${firstOwnOid} THEN pg_catalog.pg_get_viewdef(c.oid) END
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ${relationKinds} AND ${relation} ORDER BY c.oid`,
  columns: `
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated <> '',
      CASE WHEN a.atthasdef AND a.attrelid >= ${firstOwnOid} THEN
        (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END,
      a.xmin::text
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ${columnKinds} AND ${relation}
    ORDER BY a.attrelid, a.attnum`,
  comments: `
    SELECT objoid, objsubid, description, NULL FROM pg_catalog.pg_description
    WHERE classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objsubid > 0 AND objoid >= ${firstOwnOid} AND ${ofRelation('objoid')}
    UNION ALL
    SELECT objoid, objsubid, NULL, label FROM pg_catalog.pg_seclabel
    WHERE classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objsubid > 0 AND ${ofRelation('objoid')}`,
  parents: `SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits WHERE ${ofRelation('inhrelid')} ORDER BY inhrelid, inhseqno`,
  constraints: `
    SELECT conrelid, contypid, conname, contype, conkey, confrelid, confkey,
      CASE WHEN conbin IS NOT NULL THEN pg_catalog.pg_get_expr(conbin, conrelid) END, xmin::text
    FROM pg_catalog.pg_constraint WHERE oid >= ${firstOwnOid} AND contype <> 'n' AND (contypid <> 0 OR ${ofRelation('conrelid')}) ORDER BY oid`,
  // Columns within expressions and predicates stand in pg_depend only.
  indexes: `
    SELECT i.indrelid, (i.indkey::pg_catalog.int2[])[0 : i.indnkeyatts - 1],
      ARRAY(
        SELECT pg_catalog.unnest(i.indkey::pg_catalog.int2[]) UNION
        SELECT d.refobjsubid FROM pg_catalog.pg_depend d
        WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND d.objid = i.indexrelid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid
      ),
      i.indexprs IS NOT NULL, i.indpred IS NOT NULL, i.indisunique
    FROM pg_catalog.pg_index i WHERE i.indexrelid >= ${firstOwnOid} AND ${ofRelation('i.indrelid')}
      AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = i.indrelid) <> 't' ORDER BY i.indexrelid`,
  triggers: `
    SELECT tgrelid, tgname, tgfoid, tgtype, pg_catalog.pg_get_triggerdef(oid), tgenabled, xmin::text
    FROM pg_catalog.pg_trigger WHERE NOT tgisinternal AND ${ofRelation('tgrelid')} ORDER BY oid`,
  rules: `
    SELECT ev_class, rulename = '_RETURN' AND ev_type = '1', xmin::text
    FROM pg_catalog.pg_rewrite WHERE oid >= ${firstOwnOid} AND ${ofRelation('ev_class')} ORDER BY oid`,
  policies: `
    SELECT polrelid, pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid), xmin::text
    FROM pg_catalog.pg_policy WHERE ${ofRelation('polrelid')} ORDER BY oid`,
  functions: `
    SELECT p.oid, n.nspname, p.proname, l.lanname, p.provolatile, p.proretset, p.prosecdef, p.prokind,
      CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END,
      CASE WHEN l.lanname = 'c' THEN pg_catalog.concat(p.probin, ':', p.prosrc) ELSE p.prosrc END,
      p.proargtypes, p.prorettype,
      ${outNames('p')},
      (SELECT ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn,
        a.aggmfinalfn]::pg_catalog.oid[] FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid),
      pg_catalog.array_to_json(p.proconfig),
      (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e' LIMIT 1),
      p.xmin::text
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE p.oid >= ${firstOwnOid} AND ${functions} ORDER BY p.oid`,
  operators: `SELECT oprname, oprcode::pg_catalog.oid FROM pg_catalog.pg_operator WHERE oid >= ${firstOwnOid} AND ${rest} ORDER BY oid`,
  casts: `SELECT castsource, casttarget, castcontext, castfunc FROM pg_catalog.pg_cast WHERE oid >= ${firstOwnOid} AND ${rest} ORDER BY oid`,
  // Not the types of tables' rows, of which there are as many as tables.
  types: `
    SELECT t.oid, n.nspname, t.typname, t.typtype, t.typcategory, t.typelem, t.typbasetype, t.typrelid,
      CASE WHEN t.oid >= ${firstOwnOid} AND t.typtype = 'b' AND t.typelem = 0 THEN
        ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend]::pg_catalog.oid[] END
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE (c.relkind IS NULL OR c.relkind = 'c') AND ${types} ORDER BY t.oid`
})

const notTemporary = `n.nspname !~ '^pg_(toast_)?temp_'`

/** What the database has for everybody. */
export const catalogQueries: Readonly<Record<List, string>> = {
  ...queries({ relation: `c.relpersistence <> 't'`, ofRelation: () => 'true', functions: 'true', types: notTemporary, rest: 'true' }),
  schemas: 'SELECT oid, nspname FROM pg_catalog.pg_namespace',
  builtins: `
    SELECT p.oid, p.proname, p.provolatile, p.proretset, p.prokind, ${outNames('p')}, p.prorettype
    FROM pg_catalog.pg_proc p WHERE p.oid < ${firstOwnOid}`
}

/** Rows that this transaction has written, and perhaps some that others have since it began. */
const written = (alias: string) => `pg_catalog.age(${alias}xmin) <= 0`

/**
 * What one session sees otherwise than everybody, by name of the list. Other objects than relations have the transaction's mark on them.
 * @param relations its temporary ones, those its transaction has changed, and those that are written down in terms of these
 * @param functions likewise, written down in terms of these
 */
export function ownQueries(relations: readonly Oid[], functions: readonly Oid[]): ReturnType<typeof queries> {
  const among = (oid: string, oids: readonly Oid[]) => oids.length === 0 ? 'false' : `${oid} IN (${oids.join(',')})`
  return queries({
    relation: among('c.oid', relations),
    ofRelation: (oid) => among(oid, relations),
    functions: `(${written('p.')} OR ${among('p.oid', functions)})`,
    types: `(${notTemporary} AND ${written('t.')} OR n.oid = pg_catalog.pg_my_temp_schema()
      OR t.oid IN (SELECT k.contypid FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 AND ${written('k.')}))`,
    rest: written('')
  })
}

/**
 * On a session's own connection, what `ownQueries` is to be asked for: rows of a kind, an oid, and more.
 *   relation  and whether it is still there
 *   function  written down in terms of one of these
 *   type      that is not there any more
 *   schema    made, renamed or granted by this transaction, and its name
 * Whatever changes a relation's definition holds one of the stronger locks on it to the end of the transaction (PostgreSQL docs,
 * *Explicit Locking*), and whatever removes a type one on that.
 */
export const ownObjectsQuery = `
  WITH RECURSIVE locks AS MATERIALIZED (
    SELECT l.locktype, l.classid, l.objid, l.relation FROM pg_catalog.pg_locks l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  ), changed AS (
    SELECT l.relation AS oid FROM locks l WHERE l.locktype = 'relation' AND l.relation >= ${firstOwnOid}
    UNION SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.pg_my_temp_schema()
  ), related AS (
    SELECT oid FROM changed
    UNION SELECT CASE d.classid
        WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN (SELECT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.oid = d.objid)
        ELSE (SELECT p.polrelid FROM pg_catalog.pg_policy p WHERE p.oid = d.objid) END
      FROM related JOIN pg_catalog.pg_depend d ON d.refobjid = related.oid
      WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.classid IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass)
  ), listed AS (
    SELECT oid FROM related
    UNION SELECT c.reltoastrelid FROM pg_catalog.pg_class c JOIN related ON related.oid = c.oid WHERE c.reltoastrelid <> 0
  )
  SELECT 'relation', listed.oid, EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = listed.oid)::pg_catalog.text FROM listed
  UNION ALL SELECT DISTINCT 'function', d.objid, NULL FROM related JOIN pg_catalog.pg_depend d ON d.refobjid = related.oid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  UNION ALL SELECT DISTINCT 'type', l.objid, NULL FROM locks l
    WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = l.objid)
  UNION ALL SELECT 'schema', n.oid, n.nspname::pg_catalog.text FROM pg_catalog.pg_namespace n WHERE ${written('n.')}`

/** As JSON: array_to_json escapes what PostgreSQL's own array notation makes hard to read. */
function outNames(alias: string): string {
  return `CASE WHEN ${alias}.proargmodes IS NOT NULL THEN (
    SELECT pg_catalog.json_agg(COALESCE(${alias}.proargnames[i], 'column' || i) ORDER BY i)
    FROM pg_catalog.generate_subscripts(${alias}.proargmodes, 1) i WHERE ${alias}.proargmodes[i] IN ('o', 'b', 't')) END`
}

/** xmins of what `catalogQueries` reads of single relations, list by list in its order. @param oids decimal, with commas */
export function relationStampQuery(oids: string): string {
  const xmins = (catalog: string, which: string, order: string) => `
    pg_catalog.array_to_json(ARRAY(SELECT r.xmin::text FROM pg_catalog.${catalog} r WHERE ${which} ORDER BY ${order}))`
  return `SELECT c.oid, c.xmin::text,
    ${xmins('pg_attribute', `r.attrelid = c.oid AND r.attnum > 0 AND NOT r.attisdropped AND c.relkind IN ${columnKinds}`, 'r.attnum')},
    ${xmins('pg_constraint', `r.conrelid = c.oid AND r.oid >= ${firstOwnOid} AND r.contype <> 'n'`, 'r.oid')},
    ${xmins('pg_trigger', 'r.tgrelid = c.oid AND NOT r.tgisinternal', 'r.oid')},
    ${xmins('pg_rewrite', `r.ev_class = c.oid AND r.oid >= ${firstOwnOid}`, 'r.oid')},
    ${xmins('pg_policy', 'r.polrelid = c.oid', 'r.oid')}
    FROM pg_catalog.pg_class c WHERE c.oid IN (${oids})`
}

/** @param oids decimal, with commas */
export function functionStampQuery(oids: string): string {
  return `SELECT oid, xmin::text FROM pg_catalog.pg_proc WHERE oid IN (${oids})`
}

/**
 * The catalogs whose rows `catalogQueries` reads, with which of them. Without those of temporary objects, which come and go: the
 * snapshot has none of them either.
 */
const watched = [
  ['pg_class', 'relpersistence <> \'t\''],
  ['pg_attribute', 'attnum > 0 AND attrelid NOT IN (SELECT oid FROM temporary)'],
  ['pg_attrdef', 'adrelid NOT IN (SELECT oid FROM temporary)'],
  ['pg_description', `objoid >= ${firstOwnOid} AND objoid NOT IN (SELECT oid FROM temporary)`],
  ['pg_seclabel', 'true'],
  ['pg_inherits', 'inhrelid NOT IN (SELECT oid FROM temporary)'],
  ['pg_constraint', `oid >= ${firstOwnOid} AND connamespace NOT IN (SELECT oid FROM temporary)`],
  ['pg_index', `indexrelid >= ${firstOwnOid} AND indrelid NOT IN (SELECT oid FROM temporary)`],
  ['pg_trigger', 'NOT tgisinternal AND tgrelid NOT IN (SELECT oid FROM temporary)'],
  ['pg_rewrite', `oid >= ${firstOwnOid} AND ev_class NOT IN (SELECT oid FROM temporary)`],
  ['pg_policy', 'true'],
  ['pg_proc', `oid >= ${firstOwnOid}`],
  ['pg_aggregate', `aggfnoid::pg_catalog.oid >= ${firstOwnOid}`],
  ['pg_operator', `oid >= ${firstOwnOid}`],
  ['pg_cast', `oid >= ${firstOwnOid}`],
  ['pg_type', `oid >= ${firstOwnOid} AND typnamespace NOT IN (SELECT oid FROM temporary)`],
  ['pg_namespace', 'oid NOT IN (SELECT oid FROM temporary)'],
  ['pg_depend', 'deptype = \'e\''],
  ['pg_extension', 'true']
] as const

/** One text that is another whenever a row of the catalog was made, changed or removed. */
export const digestQuery = `WITH temporary AS MATERIALIZED (
    SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't'
    UNION ALL SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_'
  )
  SELECT pg_catalog.md5(pg_catalog.concat_ws('|', ${watched.map(([catalog, which]) => `
    (SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(
      pg_catalog.hashtextextended(pg_catalog.concat(xmin, ctid), 0)::pg_catalog.numeric)) FROM pg_catalog.${catalog} WHERE ${which})`).join(',')}))`
