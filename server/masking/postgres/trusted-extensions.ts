// Extensions whose functions in C only compute from their arguments. Pure data, from what the extensions' documentation and scripts say
// of them: those of PostgreSQL's own contrib folder that have no function that reads relations, runs SQL or keeps state, and widely used
// others. Not here, for a reason: tablefunc, xml2, dblink (SQL in strings), pageinspect, pgrowlocks, pgstattuple, pg_visibility, amcheck
// (pages of tables), lo, adminpack, file_fdw (files), pg_stat_statements (statements), postgres_fdw (another server), tcn, refint, autoinc
// (triggers).
import type { OwnFunction } from './catalog.ts'

const trusted = new Set([
  'btree_gin',
  'btree_gist',
  'citext',
  'cube',
  'dict_int',
  'dict_xsyn',
  'earthdistance',
  'fuzzystrmatch',
  'hstore',
  'intarray',
  'isn',
  'ltree',
  'pg_trgm',
  'pgcrypto',
  'seg',
  'unaccent',
  'uuid-ossp',
  'postgis',
  'vector',
  'pgvector'
])
/** Of these also what is stable: it depends on settings or dictionaries. PostGIS has stable functions that read statistics. */
const trustedStable = new Set(['citext', 'hstore', 'ltree', 'pg_trgm', 'unaccent'])

export function isTrustedC({ extension, volatility }: OwnFunction): boolean {
  if (extension === undefined || !trusted.has(extension)) return false
  return volatility === 'immutable' || (volatility === 'stable' && trustedStable.has(extension))
}
