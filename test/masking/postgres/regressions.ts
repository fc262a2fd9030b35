// Statements that were let through once and told the twins apart. Each is held since; test/twins/twins.test.ts sees to it.
export const regressions: readonly string[] = [
  // ARRAY of arrays of different lengths fails.
  'SELECT ARRAY(SELECT ARRAY(SELECT p.id FROM clinic.patients p WHERE p.ssn = \'100-00-7919\'))',
  // Untyped literals become text as the branches of CASE, so the cast is one of text.
  'SELECT (CASE WHEN p.ssn = \'100-00-7919\' THEN \'nope\' ELSE \'clinic.rooms\' END)::regclass FROM clinic.patients p',
  'SELECT cast(CASE WHEN p.ssn_num < 5010 THEN \'x\' ELSE \'2020-01-01\' END AS date) FROM clinic.patients p',
  // From PostgreSQL 16 on the input is sorted once for all aggregates.
  'SELECT string_agg(mrn, \',\'), count(DISTINCT email) FROM clinic.patients',
  'SELECT array_agg(id), max(name) FROM clinic.patients HAVING count(DISTINCT email) IS NOT NULL ORDER BY string_agg(name, \',\' ORDER BY email) IS NULL',
  // A plan with counts shows which rows a subquery in a value found, and which branch was taken.
  'EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) SELECT (SELECT count(*) FROM clinic.patients WHERE email > \'u5\')',
  'EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) SELECT CASE WHEN ssn > \'5\' THEN (SELECT max(r.id) FROM clinic.rooms r) END FROM clinic.patients WHERE id = 1',
  'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ssn_num) FROM clinic.patients'
]
