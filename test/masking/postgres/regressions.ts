// Statements that were let through once and told the twins apart. Each is held since; test/twins/twins.test.ts sees to it.
export const regressions: readonly string[] = [
  // ARRAY of arrays of different lengths fails.
  'SELECT ARRAY(SELECT ARRAY(SELECT p.id FROM clinic.patients p WHERE p.ssn = \'100-00-7919\'))',
  // Untyped literals become text as the branches of CASE, so the cast is one of text.
  'SELECT (CASE WHEN p.ssn = \'100-00-7919\' THEN \'nope\' ELSE \'clinic.rooms\' END)::regclass FROM clinic.patients p',
  'SELECT cast(CASE WHEN p.ssn_num < 5010 THEN \'x\' ELSE \'2020-01-01\' END AS date) FROM clinic.patients p'
]
