// Sequences that told the twins apart once, each with the step that must be stopped now. Pure. What single statements told is in
// test/masking/postgres/regressions.ts.
import type { Sequence, Step } from './sequence.ts'
import { bound, executed, extended, simple } from './steps.ts'

const [alice, again, bob] = ['alice', 'alice again', 'bob'] as const
const read = 'SELECT id, ssn FROM patients ORDER BY id'

/** A table of one's own in front of the one with protected columns. */
const shadowed = (create: string): Step[] =>
  [simple(alice, 'SET search_path = public'), simple(alice, create), simple(alice, 'SET search_path = public, clinic'), simple(alice, read)]
const own = 'CREATE TABLE public.patients (id int, ssn text)'
const temporary = 'CREATE TEMP TABLE patients (id int, ssn text)'

/** `held`: the step that must not run; where there is none, it is masked, or the server's own binding has been seen to differ. */
export const told: readonly { readonly how: string, readonly steps: Sequence, readonly held?: number }[] = [
  {
    how: 'FETCH from a portal that has the name of a cursor that was closed',
    steps: [simple(alice, 'BEGIN'), simple(alice, 'DECLARE c CURSOR FOR SELECT id FROM rooms'), simple(alice, 'CLOSE c'), bound(alice, 'c', read), simple(alice, 'FETCH 3 FROM c')],
    held: 4
  },
  {
    how: 'Execute of a cursor that has the name of a portal that was closed',
    steps: [simple(alice, 'BEGIN'), bound(alice, 'c', 'SELECT id, name FROM rooms'), simple(alice, 'CLOSE c'), simple(alice, `DECLARE c CURSOR FOR ${read}`), executed(alice, 'c', 3)],
    held: 4
  },
  {
    how: 'a setting made where a protected value decides',
    steps: [simple(alice, 'SELECT CASE WHEN ssn > \'5\' THEN set_config(\'application_name\', \'hit\', false) END FROM patients WHERE id = 1'), simple(alice, 'SHOW application_name')],
    held: 0
  },
  { how: 'a unique column that is made from what is written', steps: [extended(alice, 'UPDATE logins SET mail = \'u1@x.io\' WHERE id = 2')], held: 0 },
  { how: 'a unique column that is filled with its default', steps: [simple(alice, 'INSERT INTO logins (id, mail) VALUES (50, NULL)')], held: 0 },
  { how: 'an index that could not be built, built again', steps: [simple(alice, 'REINDEX INDEX clinic.notes_unique')], held: 0 },
  { how: 'and with all of its schema', steps: [simple(alice, 'REINDEX SCHEMA clinic')], held: 0 },
  {
    how: 'a search path moved by FETCH',
    steps: [...shadowed(own), simple(alice, 'BEGIN'), simple(alice, 'DECLARE c CURSOR FOR SELECT set_config(\'search_path\', \'clinic\', false)'), simple(alice, 'FETCH c'), simple(alice, read)],
    held: 5
  },
  { how: 'a search path moved by a view', steps: [...shadowed(own), simple(alice, 'SELECT * FROM clinic.v_moves'), simple(alice, read)], held: 4 },
  {
    how: 'a search path moved by a default',
    steps: [...shadowed(own), simple(alice, 'CREATE TABLE public.moves (id int, x text DEFAULT set_config(\'search_path\', \'clinic\', false))'), simple(alice, 'INSERT INTO public.moves VALUES (1)'), simple(alice, read)],
    held: 4
  },
  ...[2, 3].flatMap((place) => [
    { how: `another session's temporary table dropped from pg_temp_${place}`, steps: [...shadowed(temporary), simple(again, `DROP TABLE pg_temp_${place}.patients`), simple(alice, read)], held: 4 },
    { how: `renamed in pg_temp_${place}`, steps: [...shadowed(temporary), simple(again, `ALTER TABLE pg_temp_${place}.patients RENAME TO x`), simple(alice, read)], held: 4 },
    { how: `found by a search path of pg_temp_${place}`, steps: [...shadowed(temporary), simple(again, `SET search_path = pg_temp_${place}`), simple(again, 'DROP TABLE IF EXISTS patients'), simple(alice, read)], held: 4 }
  ]),
  { how: 'a table in front of another dropped by somebody else', steps: [...shadowed(own), simple(bob, 'DROP TABLE public.patients'), simple(alice, read)] },
  { how: 'or renamed', steps: [...shadowed(own), simple(bob, 'ALTER TABLE public.patients RENAME TO elsewhere'), simple(alice, 'SELECT id, upper(ssn) FROM patients ORDER BY id')] },
  {
    how: 'or dropped in a transaction that commits while one waits',
    steps: [...shadowed(own), simple(bob, 'BEGIN'), simple(bob, 'DROP TABLE public.patients'), simple(alice, read), simple(bob, 'COMMIT'), simple(alice, read)]
  }
]
