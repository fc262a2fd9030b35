// Every rule is needed: without it, some statement is let through that tells the twins apart. Not here: the fields of nodes, of which
// the test is in test/masking/postgres/analysis.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { strict, Twins } from './twins.ts'

interface Witness {
  readonly rule: string
  /** Other rules that hold it as well, off in both. */
  readonly also?: readonly string[]
  readonly sql: string
  /** Run after it, to read what it left behind. */
  readonly then?: string
  readonly before?: string
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
CREATE TABLE clinic.checking (x text CHECK (clinic.known_city(x)));
CREATE TABLE clinic.limits (id integer, secret integer, amount integer, CHECK (amount < secret));
COMMENT ON COLUMN clinic.limits.secret IS 'PHI';
INSERT INTO clinic.limits VALUES (1, CASE 'TWIN' WHEN 'a' THEN 10 ELSE 20 END, 1);
INSERT INTO clinic.codes VALUES ('D99', 'rare');
UPDATE clinic.visits SET diagnosis = 'D99' WHERE id = 1 AND 'TWIN' = 'a';
UPDATE clinic.notes SET body = (SELECT ssn FROM clinic.patients WHERE id = 1) WHERE id IN (20, 21) AND 'TWIN' = 'a';
UPDATE clinic.notes SET body = NULL WHERE id = 22 AND 'TWIN' = 'a';
DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
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
  { rule: 'checks', sql: 'INSERT INTO clinic.checking VALUES (\'u1@y.org\')' },
  { rule: 'defaults', sql: 'INSERT INTO clinic.defaulted (id) VALUES (1) RETURNING copied' },
  { rule: 'referrers', sql: 'DELETE FROM clinic.codes WHERE code = \'D99\'' }
]

let twins: Twins
beforeAll(async () => { twins = await Twins.start({}, more) })
afterAll(() => twins.stop())

test.each(witnesses)('without the rule "$rule", $sql would tell the twins apart', async ({ rule, also = [], sql, then, before }) => {
  const withAll = twins.judge(sql, strict, { ...twins.world, without: new Set(also) })!
  // Held, or its cells masked.
  expect(withAll.verdict.action !== 'allow' || withAll.verdict.cells?.some((cell) => cell !== 'pass')).toBe(true)
  const mutant = twins.judge(sql, strict, { ...twins.world, without: new Set([...also, rule]) })!
  expect(mutant.verdict).toMatchObject({ action: 'allow', why: [] })
  const script = [before, sql, then].filter((part) => part !== undefined)
  const [a, b] = await twins.script(script, mutant.verdict.cells)
  expect(JSON.stringify(a)).not.toBe(JSON.stringify(b))
})
