// Every rule is needed: without it, some statement is let through that tells the twins apart. Not here: the fields of nodes, of which
// the test is in test/masking/postgres/analysis.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FlowKind } from '../../server/masking/postgres/finding.ts'
import type { World } from '../../server/masking/postgres/world.ts'
import { findServer } from '../support/postgres-server.ts'
import { strict, Twins } from './twins.ts'

interface Witness {
  readonly rule: string
  /** Other rules that hold it as well, off in both. */
  readonly also?: readonly string[]
  readonly sql: string
  /** Run after it, to read what it left behind. */
  readonly then?: string
  readonly before?: string
  /** Kinds of flows that are allowed: the rule is about what they do not cover. */
  readonly allowing?: readonly FlowKind[]
  /** Syntax that only PostgreSQL 17 and later have: run on the embedded server. */
  readonly since17?: true
  /** The cursor `c` is declared so, and is at its first row. */
  readonly cursor?: string
}

/** What the shared schema does not have: code and constraints that leak where nobody looks. */
const more = `
CREATE FUNCTION clinic.digit(integer, integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT left(ssn, $2) FROM clinic.patients WHERE id = $1';
CREATE OPERATOR clinic.<<<< (FUNCTION = clinic.digit, LEFTARG = integer, RIGHTARG = integer);
CREATE TABLE clinic.ruled (id integer, x text);
CREATE RULE copy AS ON INSERT TO clinic.ruled DO ALSO INSERT INTO clinic.audit (what) SELECT ssn FROM clinic.patients;
CREATE TABLE clinic.triggered (id integer, x text);
CREATE FUNCTION clinic.fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.x := (SELECT ssn FROM clinic.patients WHERE id = 1); RETURN NEW; END $$;
CREATE TRIGGER fill BEFORE INSERT ON clinic.triggered FOR EACH ROW EXECUTE FUNCTION clinic.fill();
CREATE TABLE clinic.parted (id integer, x text) PARTITION BY LIST (id);
CREATE TABLE clinic.parted_1 PARTITION OF clinic.parted FOR VALUES IN (1);
CREATE TABLE clinic.parted_2 PARTITION OF clinic.parted FOR VALUES IN (2);
INSERT INTO clinic.parted VALUES (1, 'x');
CREATE TRIGGER fill BEFORE INSERT ON clinic.parted_2 FOR EACH ROW EXECUTE FUNCTION clinic.fill();
CREATE TABLE clinic.checking (x text CHECK (clinic.known_city(x)));
CREATE TABLE clinic.limits (id integer, secret integer, amount integer, CHECK (amount < secret));
COMMENT ON COLUMN clinic.limits.secret IS 'PHI';
INSERT INTO clinic.limits VALUES (1, CASE 'TWIN' WHEN 'a' THEN 10 ELSE 20 END, 1);
INSERT INTO clinic.codes VALUES ('D99', 'rare');
UPDATE clinic.visits SET diagnosis = 'D99' WHERE id = 1 AND 'TWIN' = 'a';
UPDATE clinic.notes SET body = (SELECT ssn FROM clinic.patients WHERE id = 1) WHERE id IN (20, 21) AND 'TWIN' = 'a';
UPDATE clinic.notes SET body = NULL WHERE id = 22 AND 'TWIN' = 'a';
DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER TABLE clinic.notes ADD COLUMN page xml;
COMMENT ON COLUMN clinic.notes.page IS 'PHI';
UPDATE clinic.notes SET page = ('<r>' || repeat('<x/>', CASE 'TWIN' WHEN 'a' THEN id ELSE 1 END) || '</r>')::xml;
GRANT USAGE ON SCHEMA clinic TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA clinic TO reader;
CREATE TABLE clinic.pins (id integer, pin text UNIQUE DEFAULT 'none');
COMMENT ON COLUMN clinic.pins.pin IS 'PHI';
INSERT INTO clinic.pins VALUES (1, CASE 'TWIN' WHEN 'a' THEN 'none' ELSE 'some' END);
UPDATE clinic.patients SET email = 'reader' WHERE id = 3 AND 'TWIN' = 'a';
`

const witnesses: readonly Witness[] = [
  { rule: 'guard', sql: 'SELECT CASE WHEN p.ssn > \'5\' THEN 1 / (id - id) END FROM clinic.patients p' },
  {
    rule: 'settings',
    sql: 'SELECT CASE WHEN p.ssn > \'5\' THEN set_config(\'application_name\', \'hit\', false) END FROM clinic.patients p WHERE id = 1',
    then: 'SELECT current_setting(\'application_name\'), 1'
  },
  { rule: 'computed', sql: 'INSERT INTO clinic.pins (id) VALUES (2)' },
  { rule: 'totality', sql: 'SELECT 1 / (ssn_num - 5001) FROM clinic.patients' },
  { rule: 'error', sql: 'SELECT 1 / (ssn_num - 5001) FROM clinic.patients' },
  { rule: 'other', sql: 'SELECT id FROM clinic.patients WHERE ssn > \'5\'' },
  { rule: 'order', sql: 'SELECT id FROM clinic.patients ORDER BY ssn' },
  { rule: 'group', sql: 'SELECT count(*) FROM clinic.patients GROUP BY left(email, 2)' },
  { rule: 'distinct', sql: 'SELECT DISTINCT left(email, 2) FROM clinic.patients' },
  { rule: 'setop', sql: 'SELECT id FROM clinic.patients EXCEPT SELECT length(email) FROM clinic.patients' },
  { rule: 'join', sql: 'SELECT n.id FROM clinic.notes n JOIN clinic.patients p ON n.body = p.ssn' },
  { rule: 'using', sql: 'SELECT n.id FROM clinic.notes n JOIN (SELECT ssn AS body FROM clinic.patients) p USING (body)' },
  { rule: 'null', sql: 'SELECT id FROM clinic.notes WHERE body IS NULL' },
  { rule: 'lookup', sql: 'SELECT id FROM clinic.patients WHERE ssn_num = 5001' },
  { rule: 'constraint', sql: 'INSERT INTO clinic.patients (id, mrn, name, ssn) VALUES (900, \'z\', \'z\', \'100-00-7919\')' },
  { rule: 'hazards', sql: 'UPDATE clinic.limits SET amount = 15' },
  { rule: 'srf', also: ['error'], sql: 'SELECT u IS NOT NULL FROM clinic.patients, unnest(aliases) u WHERE id = 1' },
  { rule: 'udf-arg', also: ['error'], sql: 'SELECT clinic.add_one(2147474648 + ssn_num) FROM clinic.patients' },
  { rule: 'ddl', sql: 'ALTER TABLE clinic.limits ADD CHECK (secret > 15)' },
  { rule: 'explain', sql: 'EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) SELECT (SELECT count(*) FROM clinic.patients WHERE email > \'u5\')' },
  { rule: 'launder', sql: 'INSERT INTO public.kv SELECT \'z\' || id, ssn FROM clinic.patients', then: 'SELECT v FROM public.kv' },
  { rule: 'builtins', sql: 'SELECT query_to_xml(\'SELECT max(ssn) FROM clinic.patients\', true, true, \'\')::text' },
  { rule: 'own-functions', sql: 'SELECT clinic.ssn_of(1)' },
  { rule: 'operators', sql: 'SELECT 1 OPERATOR(clinic.<<<<) 3' },
  { rule: 'views', sql: 'SELECT number FROM clinic.v_patients' },
  { rule: 'view-flows', sql: 'SELECT * FROM clinic.v_filtered' },
  { rule: 'policies', before: 'SET LOCAL ROLE reader', sql: 'SELECT id FROM clinic.secured' },
  { rule: 'returning', also: ['launder'], sql: 'UPDATE public.kv SET v = p.ssn FROM clinic.patients p WHERE p.id = 1 AND k = \'k1\' RETURNING v' },
  { rule: 'rules', sql: 'INSERT INTO clinic.ruled VALUES (1, \'x\')', then: 'SELECT what FROM clinic.audit' },
  { rule: 'triggers', sql: 'INSERT INTO clinic.triggered VALUES (1, \'x\') RETURNING x' },
  { rule: 'moves', sql: 'UPDATE clinic.parted SET id = 2 RETURNING x' },
  { rule: 'checks', sql: 'INSERT INTO clinic.checking VALUES (\'u1@y.org\')' },
  { rule: 'defaults', sql: 'INSERT INTO clinic.defaulted (id) VALUES (1) RETURNING copied' },
  { rule: 'referrers', sql: 'DELETE FROM clinic.codes WHERE code = \'D99\'' },
  { rule: 'merge-join', sql: 'MERGE INTO public.kv USING clinic.patients p ON k = \'k\' || p.id AND p.ssn > \'5\' WHEN MATCHED THEN DELETE', then: 'SELECT k FROM public.kv' },
  {
    rule: 'merge-when',
    sql: 'MERGE INTO public.kv USING clinic.patients p ON k = \'k\' || p.id WHEN MATCHED AND p.ssn > \'5\' THEN DELETE',
    then: 'SELECT k FROM public.kv'
  },
  {
    rule: 'merge-twice',
    allowing: ['other'],
    sql: 'MERGE INTO public.kv USING clinic.patients p ON k = \'k1\' AND p.ssn_num < 5003 WHEN MATCHED THEN DELETE'
  },
  {
    rule: 'launder',
    sql: 'MERGE INTO public.kv USING clinic.patients p ON k = \'k\' || p.id WHEN MATCHED THEN UPDATE SET v = p.ssn',
    then: 'SELECT v FROM public.kv'
  },
  {
    rule: 'launder',
    sql: 'MERGE INTO public.kv USING clinic.patients p ON k = \'z\' || p.id WHEN NOT MATCHED THEN INSERT VALUES (\'z\' || p.id, p.ssn)',
    then: 'SELECT v FROM public.kv'
  },
  {
    rule: 'triggers',
    sql: 'MERGE INTO clinic.triggered t USING public.kv ON t.x = k WHEN NOT MATCHED THEN INSERT VALUES (1, k)',
    then: 'SELECT x FROM clinic.triggered'
  },
  {
    rule: 'returning',
    also: ['launder'],
    since17: true,
    sql: 'MERGE INTO public.kv USING clinic.patients p ON k = \'k\' || p.id WHEN MATCHED THEN UPDATE SET v = p.ssn RETURNING v'
  },
  { rule: 'current-of', cursor: 'SELECT k FROM public.kv WHERE k = \'k\' || (SELECT min(id) FROM clinic.patients WHERE ssn > \'5\')', sql: 'DELETE FROM public.kv WHERE CURRENT OF c RETURNING k' },
  { rule: 'search', sql: `WITH RECURSIVE r(n, t) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, ssn::text FROM r JOIN clinic.patients ON id = n WHERE n < 4)
    SEARCH DEPTH FIRST BY t SET o SELECT o::text FROM r` },
  { rule: 'cycle', sql: `WITH RECURSIVE r(n, t) AS (SELECT 1, 1 UNION ALL SELECT n + 1, (ssn > '5')::int FROM r JOIN clinic.patients ON id = n WHERE n < 4)
    CYCLE t SET c USING w SELECT n FROM r` },
  { rule: 'starless', sql: `WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SEARCH DEPTH FIRST BY n SET o
    SELECT b FROM (SELECT r.*, p.ssn, p.id FROM r JOIN clinic.patients p ON p.id = n) x(a, b)` },
  { rule: 'table-rows', also: ['error'], sql: 'SELECT id FROM clinic.notes, xmltable(\'/r/x\' PASSING page COLUMNS a text PATH \'y\')' },
  { rule: 'table-columns', also: ['error', 'table-rows'], sql: 'SELECT x.n FROM clinic.notes, xmltable(\'/r/x\' PASSING page COLUMNS n FOR ORDINALITY) x' },
  { rule: 'table-rows', also: ['error'], since17: true, sql: 'SELECT id FROM clinic.patients, json_table(to_jsonb(aliases), \'$[*]\' COLUMNS (a text PATH \'$\'))' },
  {
    rule: 'table-columns',
    also: ['error', 'table-rows'],
    since17: true,
    sql: 'SELECT a FROM clinic.patients, json_table(profile, \'$\' COLUMNS (a text PATH \'$.tag\'))'
  },
  { rule: 'json-path', since17: true, sql: 'SELECT json_value(profile, \'$.n ? (@ == 4)\' ERROR ON EMPTY) FROM clinic.patients WHERE id = 4' }
]

let twins: readonly Twins[] = []
beforeAll(async () => {
  twins = [await Twins.start({}, more)]
  const embedded = findServer({ server: 'embedded' })
  if (embedded.major !== twins[0]!.world.catalog.major) twins = [...twins, await Twins.start({ server: 'embedded' }, more)]
})
afterAll(async () => { for (const one of twins) await one.stop() })

test.each(witnesses)('without the rule "$rule", $sql would tell the twins apart', async ({ rule, also = [], allowing = [], since17, cursor, sql, then, before }) => {
  const pair = since17 === true ? twins.at(-1)! : twins[0]!
  const policy = { ...strict, flows: { ...strict.flows, ...Object.fromEntries(allowing.map((kind) => [kind, 'allow' as const])) } }
  const declare = cursor === undefined ? [] : [`DECLARE c CURSOR FOR ${cursor}`, 'MOVE c']
  const cursors = new Map(declare.slice(0, 1).map((one) => ['c', pair.judge(one)!.finding]))
  const world = (without: readonly string[]): World => ({ ...pair.world, cursors, without: new Set(without) })
  const withAll = pair.judge(sql, policy, world(also))!
  // Held, or its cells masked.
  expect(withAll.verdict.action !== 'allow' || withAll.verdict.cells?.some((cell) => cell !== 'pass')).toBe(true)
  const mutant = pair.judge(sql, policy, world([...also, rule]))!
  expect(mutant.verdict).toMatchObject({ action: 'allow', why: [] })
  const script = [before, ...declare, sql, then].filter((part) => part !== undefined)
  const [a, b] = await pair.script(script, mutant.verdict.cells)
  expect(JSON.stringify(a)).not.toBe(JSON.stringify(b))
})
