// Which of a database's own functions are clean: the clinic's, as real servers of the majors at hand print them, and attacks on the test.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BodyContext } from '../../../server/masking/postgres/body-context.ts'
import type { OwnFunction } from '../../../server/masking/postgres/catalog.ts'
import { hiddenCasts, ownFunctionClean, triggerClean, type Cleanness } from '../../../server/masking/postgres/functions.ts'
import { isTrustedC } from '../../../server/masking/postgres/trusted-extensions.ts'
import { codeHash, vouchedIn } from '../../../server/masking/postgres/vouch.ts'
import { readCatalog } from '../../../server/protocols/postgres/snapshot.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { findServer } from '../../support/postgres-server.ts'
import { ask, parsers, protectClinic } from './harness.ts'
import { cleanFunctions, lookalikes, schema, uncleanFunctions } from './schema.ts'

const majors = [...new Set([findServer().major, findServer({ server: 'embedded' }).major])]
const namesIn = (sql: string) => [...sql.matchAll(/CREATE (?:FUNCTION|PROCEDURE|AGGREGATE) \w+\.(\w+)/g)].map(([, name]) => name!)

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: TestPostgres
  let context: BodyContext

  beforeAll(async () => {
    server = await TestPostgres.start({ major, logStatements: false })
    await server.query(schema)
    context = await read()
  }, 60_000)
  afterAll(() => server.stop())

  async function read(vouched: ReadonlySet<number> = new Set()): Promise<BodyContext> {
    const asker = await ask(server)
    try {
      const catalog = await readCatalog(asker, major)
      const { protected: marked, hazards } = protectClinic(catalog)
      return { catalog, protected: marked, hazards, vouched, ...await parsers(major) }
    } finally {
      asker.close()
    }
  }

  const own = (name: string, within = context): OwnFunction => within.catalog.functions.get(name)!.at(-1)!

  /** Of a function made for the occasion, and `more` for what it needs. */
  async function judge(definition: string, more = ''): Promise<Cleanness> {
    await server.query(`BEGIN; CREATE SCHEMA made; SET LOCAL search_path = made, public; ${more}; ${definition}; COMMIT`)
    try {
      const now = await read()
      return ownFunctionClean([...now.catalog.functionsByOid.values()].filter(({ schema }) => schema === 'made').at(-1)!, now)
    } finally {
      await server.query('DROP SCHEMA made CASCADE')
    }
  }

  test.each([...new Set(namesIn(uncleanFunctions))].filter((name) => !name.startsWith('log_')))('%s is not clean', (name) => {
    expect(ownFunctionClean(own(name), context)).toEqual({ clean: false, why: expect.stringContaining(`clinic.${name} `) as string })
  })

  test.each(namesIn(cleanFunctions))('%s is clean', (name) => {
    expect(ownFunctionClean(own(name), context)).toEqual({ clean: true })
  })

  test('says the way to what is not clean', () => {
    expect(ownFunctionClean(own('via_function'), context).why)
      .toBe('clinic.via_function calls clinic.ssn_of, which reads clinic.patients, which has protected columns')
    expect(ownFunctionClean(own('leak_all'), context).why)
      .toBe('clinic.leak_all calls clinic.leak_sfunc, which reads clinic.patients, which has protected columns')
  })

  test('without a parser for PL/pgSQL nothing in it is clean; without one for SQL, nothing', () => {
    const blind = { ...context, vouched: new Set<number>(), parsePlPgSql: () => undefined }
    expect(ownFunctionClean(own('fib'), blind).clean).toBe(false)
    expect(ownFunctionClean(own('add_one'), blind).clean).toBe(true)
    expect(ownFunctionClean(own('add_one'), { ...blind, vouched: new Set<number>(), parse: () => undefined }).clean).toBe(false)
  })

  test.each([
    ['a sublink', 'SELECT 1 WHERE EXISTS (SELECT FROM clinic.patients)'],
    ['a CTE that hides a table behind its own name', 'WITH patients AS (SELECT * FROM patients) SELECT count(*) FROM patients'],
    ['a join\'s other side', 'SELECT 1 FROM clinic.rooms r JOIN clinic.notes n ON n.id = r.id'],
    ['a lateral function', 'SELECT 1 FROM clinic.rooms r, clinic.ssn_of(r.id)'],
    ['an own operator', 'SELECT 1 WHERE 1 OPERATOR(clinic.===) 2'],
    ['an own operator by name', 'SELECT 1 WHERE 1 === 2'],
    ['an own aggregate', 'SELECT length(clinic.leak_all(id)) FROM clinic.rooms'],
    ['a cast that calls', 'SELECT 1 WHERE (1::clinic.address).city IS NULL'],
    ['a domain that asks', 'SELECT length(\'x\'::clinic.checked)'],
    ['an array of it', 'SELECT cardinality(\'{x}\'::clinic.checked[])'],
    ['a policy that reads', 'SELECT count(*)::int FROM clinic.secured'],
    ['a sequence of statements, the second reading', 'SELECT 1; SELECT length(email) FROM clinic.patients'],
    ['an attempt to end the body early', 'SELECT 1; END; SELECT ssn FROM clinic.patients; BEGIN'],
    ['a rule behind an insert', 'INSERT INTO clinic.rooms VALUES (99); SELECT 1'],
    ['a default that reads', 'INSERT INTO clinic.defaulted (id) VALUES (1) RETURNING 1'],
    ['what a protected column references', 'DELETE FROM clinic.codes RETURNING 1'],
    ['that in a MERGE', 'MERGE INTO clinic.codes c USING clinic.rooms r ON c.title = r.name WHEN MATCHED THEN DELETE; SELECT 1'],
    ['a MERGE of protected values', 'MERGE INTO clinic.audit a USING clinic.patients p ON a.id = p.id WHEN MATCHED THEN UPDATE SET what = p.ssn; SELECT 1'],
    ['a MERGE\'s condition', 'MERGE INTO kv USING clinic.rooms r ON k = r.name WHEN MATCHED AND clinic.ssn_of(r.id) > k THEN DELETE; SELECT 1'],
    ['an XMLTABLE\'s path', 'SELECT count(*) FROM xmltable(\'/x\' PASSING xmlelement(name x) COLUMNS a text PATH (clinic.ssn_of(1)))'],
    ['an XMLTABLE\'s type', 'SELECT count(*) FROM xmltable(\'/x\' PASSING xmlelement(name x) COLUMNS a clinic.checked PATH \'.\')'],
    ['a table nobody knows', 'SELECT 1 FROM pg_temp.x'],
    ['SELECT INTO', 'SELECT 1 AS x INTO clinic.copied; SELECT 1'],
    ['DDL', 'CREATE TABLE x AS SELECT 1; SELECT 1'],
    ['COPY', 'COPY clinic.rooms TO \'/tmp/x\'; SELECT 1'],
    ['statistics', 'SELECT length(most_common_vals::text) FROM pg_stats'],
    ['statistics by star', 'SELECT count(x) FROM (SELECT * FROM pg_statistic) x'],
    ['statistics by row', 'SELECT length(s::text) FROM pg_stats s'],
    ['statistics renamed', 'SELECT count(j) FROM pg_stats s(a, b, c, d, e, f, g, h, i, j)'],
    ['passwords by NATURAL JOIN', 'SELECT count(1) FROM pg_shadow NATURAL JOIN (VALUES (\'x\')) v(passwd)'],
    ['passwords by USING', 'SELECT count(1) FROM pg_shadow JOIN (VALUES (\'x\')) v(passwd) USING (passwd)'],
    ['other sessions\' statements', 'SELECT length(query) FROM pg_stat_get_activity(NULL)'],
    ['a file', 'SELECT length(pg_read_file(\'x\'))'],
    ['a setting', 'SELECT length(set_config(\'application_name\', $1, false))'],
    ['LISTEN', 'LISTEN x; SELECT 1']
  ])('not clean in SQL: %s', async (_, body) => {
    const argument = body.includes('$1') ? 'text' : ''
    const made = `SET LOCAL check_function_bodies = off; CREATE FUNCTION made.f(${argument}) RETURNS bigint LANGUAGE sql SET search_path = clinic AS $body$ ${body} $body$`
    expect((await judge(made)).clean).toBe(false)
  })

  test.each([
    ['a record\'s first value', 'DECLARE r record := (SELECT p FROM clinic.patients p LIMIT 1); BEGIN RETURN r::text; END'],
    ['a bound cursor', 'DECLARE c CURSOR FOR SELECT ssn FROM clinic.patients; x text; BEGIN FOR r IN c LOOP x := r.ssn; END LOOP; RETURN x; END'],
    ['an assignment\'s subscript', 'DECLARE a int[]; BEGIN a[length(clinic.ssn_of(1))] := 1; RETURN a::text; END'],
    ['an assignment in old style', 'DECLARE x text; BEGIN x = clinic.ssn_of(1); RETURN x; END'],
    ['a query as an assignment', 'DECLARE x text; BEGIN x := ssn FROM clinic.patients LIMIT 1; RETURN x; END'],
    ['RAISE\'s options', 'BEGIN RAISE EXCEPTION USING MESSAGE = clinic.ssn_of(1); END'],
    ['RAISE\'s parameters', 'BEGIN RAISE NOTICE \'%\', clinic.ssn_of(1); RETURN \'\'; END'],
    ['ASSERT', 'BEGIN ASSERT clinic.ssn_of(1) IS NULL, clinic.ssn_of(2); RETURN \'\'; END'],
    ['an exception\'s handler', 'BEGIN RETURN 1 / 0; EXCEPTION WHEN others THEN RETURN clinic.ssn_of(1); END'],
    ['a loop\'s bound', 'BEGIN FOR i IN 1 .. length(clinic.ssn_of(1)) LOOP RETURN i; END LOOP; END'],
    ['a WHILE', 'BEGIN WHILE clinic.ssn_of(1) IS NULL LOOP NULL; END LOOP; RETURN \'\'; END'],
    ['an EXIT WHEN', 'BEGIN LOOP EXIT WHEN clinic.ssn_of(1) IS NULL; END LOOP; RETURN \'\'; END'],
    ['a CASE', 'BEGIN CASE clinic.ssn_of(1) WHEN \'x\' THEN RETURN 1; ELSE RETURN 2; END CASE; END'],
    ['SQL made up', 'DECLARE x text; BEGIN EXECUTE format(\'SELECT %I FROM clinic.patients\', \'ssn\') INTO x; RETURN x; END'],
    ['a cursor of somebody else', 'DECLARE x text; c refcursor := \'their\'; BEGIN FETCH c INTO x; RETURN x; END'],
    ['a cursor moved', 'DECLARE c refcursor := \'their\'; BEGIN MOVE c; RETURN found::text; END'],
    ['a cursor over SQL made up', 'DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE \'SELECT 1\'; RETURN c; END'],
    ['an alias', 'DECLARE x ALIAS FOR $1; BEGIN RETURN clinic.ssn_of(x); END'],
    ['a variable of a domain that asks', 'DECLARE x clinic.checked; BEGIN x := \'a\'; RETURN x; END'],
    ['a quoted name', 'BEGIN RETURN "clinic"."ssn_of"(1); END'],
    ['a name in capitals', 'BEGIN RETURN CLINIC.SSN_OF(1); END'],
    ['a name in Unicode escapes', 'BEGIN RETURN clinic.U&"ssn\\005fof"(1); END'],
    ['a comment in between', 'BEGIN RETURN clinic/* */./* */ssn_of -- x\n (1); END'],
    ['CALL', 'BEGIN CALL clinic.leaking(); RETURN \'\'; END']
  ])('not clean in PL/pgSQL: %s', async (_, body) => {
    const more = body.includes('leaking')
      ? 'CREATE PROCEDURE made.leaking() LANGUAGE sql AS \'UPDATE clinic.audit SET what = ssn FROM clinic.patients\''
      : ''
    const made = `CREATE FUNCTION made.f(integer) RETURNS text LANGUAGE plpgsql AS $body$ ${body.replace('clinic.leaking', 'made.leaking')} $body$`
    expect((await judge(made, more)).clean).toBe(false)
  })

  test.each([
    ['an argument\'s default', 'CREATE FUNCTION made.f(x text DEFAULT clinic.ssn_of(1)) RETURNS text LANGUAGE sql AS \'SELECT x\''],
    ['an argument\'s type', 'CREATE FUNCTION made.f(x clinic.checked) RETURNS text LANGUAGE sql AS \'SELECT x\''],
    ['a setting that changes how bodies read', 'CREATE FUNCTION made.f() RETURNS text LANGUAGE sql SET standard_conforming_strings = off AS \'SELECT 1::text\''],
    ['code that nobody can read', 'CREATE FUNCTION made.f(text) RETURNS text LANGUAGE internal AS \'upper\'']
  ])('not clean by its head: %s', async (_, definition) => {
    expect((await judge(definition)).clean).toBe(false)
  })

  test.each([
    ['catalogs, but for what they keep of values', 'CREATE FUNCTION made.f() RETURNS SETOF text LANGUAGE sql AS \'SELECT attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid\''],
    ['FOR UPDATE OF an alias', 'CREATE FUNCTION made.f() RETURNS text LANGUAGE sql AS \'SELECT r.name FROM clinic.rooms r FOR UPDATE OF r\''],
    ['window functions, grouping sets, arrays, XML', `CREATE FUNCTION made.f() RETURNS SETOF text LANGUAGE sql AS $$
      SELECT (ARRAY[name])[1] || row_number() OVER (PARTITION BY floor ORDER BY id)::text || xmlelement(name x, id)::text FROM clinic.rooms
      GROUP BY GROUPING SETS ((name, floor, id), ()) $$`],
    ['MERGE, XMLTABLE, SEARCH and CYCLE', `CREATE FUNCTION made.f() RETURNS SETOF text LANGUAGE sql AS $$
      MERGE INTO clinic.audit a USING clinic.rooms r ON a.id = r.id WHEN MATCHED THEN UPDATE SET what = r.name WHEN NOT MATCHED THEN INSERT (what) VALUES (r.name);
      WITH RECURSIVE q(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM q WHERE n < 3) SEARCH DEPTH FIRST BY n SET o CYCLE n SET c USING p
      SELECT a FROM q, xmltable('/x' PASSING xmlelement(name x, q.n) COLUMNS a text PATH '.') ORDER BY o $$`],
    ['recursion through another', `CREATE FUNCTION made.g(i integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN made.f(i); END';
      CREATE FUNCTION made.f(i integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN IF i > 1 THEN RETURN made.g(i - 1); END IF; RETURN 1; END'`],
    ['variables of a table\'s types', `CREATE FUNCTION made.f() RETURNS text LANGUAGE plpgsql AS $$
      DECLARE r clinic.rooms%ROWTYPE; n clinic.rooms.name%TYPE; BEGIN SELECT * INTO r FROM clinic.rooms LIMIT 1; n := r.name; RETURN n; END $$`]
  ])('clean: %s', async (_, definition) => {
    expect(await judge(definition)).toEqual({ clean: true })
  })

  test('two that call each other are unclean together, whichever is asked first', async () => {
    await server.query(`CREATE SCHEMA made; SET check_function_bodies = off;
      CREATE FUNCTION made.a() RETURNS text LANGUAGE sql AS 'SELECT made.b()';
      CREATE FUNCTION made.b() RETURNS text LANGUAGE sql AS 'SELECT made.a() || clinic.ssn_of(1)'`)
    for (const order of [['a', 'b'], ['b', 'a']]) {
      const now = await read()
      expect(order.map((name) => ownFunctionClean(own(name, now), now).clean)).toEqual([false, false])
    }
    await server.query('DROP SCHEMA made CASCADE')
  })

  test('a user overload counts wherever the name is called', async () => {
    const definition = 'CREATE FUNCTION made.f(x varchar) RETURNS text LANGUAGE sql AS \'SELECT upper(x)\''
    expect((await judge(definition)).clean).toBe(true)
    const overload = 'CREATE FUNCTION public.reverse(varchar) RETURNS text LANGUAGE sql AS \'SELECT clinic.ssn_of(1)\''
    expect((await judge(definition.replace('upper', 'reverse'), overload)).clean).toBe(false)
    await server.query('DROP FUNCTION public.reverse(varchar)')
  })

  test('triggers: what they use of a row with protected columns', async () => {
    await server.query(`ALTER TABLE clinic.patients ENABLE TRIGGER log;
      CREATE FUNCTION clinic.moves() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.city := NEW."ssn"; RETURN NEW; END';
      CREATE FUNCTION clinic.copies() RETURNS trigger LANGUAGE plpgsql AS 'DECLARE r record := NEW; BEGIN NEW.city := r.ssn; RETURN NEW; END';
      CREATE FUNCTION clinic.renames() RETURNS trigger LANGUAGE plpgsql AS 'DECLARE n ALIAS FOR NEW; BEGIN n.city := n.ssn; RETURN n; END';
      CREATE FUNCTION clinic.plain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.city <> NEW.city THEN INSERT INTO clinic.audit (what) VALUES ('moved to ' || NEW.city); END IF; RETURN NEW; END $$;
      CREATE TRIGGER a BEFORE UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.moves();
      CREATE TRIGGER b BEFORE UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.copies();
      CREATE TRIGGER c BEFORE UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.renames();
      CREATE TRIGGER d AFTER UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.log_whole_patient();
      CREATE TRIGGER e BEFORE UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
      CREATE TRIGGER f BEFORE UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.plain();
      CREATE TRIGGER g AFTER INSERT ON clinic.tenants FOR EACH ROW EXECUTE FUNCTION clinic.log_whole_patient()`)
    const now = await read()
    const said = [...now.catalog.relations.values()].flatMap((relation) =>
      relation.triggers.map((trigger) => [trigger.name, triggerClean(relation, trigger, now).clean]))
    expect(Object.fromEntries(said)).toEqual({
      log: false,
      touch: true,
      a: false,
      b: false,
      c: false,
      d: false,
      e: false,
      f: true,
      g: true
    })
  })

  test('casts that happen unasked', async () => {
    expect(hiddenCasts(context)).toEqual([])
    await server.query(`CREATE FUNCTION clinic.as_json(clinic.address) RETURNS json LANGUAGE sql AS $$ SELECT to_json(clinic.ssn_of(1)) $$;
      CREATE CAST (clinic.address AS json) WITH FUNCTION clinic.as_json(clinic.address);
      CREATE FUNCTION clinic.as_box(clinic.span) RETURNS text LANGUAGE sql AS $$ SELECT clinic.ssn_of(1) $$;
      CREATE CAST (clinic.span AS text) WITH FUNCTION clinic.as_box(clinic.span) AS ASSIGNMENT`)
    expect(hiddenCasts(await read())).toEqual([
      expect.stringContaining('from address to json'),
      expect.stringContaining('from span to text')
    ])
  })

  test('vouched: by name and what it is, until it changes', async () => {
    const sha256 = codeHash(own('ssn_of'))
    const list = [{ name: 'clinic.ssn_of', sha256 }, { name: 'clinic.ssn_off', sha256 }, { name: 'clinic.dynamic', sha256 }]
    const { vouched, problems } = vouchedIn(context.catalog, list)
    expect([...vouched]).toEqual([own('ssn_of').oid])
    expect(problems).toEqual([
      expect.stringContaining('trusted "clinic.ssn_off" does not exist; did you mean "clinic.ssn_of"'),
      expect.stringContaining(`trusted "clinic.dynamic" has changed since somebody looked at it; what it is now has sha256 ${codeHash(own('dynamic'))}`)
    ])
    const trusting = { ...context, vouched }
    expect(ownFunctionClean(own('ssn_of'), trusting)).toEqual({ clean: true })
    expect(ownFunctionClean(own('via_function'), trusting)).toEqual({ clean: true })
    expect(ownFunctionClean(own('via_view'), trusting).clean).toBe(false)
    await server.query('CREATE OR REPLACE FUNCTION clinic.ssn_of(i integer) RETURNS text LANGUAGE sql STABLE AS \'SELECT email FROM clinic.patients\'')
    expect(vouchedIn((await read()).catalog, list.slice(0, 1)).vouched.size).toBe(0)
  })

  test('the aggregate and the operator that look like others', () => {
    expect(namesIn(lookalikes)).toContain('concat_all')
    expect(ownFunctionClean(own('concat_all'), context)).toEqual({ clean: true })
    expect(ownFunctionClean(own('upper'), context)).toEqual({ clean: true })
  })
})

test.each([
  ['pg_trgm', 'immutable', true],
  ['pg_trgm', 'stable', true],
  ['pg_trgm', 'volatile', false],
  ['postgis', 'immutable', true],
  ['postgis', 'stable', false],
  ['dblink', 'immutable', false],
  ['tablefunc', 'immutable', false],
  [undefined, 'immutable', false]
] as const)('C of extension %s that is %s is trusted: %j', (extension, volatility, trusted) => {
  const own = { volatility, ...(extension === undefined ? {} : { extension }) } as OwnFunction
  expect(isTrustedC(own)).toBe(trusted)
})
