// Sequences of steps, random but for their seed: each plays out one way by which what one statement leaves behind could tell another of a
// protected value, with other steps in between. In a step's SQL, `P` stands for a condition on patients p that differs between the
// twins, `V` for a protected value of p, `L` for a value to look up, `X` for a name of its own. Pure.
import { Random } from '../support/random.ts'
import type { Sequence, Step, Who } from './sequence.ts'
import { bound, boundTo, copied, executed, extended, prepared, simple } from './steps.ts'

const conditions = [
  'p.ssn LIKE \'9%\'', 'p.ssn > \'5\'', 'p.dob < \'1956-01-01\'', 'p.ssn_num < 5010', 'length(p.email) > 8', 'p.aliases[1] = \'alias3\'',
  'p.profile ->> \'tag\' = \'t1\'', '(p.home).city = \'T1\'', 'p.ssn = \'100-00-7919\'', 'p.email = \'u1@y.org\'', 'p.ssn IN (\'100-00-7919\', \'100-01-5838\')'
]
const values = ['p.ssn', 'p.email', 'p.ssn_num::text', 'upper(p.email)', 'p.profile ->> \'tag\'', 'p.ssn_last4', 'p.aliases::text', 'CASE WHEN P THEN \'1\' ELSE \'0\' END', '(SELECT n.body FROM notes n WHERE n.id = p.id)']
const lookups = ['100-00-7919', '100-02-3757', '999-99-3898', '555-55-5555']

/** What shows afterwards that something was done, or not. */
const witnesses: readonly string[] = [
  'SELECT last_value, is_called FROM clinic.tickets', 'SELECT pg_sequence_last_value(\'clinic.tickets\')', 'SELECT nextval(\'clinic.tickets\')', 'SELECT last_value FROM clinic.billing_id_seq',
  'SELECT k, v FROM public.kv ORDER BY k', 'SELECT count(*) FROM public.kv', 'SELECT id, what FROM clinic.audit ORDER BY id', 'SELECT id, name, city, balance FROM clinic.patients ORDER BY id',
  'SHOW application_name', 'SELECT current_setting(\'work_mem\')', 'SELECT name, setting FROM pg_settings WHERE name IN (\'work_mem\', \'application_name\') ORDER BY 1',
  'SELECT pg_try_advisory_lock(7)', 'SELECT count(*) FROM pg_locks WHERE locktype = \'advisory\'', 'SELECT pg_listening_channels()', 'SELECT title FROM clinic.codes ORDER BY code',
  'SELECT name, statement, is_holdable FROM pg_cursors ORDER BY name', 'SELECT name, statement, parameter_types FROM pg_prepared_statements ORDER BY name',
  'SELECT count(*), max(query) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> \'hoop/catalog\'',
  'SELECT tablename, attname, null_frac, most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE schemaname = \'clinic\' ORDER BY 1, 2',
  'EXPLAIN (COSTS OFF) SELECT id FROM clinic.patients WHERE city = \'c1\'', 'SELECT count(*) FROM pg_largeobject_metadata', 'SELECT id, holder FROM clinic.badges ORDER BY id',
  'SELECT id, name, room FROM clinic.staff ORDER BY id', 'SELECT id, name FROM clinic.slots ORDER BY id', 'SELECT * FROM clinic.v_rooms ORDER BY id', 'SELECT 1 / 0', 'SELECT 1'
]

/** Not bound to another step. */
const fillers: readonly string[] = [
  'SELECT * FROM clinic.patients ORDER BY id', 'SELECT id, ssn, email AS mail FROM clinic.patients ORDER BY id LIMIT 3', 'SELECT count(*) FROM clinic.patients', 'SELECT * FROM clinic.v_patients ORDER BY id',
  'UPDATE clinic.patients SET city = \'here\' WHERE id = 2', 'UPDATE public.kv SET v = \'w\' WHERE k = \'k1\' RETURNING *', 'DELETE FROM public.kv WHERE k = \'k3\'', 'INSERT INTO clinic.audit (what) VALUES (\'filler\')',
  'SET application_name = \'me\'', 'SET LOCAL work_mem = \'2MB\'', 'SELECT set_config(\'work_mem\', \'3MB\', false)', 'ANALYZE', 'ANALYZE clinic.patients', 'SELECT nextval(\'clinic.tickets\')', 'NOTIFY news, \'x\'',
  'SELECT pg_advisory_unlock_all()', 'DISCARD PLANS', 'SELECT city, count(*) FROM clinic.patients GROUP BY city ORDER BY city', 'SELECT id, p FROM clinic.patients p ORDER BY id LIMIT 2', 'COPY clinic.rooms TO STDOUT',
  'COPY (SELECT id, ssn FROM clinic.patients ORDER BY id) TO STDOUT', 'SELECT id, ssn IS NULL FROM clinic.patients ORDER BY id', 'SAVEPOINT a', 'ROLLBACK TO a', 'RELEASE a', 'LOCK TABLE clinic.rooms IN SHARE MODE', 'RESET ALL'
]

/** Statements that act where a protected value says so. */
const acts: readonly string[] = [
  'SELECT nextval(\'clinic.tickets\') FROM clinic.patients p WHERE P', 'SELECT CASE WHEN P THEN nextval(\'clinic.tickets\') END FROM clinic.patients p WHERE p.id = 1',
  'SELECT P AND nextval(\'clinic.tickets\') > 0 FROM clinic.patients p ORDER BY p.id', 'SELECT P OR nextval(\'clinic.tickets\') > 0 FROM clinic.patients p ORDER BY p.id',
  'SELECT CASE WHEN P THEN set_config(\'application_name\', \'hit\', false) END FROM clinic.patients p WHERE p.id = 1', 'SELECT P AND set_config(\'work_mem\', \'5MB\', false) IS NULL FROM clinic.patients p WHERE p.id = 1',
  'SELECT count(*) FILTER (WHERE P AND pg_try_advisory_lock(7)) FROM clinic.patients p', 'SELECT CASE WHEN P THEN pg_try_advisory_lock(7) END FROM clinic.patients p WHERE p.id = 1',
  'SELECT (nullif(p.aliases, \'{alias1}\'))[nextval(\'clinic.tickets\')] FROM clinic.patients p WHERE p.id = 1', 'SELECT setval(\'clinic.tickets\', 10 + length(V)) FROM clinic.patients p WHERE p.id = 1',
  'SELECT pg_advisory_lock(7) FROM clinic.patients p WHERE P', 'SELECT ARRAY(SELECT nextval(\'clinic.tickets\') FROM clinic.patients p WHERE P) IS NULL', 'SELECT 1 IN (SELECT nextval(\'clinic.tickets\')::int FROM clinic.patients p WHERE P)',
  'SELECT coalesce(nullif(V, \'x\'), nextval(\'clinic.tickets\')::text) FROM clinic.patients p WHERE p.id = 1', 'SELECT x.n FROM clinic.patients p, LATERAL (SELECT nextval(\'clinic.tickets\') AS n WHERE P) x',
  'UPDATE public.kv SET v = \'hit\' FROM clinic.patients p WHERE k = \'k\' || p.id AND P', 'DELETE FROM public.kv USING clinic.patients p WHERE k = \'k\' || p.id AND P', 'UPDATE clinic.patients p SET city = \'hit\' WHERE P',
  'INSERT INTO public.kv SELECT \'z\' || p.id, \'v\' FROM clinic.patients p WHERE P', 'WITH w AS (UPDATE clinic.patients p SET city = \'hit\' WHERE P RETURNING id) SELECT count(*) FROM w', 'SELECT id FROM clinic.patients p WHERE P FOR UPDATE',
  'SELECT pg_notify(\'news\', V) FROM clinic.patients p WHERE p.id = 1', 'SELECT clinic.log_room(p.id) FROM clinic.patients p WHERE P', 'SELECT lo_create(0) FROM clinic.patients p WHERE P', 'SELECT set_config(\'application_name\', V, false) FROM clinic.patients p WHERE p.id = 1'
]

/** Statements that fail where one says so. */
const faults: readonly string[] = [
  'SELECT 1 / (p.ssn_num - 5001) FROM clinic.patients p WHERE p.id = 1', 'SELECT CASE WHEN P THEN 1 / (p.id - p.id) END FROM clinic.patients p', 'SELECT (\'1\' || CASE WHEN P THEN \'x\' ELSE \'\' END)::int FROM clinic.patients p',
  'UPDATE clinic.patients SET balance = 5002 WHERE id = 1', 'INSERT INTO clinic.billing (patient_ssn, amount) VALUES (\'L\', 1)', 'INSERT INTO clinic.patients (id, mrn, name, ssn) VALUES (900, \'z\', \'z\', \'L\')',
  'INSERT INTO clinic.patients (id, mrn, name, ssn) VALUES (901, \'z\', \'z\', \'L\') ON CONFLICT DO NOTHING', 'INSERT INTO clinic.logins (id, mail) VALUES (50, \'zz\')', 'INSERT INTO clinic.logins (id, mail, pin) VALUES (51, \'u1@x.io\', \'zz\')',
  'DELETE FROM clinic.codes WHERE code = \'D3\'', 'UPDATE clinic.staff SET room = 1 WHERE id = 2', 'INSERT INTO clinic.slots VALUES (9, \'x\', \'[15,17)\')', 'INSERT INTO clinic.badges (id, holder, code) VALUES (9, \'x\', \'c2\')',
  'INSERT INTO clinic.badges (id, holder, patient_ssn) VALUES (10, \'x\', \'L\')', 'UPDATE clinic.badges SET code = \'c9\' WHERE id = 1', 'REINDEX INDEX clinic.notes_unique', 'REINDEX TABLE clinic.notes', 'ALTER TABLE clinic.patients ADD CHECK (ssn_num > 5001)',
  'CREATE UNIQUE INDEX ON clinic.notes (body)', 'SELECT (SELECT p.id FROM clinic.patients p WHERE P)', 'CREATE INDEX ON clinic.patients ((1 / (ssn_num - 5001)))', 'VACUUM FULL clinic.notes'
]

/** Statements that keep a value where nobody looks for one, and how it is read again. */
const copies: readonly (readonly [string, string])[] = [
  ['CREATE TABLE public.X AS SELECT p.id, V AS v FROM clinic.patients p', 'SELECT * FROM public.X ORDER BY id'], ['CREATE TEMP TABLE X AS SELECT p.id, V AS v FROM clinic.patients p', 'SELECT * FROM X ORDER BY id'],
  ['SELECT p.id, V AS v INTO public.X FROM clinic.patients p', 'SELECT v FROM public.X ORDER BY id'], ['INSERT INTO public.kv SELECT \'z\' || p.id, V FROM clinic.patients p', 'SELECT v FROM public.kv ORDER BY k'],
  ['UPDATE public.kv SET v = V FROM clinic.patients p WHERE k = \'k\' || p.id', 'SELECT v FROM public.kv ORDER BY k'], ['UPDATE clinic.patients p SET city = V', 'SELECT city FROM clinic.patients ORDER BY id'],
  ['CREATE VIEW public.X AS SELECT p.id, V AS v FROM clinic.patients p', 'SELECT * FROM public.X ORDER BY id'], ['CREATE VIEW public.X AS SELECT p.id FROM clinic.patients p WHERE P', 'SELECT * FROM public.X ORDER BY id'],
  ['CREATE MATERIALIZED VIEW public.X AS SELECT p.id, V AS v FROM clinic.patients p', 'SELECT * FROM public.X ORDER BY id'], ['INSERT INTO public.kv VALUES (\'zz\', (SELECT V FROM clinic.patients p WHERE p.id = 1))', 'SELECT v FROM public.kv ORDER BY k'],
  ['INSERT INTO public.kv VALUES (\'k1\', \'x\') ON CONFLICT (k) DO UPDATE SET v = (SELECT V FROM clinic.patients p WHERE p.id = 1)', 'SELECT v FROM public.kv ORDER BY k'],
  ['WITH w AS (INSERT INTO public.kv SELECT \'z\' || p.id, V FROM clinic.patients p RETURNING v) SELECT count(*) FROM w', 'SELECT v FROM public.kv ORDER BY k'],
  ['UPDATE clinic.notes SET kind = body', 'SELECT kind FROM clinic.notes ORDER BY id'], ['UPDATE clinic.patients SET email = ssn', 'SELECT id, email FROM clinic.patients ORDER BY id'], ['INSERT INTO clinic.audit (what) SELECT V FROM clinic.patients p', 'SELECT what FROM clinic.audit ORDER BY id'],
  ['CREATE FUNCTION public.X() RETURNS text LANGUAGE sql AS $$ SELECT V FROM clinic.patients p WHERE p.id = 1 $$', 'SELECT public.X()'], ['CREATE TABLE public.X (id int, v text DEFAULT clinic.ssn_of(1))', 'INSERT INTO public.X (id) VALUES (1) RETURNING v'],
  ['ALTER TABLE public.kv ADD COLUMN X text DEFAULT clinic.ssn_of(1)', 'SELECT X FROM public.kv ORDER BY k'], ['COMMENT ON COLUMN clinic.notes.body IS NULL', 'SELECT body FROM clinic.notes ORDER BY id'],
  ['ALTER TABLE clinic.patients RENAME COLUMN ssn TO X', 'SELECT X FROM clinic.patients ORDER BY id'], ['ALTER TABLE clinic.patients SET SCHEMA public', 'SELECT ssn FROM public.patients ORDER BY id'], ['ALTER SCHEMA clinic RENAME TO X', 'SELECT id, ssn FROM X.patients ORDER BY id'],
  ['CREATE TABLE public.X () INHERITS (clinic.staff)', 'SELECT ssn FROM public.X'], ['CREATE TABLE public.X (LIKE clinic.patients INCLUDING ALL)', 'SELECT count(*) FROM public.X'], ['DO $$ BEGIN UPDATE public.kv SET v = (SELECT ssn FROM clinic.patients WHERE id = 1); END $$', 'SELECT v FROM public.kv ORDER BY k'],
  ['CREATE TABLE public.X AS SELECT id, name FROM clinic.patients', 'SELECT * FROM public.X ORDER BY id'], ['CREATE VIEW public.X AS SELECT id, city FROM clinic.patients', 'SELECT * FROM public.X ORDER BY id']
]

/** Queries to prepare, to open cursors on, to bind. */
const queries: readonly string[] = [
  'SELECT p.id, V FROM clinic.patients p ORDER BY p.id', 'SELECT p.id FROM clinic.patients p WHERE P ORDER BY p.id', 'SELECT p.id, p.name FROM clinic.patients p ORDER BY p.id', 'SELECT r.id, r.name FROM clinic.rooms r ORDER BY r.id', 'SELECT count(*) FROM clinic.patients p WHERE P',
  'SELECT p.id, P FROM clinic.patients p ORDER BY p.id', 'SELECT * FROM clinic.v_patients ORDER BY id', 'SELECT p.id FROM clinic.patients p ORDER BY V, p.id', 'SELECT nextval(\'clinic.tickets\'), P FROM clinic.patients p ORDER BY p.id',
  'SELECT set_config(\'search_path\', \'clinic\', false)', 'SELECT k, v FROM public.kv ORDER BY k', 'SELECT 1 / (p.id - 2), V FROM clinic.patients p ORDER BY p.id'
]

export class SequenceGenerator {
  readonly #random: Random
  #named = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  /** 3 to 8 steps, or a few more where they make a transaction. */
  sequence(): Sequence {
    const random = this.#random
    const who = random.pick<Who>(['alice', 'alice', 'alice again', 'bob'])
    const steps = this.#theme(who)
    while (steps.length < 3 || (steps.length < 8 && random.chance(0.4))) {
      const between = this.#step(random.chance(0.5) ? who : this.#anybody(), random.pick(random.chance(0.6) ? fillers : witnesses))
      steps.splice(random.below(steps.length + 1), 0, between)
    }
    if (!random.chance(0.35)) return steps
    // The one it is about does it in a transaction; the others look on.
    const begin = random.below(2)
    const end = Math.max(begin + 1, steps.length - random.below(3))
    return [...steps.slice(0, begin), simple(who, random.pick(['BEGIN', 'BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ'])), ...steps.slice(begin, end), simple(who, random.pick(['COMMIT', 'COMMIT', 'ROLLBACK', 'SET CONSTRAINTS ALL IMMEDIATE'])), ...steps.slice(end)]
  }

  #theme(who: Who): Step[] {
    const random = this.#random
    const other = this.#anybody()
    const witness = () => this.#step(random.chance(0.3) ? who : other, random.pick(witnesses))
    switch (random.below(8)) {
      case 0: return [this.#step(who, this.#fill(random.pick(acts))), witness(), witness()]
      case 1: {
        const [fault, fixed] = [this.#fill(random.pick(faults)), random.pick(['ROLLBACK TO a', 'COMMIT', 'ROLLBACK'])]
        return random.chance(0.5)
          ? [simple(who, 'BEGIN'), simple(who, 'SAVEPOINT a'), this.#step(who, fault), this.#step(who, random.pick(witnesses)), simple(who, fixed), witness()]
          : [this.#step(who, fault), witness()]
      }
      case 2: {
        const name = `x${++this.#named}`
        const [keep, read] = random.pick(copies).map((sql) => this.#fill(sql, name)) as [string, string]
        const reads = [this.#step(random.chance(0.5) ? who : other, read), this.#step(other, read)]
        return [this.#step(who, keep), ...reads.slice(random.below(2))]
      }
      case 3: {
        const [sql, next] = [this.#fill(random.pick(queries)), this.#fill(random.pick(queries))]
        const hold = random.chance(0.3) ? ' WITH HOLD' : ''
        const fetch = () => this.#step(who, random.pick(['FETCH 2 FROM c', 'FETCH ALL FROM c', 'MOVE 3 IN c', 'FETCH BACKWARD 1 FROM c', 'FETCH NEXT FROM c']))
        const ways = [
          [simple(who, `DECLARE c CURSOR${hold} FOR ${sql}`), fetch(), fetch()],
          [simple(who, `DECLARE c SCROLL CURSOR${hold} FOR ${sql}`), fetch(), simple(who, 'CLOSE c'), simple(who, `DECLARE c CURSOR FOR ${next}`), fetch()],
          [simple(who, `DECLARE c CURSOR FOR ${sql}`), simple(who, 'CLOSE c'), bound(who, 'c', next), fetch(), executed(who, 'c', 2)],
          [bound(who, 'c', sql), executed(who, 'c', 2), simple(who, 'CLOSE c'), simple(who, `DECLARE c CURSOR FOR ${next}`), executed(who, 'c', 2), fetch()]
        ]
        return [simple(who, 'BEGIN'), ...random.pick(ways), ...hold === '' ? [] : [simple(who, 'COMMIT'), fetch()], witness()]
      }
      case 4: {
        const sql = this.#fill(random.pick(queries))
        const name = `s${++this.#named}`
        return random.chance(0.5)
          ? [simple(who, `PREPARE ${name} AS ${sql}`), this.#step(who, `EXECUTE ${name}`), this.#step(other, random.pick(fillers)), this.#step(who, `EXECUTE ${name}`)]
          : [prepared(who, name, sql), boundTo(who, name), this.#step(other, random.pick(fillers)), boundTo(who, name), this.#step(who, `EXPLAIN (COSTS OFF) EXECUTE ${name}`)]
      }
      case 5: {
        const look = random.pick(lookups)
        return random.pick([
          [extended(who, 'UPDATE clinic.patients SET city = \'found\' WHERE ssn = $1', { parameters: [look] }), this.#step(other, 'SELECT id, city FROM clinic.patients ORDER BY id')],
          [simple(who, `PREPARE q${++this.#named} (text) AS UPDATE clinic.patients SET city = 'found' WHERE ssn = $1`), simple(who, `EXECUTE q${this.#named} ('${look}')`), this.#step(other, 'SELECT id, city FROM clinic.patients ORDER BY id')],
          [simple(who, 'BEGIN'), this.#step(who, `SELECT id FROM clinic.patients WHERE ssn = '${look}' FOR UPDATE`), this.#step(other, 'SELECT id FROM clinic.patients ORDER BY id FOR UPDATE SKIP LOCKED'), simple(who, 'COMMIT')],
          [this.#step(who, `INSERT INTO clinic.patients (id, mrn, name, ssn) VALUES (950, 'm', 'n', '${look}') ON CONFLICT (ssn) DO UPDATE SET city = 'found'`), this.#step(other, 'SELECT id, city FROM clinic.patients ORDER BY id')]
        ])
      }
      case 6: {
        const data = random.pick(['70\tx\tc3\n71\ty\tc20\n', '72\tx\tc20\n73\ty\tc21\n', '74\tx\t\\N\n74\ty\t\\N\n', 'nope\tx\tc\n'])
        return random.pick([
          [copied(who, 'COPY clinic.badges (id, holder, code) FROM STDIN', data), witness()],
          [copied(who, 'COPY public.kv FROM STDIN', 'k70\tv\nk1\tv\n'), witness()],
          [copied(who, 'COPY clinic.patients (id, mrn, name, ssn) FROM STDIN', '960\tm\tn\t123-12-1234\n961\tm\tn\t100-00-7919\n'), witness()]
        ])
      }
      default: {
        // What a name stands for is moved under a statement.
        const read = 'SELECT id, ssn FROM patients ORDER BY id'
        const shadow = [simple(who, 'SET search_path = public'), simple(who, random.pick(['CREATE TABLE public.patients (id int, ssn text)', 'CREATE TEMP TABLE patients (id int, ssn text)'])), simple(who, 'SET search_path = public, clinic'), this.#step(who, read)]
        const moves = [
          simple(other, 'DROP TABLE public.patients'), simple(other, 'ALTER TABLE public.patients RENAME TO elsewhere'), simple(other, 'DROP TABLE pg_temp_3.patients'), simple(other, 'ALTER TABLE pg_temp_3.patients RENAME TO elsewhere'), simple(who, 'SELECT * FROM clinic.v_moves'),
          simple(who, 'SELECT set_config(\'search_path\', \'clinic\', false)'), simple(who, 'DISCARD TEMP'), simple(who, 'SET search_path = clinic'), simple(who, 'DROP TABLE patients')
        ]
        return [...shadow, random.pick(moves), this.#step(who, read), simple(who, 'DROP TABLE IF EXISTS public.patients, public.elsewhere')]
      }
    }
  }

  #anybody(): Who {
    return this.#random.pick<Who>(['alice', 'alice again', 'bob'])
  }

  #step(on: Who, sql: string): Step {
    const random = this.#random
    return random.chance(0.6) ? simple(on, sql) : extended(on, sql, { binary: random.chance(0.4) })
  }

  #fill(sql: string, name = ''): string {
    const random = this.#random
    const value = random.pick(values)
    return sql.replace(/\bV\b/g, value).replace(/\bP\b/g, random.pick(conditions)).replace(/\bL\b/g, random.pick(lookups)).replace(/\bX\b/g, name)
  }
}
