// The questions by which a catalog is read, one per list of CatalogRows, and those that see whether it changed. Pure data.
// All are asked with an empty search_path, so that every name in a definition is qualified; `xmin::text` stands last where there is one.
import type { CatalogRows } from '../../masking/postgres/catalog-rows.ts'
import { firstOwnOid } from '../../masking/postgres/build-catalog.ts'

type List = Exclude<keyof CatalogRows, 'major' | 'searchPath'>

/** Tables of all sorts, views, composite types, TOAST: what has columns and a name that a statement may use. */
const relationKinds = `('r', 'p', 'v', 'm', 'f', 'c', 'S', 't')`
/** TOAST's columns are always the same. */
const columnKinds = `('r', 'p', 'v', 'm', 'f', 'c', 'S')`

/** Columns with which PostgreSQL's own catalogs and views were made say nothing new; those of tables do when they change. */
export const catalogQueries: Readonly<Record<List, string>> = {
  relations: `
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltoastrelid, c.reltype, c.xmin::text,
      CASE WHEN c.relkind IN ('v', 'm') AND c.oid >= ${firstOwnOid} THEN pg_catalog.pg_get_viewdef(c.oid) END
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ${relationKinds} AND c.relpersistence <> 't' ORDER BY c.oid`,
  columns: `
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated <> '',
      CASE WHEN a.atthasdef AND a.attrelid >= ${firstOwnOid} THEN
        (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END,
      a.xmin::text
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ${columnKinds} AND c.relpersistence <> 't'
    ORDER BY a.attrelid, a.attnum`,
  comments: `
    SELECT objoid, objsubid, description, NULL FROM pg_catalog.pg_description
    WHERE classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objsubid > 0 AND objoid >= ${firstOwnOid}
    UNION ALL
    SELECT objoid, objsubid, NULL, label FROM pg_catalog.pg_seclabel
    WHERE classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objsubid > 0`,
  parents: 'SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno',
  constraints: `
    SELECT conrelid, contypid, conname, contype, conkey, confrelid, confkey,
      CASE WHEN conbin IS NOT NULL THEN pg_catalog.pg_get_expr(conbin, conrelid) END, xmin::text
    FROM pg_catalog.pg_constraint WHERE oid >= ${firstOwnOid} AND contype <> 'n' ORDER BY oid`,
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
    FROM pg_catalog.pg_index i WHERE i.indexrelid >= ${firstOwnOid}
      AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = i.indrelid) <> 't' ORDER BY i.indexrelid`,
  triggers: `
    SELECT tgrelid, tgname, tgfoid, tgtype, pg_catalog.pg_get_triggerdef(oid), tgenabled, xmin::text
    FROM pg_catalog.pg_trigger WHERE NOT tgisinternal ORDER BY oid`,
  rules: `
    SELECT ev_class, rulename = '_RETURN' AND ev_type = '1', xmin::text
    FROM pg_catalog.pg_rewrite WHERE oid >= ${firstOwnOid} ORDER BY oid`,
  policies: `
    SELECT polrelid, pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid), xmin::text
    FROM pg_catalog.pg_policy ORDER BY oid`,
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
    WHERE p.oid >= ${firstOwnOid} ORDER BY p.oid`,
  builtins: `
    SELECT p.oid, p.proname, p.provolatile, p.proretset, p.prokind, ${outNames('p')}, p.prorettype
    FROM pg_catalog.pg_proc p WHERE p.oid < ${firstOwnOid}`,
  operators: `SELECT oprname, oprcode::pg_catalog.oid FROM pg_catalog.pg_operator WHERE oid >= ${firstOwnOid} ORDER BY oid`,
  casts: `SELECT castsource, casttarget, castcontext, castfunc FROM pg_catalog.pg_cast WHERE oid >= ${firstOwnOid} ORDER BY oid`,
  // Not the types of tables' rows, of which there are as many as tables.
  types: `
    SELECT t.oid, n.nspname, t.typname, t.typtype, t.typcategory, t.typelem, t.typbasetype, t.typrelid,
      CASE WHEN t.oid >= ${firstOwnOid} AND t.typtype = 'b' AND t.typelem = 0 THEN
        ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend]::pg_catalog.oid[] END
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE (c.relkind IS NULL OR c.relkind = 'c') AND n.nspname !~ '^pg_(toast_)?temp_' ORDER BY t.oid`
}

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
