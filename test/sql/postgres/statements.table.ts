// Every kind of statement with what it does: data for statements.test.ts, long because it is one table.

export interface Row {
  readonly sql: string
  readonly verb: string
  /** Separated by spaces, in the order of the model. */
  readonly effects: string
  readonly relations?: readonly string[]
  readonly functions?: readonly string[]
  readonly effectful?: readonly string[] | 'absent'
  readonly flags?: readonly string[]
  /** First major that has the syntax. */
  readonly from?: number
  /** copy, prepares, executes, deallocates */
  readonly relay?: object
}

type More = Omit<Row, 'sql' | 'verb' | 'effects'>
const row = (sql: string, verb: string, effects: string, more: More = {}): Row => ({ sql, verb, effects, ...more })
const on = (...relations: string[]): More => ({ relations })
const flagged = (...flags: string[]): More => ({ flags })

export const rows: readonly Row[] = [
  // Reading
  row('SELECT 1', 'SELECT', 'read'),
  row('SELECT a FROM patients', 'SELECT', 'read', on('patients')),
  row('SELECT a FROM public.patients p JOIN clinic.visits v USING (id)', 'SELECT', 'read', on('clinic.visits', 'public.patients')),
  row('SELECT a FROM db.public.patients', 'SELECT', 'read', on('public.patients')),
  row('SELECT a FROM "Odd"."na.me", "quo""te"', 'SELECT', 'read', on('"Odd"."na.me"', '"quo""te"')),
  row('SELECT a FROM Größe', 'SELECT', 'read', on('größe')),
  row('TABLE patients', 'SELECT', 'read', on('patients')),
  row('VALUES (1), (2)', 'SELECT', 'read'),
  row('SELECT (SELECT max(x) FROM a), ARRAY(SELECT x FROM b) FROM c WHERE EXISTS (SELECT 1 FROM d) ORDER BY (SELECT 1 FROM e)', 'SELECT', 'read', {
    relations: ['a', 'b', 'c', 'd', 'e'],
    functions: ['max']
  }),
  row('SELECT 1 FROM a UNION SELECT 2 FROM b EXCEPT (SELECT 3 FROM c)', 'SELECT', 'read', on('a', 'b', 'c')),
  row('SELECT * FROM a, LATERAL (SELECT * FROM b) s, ROWS FROM (generate_series(1, 2)) g', 'SELECT', 'read', { relations: ['a', 'b'], functions: ['generate_series'] }),
  row('SELECT * FROM a TABLESAMPLE system (1)', 'SELECT', 'read', { relations: ['a'], functions: ['system'] }),
  row('SELECT * FROM a TABLESAMPLE mine (1)', 'SELECT', 'read unknown', { relations: ['a'], functions: ['mine'], effectful: ['mine'] }),
  row('SELECT a FROM patients FOR UPDATE OF patients', 'SELECT', 'read', { relations: ['patients'], flags: ['locks'] }),
  row('SELECT a FROM patients p FOR SHARE OF p', 'SELECT', 'read', { relations: ['patients'], flags: ['locks'] }),
  row('SHOW work_mem', 'SHOW', 'read'),
  row('SHOW ALL', 'SHOW', 'read'),

  // WITH queries hide relations of their name, but only where they can be seen
  row('WITH patients AS (SELECT 1) SELECT * FROM patients', 'SELECT', 'read'),
  row('WITH patients AS (SELECT 1) SELECT * FROM public.patients', 'SELECT', 'read', on('public.patients')),
  row('WITH a AS (SELECT * FROM patients), patients AS (SELECT 1) SELECT * FROM a', 'SELECT', 'read', on('patients')),
  row('WITH patients AS (SELECT * FROM patients) SELECT * FROM patients', 'SELECT', 'read', on('patients')),
  row('WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a', 'SELECT', 'read'),
  row('WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM a) SELECT * FROM a', 'SELECT', 'read'),
  row('SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) s, a', 'SELECT', 'read', on('a')),
  row('WITH a AS (SELECT 1) SELECT * FROM (WITH b AS (SELECT * FROM a) SELECT * FROM b) s, b', 'SELECT', 'read', on('b')),
  row('(WITH a AS (SELECT 1) SELECT * FROM a) UNION SELECT * FROM a', 'SELECT', 'read', on('a')),
  row('WITH patients AS (SELECT 1) INSERT INTO patients SELECT * FROM patients', 'INSERT', 'read write', on('patients')),
  row('WITH patients AS (SELECT 1 AS id) DELETE FROM patients WHERE id = 1', 'DELETE', 'read write', on('patients')),
  row('WITH patients AS (SELECT 1), x AS (INSERT INTO patients VALUES (1)) SELECT 1', 'SELECT', 'read write', on('patients')),
  row('WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone', 'SELECT', 'read write', { relations: ['a'], flags: ['no_where'] }),
  row('WITH x AS (UPDATE a SET b = 1 WHERE c = 2), y AS (INSERT INTO d VALUES (1)) SELECT 1', 'SELECT', 'read write', on('a', 'd')),

  // Writing; reading where PostgreSQL itself would ask for SELECT
  row('INSERT INTO a VALUES (1, DEFAULT)', 'INSERT', 'write', on('a')),
  row('INSERT INTO a DEFAULT VALUES', 'INSERT', 'write', on('a')),
  row('INSERT INTO a SELECT 1', 'INSERT', 'write', on('a')),
  row('INSERT INTO a SELECT * FROM b', 'INSERT', 'read write', on('a', 'b')),
  row('INSERT INTO a VALUES ((SELECT max(x) FROM b))', 'INSERT', 'read write', { relations: ['a', 'b'], functions: ['max'] }),
  row('INSERT INTO a VALUES (1) RETURNING id', 'INSERT', 'read write', on('a')),
  row('INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET b = excluded.b', 'INSERT', 'write', on('a')),
  row('INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET n = a.n + 1', 'INSERT', 'read write', on('a')),
  row('INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 1 WHERE (SELECT true FROM b)', 'INSERT', 'read write', on('a', 'b')),
  row('UPDATE a SET b = 1 WHERE id = 2', 'UPDATE', 'read write', on('a')),
  row('UPDATE a SET b = 1 WHERE CURRENT OF c', 'UPDATE', 'write', on('a')),
  row('UPDATE a SET b = c.x FROM c WHERE a.id = c.id', 'UPDATE', 'read write', on('a', 'c')),
  row('DELETE FROM a USING b WHERE a.id = b.id RETURNING a.*', 'DELETE', 'read write', on('a', 'b')),
  row('MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1)', 'MERGE', 'read write', on('a', 'b')),
  row('MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE RETURNING merge_action()', 'MERGE', 'read write', { relations: ['a', 'b'], from: 17 }),
  row('WITH a AS (SELECT * FROM c) MERGE INTO a USING a AS b ON a.id = b.id WHEN MATCHED THEN DELETE', 'MERGE', 'read write', on('a', 'c')),
  row('MERGE INTO a USING (VALUES (1)) b (x) ON a.id = b.x WHEN MATCHED THEN DO NOTHING', 'MERGE', 'read write', on('a')),
  row('MERGE INTO a USING b ON a.id = b.id WHEN MATCHED AND mine() THEN UPDATE SET x = (SELECT max(x) FROM c)', 'MERGE', 'read write unknown', {
    relations: ['a', 'b', 'c'],
    functions: ['max', 'mine'],
    effectful: ['mine']
  }),
  row('MERGE INTO a USING b ON a.id = b.id WHEN NOT MATCHED THEN INSERT VALUES (nextval(\'s\'))', 'MERGE', 'read write', { relations: ['a', 'b', 's'], functions: ['nextval'], effectful: ['nextval'] }),
  row('MERGE INTO pg_authid a USING b ON a.oid = b.id WHEN MATCHED THEN UPDATE SET rolsuper = true', 'MERGE', 'read write privilege', on('b', 'pg_authid')),
  row('WITH w AS (MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE RETURNING a.id) SELECT * FROM w', 'SELECT', 'read write', { relations: ['a', 'b'], from: 17 }),
  row('TRUNCATE a, b.c', 'TRUNCATE', 'write', on('a', 'b.c')),
  row('TRUNCATE a CASCADE', 'TRUNCATE', 'write', { relations: ['a'], flags: ['cascade'] }),
  row('NOTIFY channel, \'payload\'', 'NOTIFY', 'write'),

  // Every row
  row('UPDATE a SET b = 1', 'UPDATE', 'write', { relations: ['a'], flags: ['no_where'] }),
  row('DELETE FROM a', 'DELETE', 'write', { relations: ['a'], flags: ['no_where'] }),
  ...['true', '1 = 1', '\'x\' LIKE \'%\'', 'NOT false', '$1', 'length(\'x\') > 0'].map((where) => row(`DELETE FROM a WHERE ${where}`, 'DELETE', 'write', {
    relations: ['a'],
    flags: ['no_where'],
    ...(where.startsWith('length') ? { functions: ['length'] } : {})
  })),
  ...[
    'id = id',
    '"id" >= ID',
    'a.id = a.id',
    'id IS NOT DISTINCT FROM id',
    'id IN (id)',
    'id BETWEEN id AND id',
    'name LIKE \'%\'',
    'id = 1 OR true',
    'id IS NULL OR id IS NOT NULL',
    '(id = 1 OR 1 = 1) AND true',
    'id = 1 OR (name = \'x\' OR id <= id)'
  ].map((where) => row(`DELETE FROM a WHERE ${where}`, 'DELETE', 'read write', { relations: ['a'], flags: ['no_where'] })),
  ...['id = 1', 'id = other', 'id <> id', 'name NOT LIKE \'%\'', 'id = 1 AND true', 'id IS NULL OR other IS NOT NULL', 'name LIKE \'%x\''].map((where) =>
    row(`DELETE FROM a WHERE ${where}`, 'DELETE', 'read write', on('a'))),

  ...['ON true WHEN MATCHED THEN DELETE', 'ON a.id = a.id WHEN MATCHED AND 1 = 1 THEN UPDATE SET x = 1'].map((rest) =>
    row(`MERGE INTO a USING b ${rest}`, 'MERGE', 'read write', { relations: ['a', 'b'], flags: ['no_where'] })),
  row('MERGE INTO a USING b ON false WHEN NOT MATCHED BY SOURCE THEN DELETE', 'MERGE', 'read write', { relations: ['a', 'b'], flags: ['no_where'], from: 17 }),
  ...['ON true WHEN MATCHED AND a.id = 1 THEN DELETE', 'ON true WHEN MATCHED THEN DO NOTHING', 'ON false WHEN MATCHED THEN DELETE', 'ON true WHEN NOT MATCHED THEN INSERT VALUES (1)'].map((rest) =>
    row(`MERGE INTO a USING b ${rest}`, 'MERGE', 'read write', on('a', 'b'))),
  row('MERGE INTO a USING b ON a.id = b.id WHEN NOT MATCHED BY SOURCE THEN DELETE', 'MERGE', 'read write', { relations: ['a', 'b'], from: 17 }),

  // COPY
  row('COPY a FROM STDIN', 'COPY', 'write', { relations: ['a'], relay: { copy: 'in' } }),
  row('COPY a (b, c) FROM STDIN WITH (FORMAT csv) WHERE b > 1', 'COPY', 'write', { relations: ['a'], relay: { copy: 'in' } }),
  row('COPY a TO STDOUT', 'COPY', 'read', { relations: ['a'], relay: { copy: 'out' } }),
  row('COPY (SELECT * FROM a) TO STDOUT', 'COPY', 'read', { relations: ['a'], relay: { copy: 'out' } }),
  row('COPY (DELETE FROM a RETURNING *) TO STDOUT', 'COPY', 'read write', { relations: ['a'], flags: ['no_where'], relay: { copy: 'out' } }),
  row('COPY a FROM \'/etc/passwd\'', 'COPY', 'write privilege', { relations: ['a'], flags: ['server_file'] }),
  row('COPY a TO \'/tmp/x\'', 'COPY', 'read privilege', { relations: ['a'], flags: ['server_file'] }),
  row('COPY a FROM PROGRAM \'id\'', 'COPY', 'write privilege', { relations: ['a'], flags: ['server_file'] }),
  row('COPY (SELECT 1) TO PROGRAM \'id\'', 'COPY', 'read privilege', { flags: ['server_file'] }),

  // Functions
  row('SELECT upper(x), pg_catalog.lower(x), now(), current_user, count(*) FROM a', 'SELECT', 'read', {
    relations: ['a'],
    functions: ['count', 'lower', 'now', 'upper'].map((name) => name === 'lower' ? 'pg_catalog.lower' : name).sort()
  }),
  row('SELECT mine(1)', 'SELECT', 'read unknown', { functions: ['mine'], effectful: ['mine'] }),
  row('SELECT public.upper(\'x\')', 'SELECT', 'read unknown', { functions: ['public.upper'], effectful: ['public.upper'] }),
  row('SELECT * FROM dblink(\'x\', \'DELETE FROM a\') AS t(a int)', 'SELECT', 'read unknown', { functions: ['dblink'], effectful: ['dblink'] }),
  row('SELECT query_to_xml(\'SELECT 1\', true, true, \'\')', 'SELECT', 'read unknown', { functions: ['query_to_xml'], effectful: ['query_to_xml'] }),
  row('SELECT table_to_xml(\'patients\', true, true, \'\')', 'SELECT', 'read unknown', { functions: ['table_to_xml'], effectful: ['table_to_xml'] }),
  row('SELECT * FROM ts_stat(\'SELECT v FROM a\')', 'SELECT', 'read unknown', { functions: ['ts_stat'], effectful: ['ts_stat'] }),
  row('SELECT lo_get(1)', 'SELECT', 'read unknown', { functions: ['lo_get'], effectful: ['lo_get'] }),
  row('SELECT nextval(\'a.s\'), setval(\'"T"\', 1)', 'SELECT', 'read write', {
    relations: ['"T"', 'a.s'],
    functions: ['nextval', 'setval'],
    effectful: ['nextval', 'setval']
  }),
  row('SELECT currval(\'s\'), random(), pg_sleep(1), pg_relation_size(\'a\')', 'SELECT', 'read', {
    relations: ['s'],
    functions: ['currval', 'pg_relation_size', 'pg_sleep', 'random']
  }),
  row('SELECT pg_terminate_backend(1)', 'SELECT', 'read privilege', { functions: ['pg_terminate_backend'], effectful: ['pg_terminate_backend'] }),
  row('SELECT pg_catalog.pg_read_file(\'x\')', 'SELECT', 'read privilege', {
    functions: ['pg_catalog.pg_read_file'],
    effectful: ['pg_catalog.pg_read_file'],
    flags: ['server_file']
  }),
  row('SELECT * FROM pg_ls_dir(\'.\')', 'SELECT', 'read privilege', { functions: ['pg_ls_dir'], effectful: ['pg_ls_dir'], flags: ['server_file'] }),
  row('SELECT lo_export(1, \'/tmp/x\')', 'SELECT', 'read privilege', { functions: ['lo_export'], effectful: ['lo_export'], flags: ['server_file'] }),
  row('SELECT pg_advisory_lock(1)', 'SELECT', 'read', { functions: ['pg_advisory_lock'], flags: ['locks'] }),
  row('SELECT pg_notify(\'c\', x) FROM a', 'SELECT', 'read write', { relations: ['a'], functions: ['pg_notify'], effectful: ['pg_notify'] }),
  row('SELECT a OPERATOR(pg_catalog.+) b', 'SELECT', 'read'),
  row('SELECT a OPERATOR(evil.+) b', 'SELECT', 'read unknown', { functions: ['evil."+"'], effectful: ['evil."+"'] }),
  row('SELECT a FROM t ORDER BY a USING OPERATOR(evil.<)', 'SELECT', 'read unknown', { relations: ['t'], functions: ['evil."<"'], effectful: ['evil."<"'] }),
  row('SELECT a OPERATOR(evil.=) ANY (SELECT 1)', 'SELECT', 'read unknown', { functions: ['evil."="'], effectful: ['evil."="'] }),
  row('UPDATE a SET b = mine(c) WHERE d = 1', 'UPDATE', 'read write unknown', { relations: ['a'], functions: ['mine'], effectful: ['mine'] }),
  row('SELECT information_schema._pg_truetypid(a, t) FROM a, t', 'SELECT', 'read', { relations: ['a', 't'], functions: ['information_schema._pg_truetypid'] }),
  row('SELECT extract(year FROM d), d AT TIME ZONE \'UTC\', x SIMILAR TO \'y\', trim(x), overlay(x PLACING y FROM 1) FROM a', 'SELECT', 'read', {
    relations: ['a'],
    functions: ['pg_catalog.btrim', 'pg_catalog.extract', 'pg_catalog.overlay', 'pg_catalog.similar_to_escape', 'pg_catalog.timezone']
  }),
  row('SELECT json_object(\'a\': 1), x IS JSON FROM a', 'SELECT', 'read', { relations: ['a'], from: 16 }),
  row('SELECT * FROM JSON_TABLE(x, \'$[*]\' COLUMNS (id int PATH \'$.id\')) t, JSON_TABLE(mine(1), \'$\' COLUMNS (a int)) u', 'SELECT', 'read unknown', {
    functions: ['mine'],
    effectful: ['mine'],
    from: 17
  }),
  row('SELECT * FROM XMLTABLE(\'/a\' PASSING x COLUMNS b int PATH \'b\') t', 'SELECT', 'read'),
  row('SELECT CASE WHEN a THEN mine() ELSE COALESCE(b, NULLIF(c, d)) END, GREATEST(a, b), (r).f[1:2], ROW(1, 2), t.* FROM t', 'SELECT', 'read unknown', {
    relations: ['t'],
    functions: ['mine'],
    effectful: ['mine']
  }),

  // Code nobody here can read
  row('DO $$ BEGIN DELETE FROM a; END $$', 'DO', 'unknown', { effectful: 'absent' }),
  row('CALL p(1, upper(\'x\'))', 'CALL', 'unknown', { functions: ['p', 'upper'], effectful: 'absent' }),

  // EXPLAIN plans, and with ANALYZE runs
  row('EXPLAIN DELETE FROM a', 'EXPLAIN', 'read', on('a')),
  row('EXPLAIN (VERBOSE, COSTS off) UPDATE a SET b = 1', 'EXPLAIN', 'read', on('a')),
  row('EXPLAIN ANALYZE DELETE FROM a', 'EXPLAIN', 'read write', { relations: ['a'], flags: ['no_where'] }),
  row('EXPLAIN (ANALYZE) INSERT INTO a VALUES (1)', 'EXPLAIN', 'read write', on('a')),
  row('EXPLAIN (ANALYZE true) INSERT INTO a VALUES (1)', 'EXPLAIN', 'read write', on('a')),
  row('EXPLAIN (ANALYZE off, VERBOSE) INSERT INTO a VALUES (1)', 'EXPLAIN', 'read', on('a')),
  row('EXPLAIN (ANALYZE 0) INSERT INTO a VALUES (1)', 'EXPLAIN', 'read', on('a')),
  row('EXPLAIN (ANALYZE off, ANALYZE on) DELETE FROM a WHERE b = 1', 'EXPLAIN', 'read write', on('a')),
  row('EXPLAIN SELECT mine()', 'EXPLAIN', 'read unknown', { functions: ['mine'], effectful: ['mine'] }),
  row('EXPLAIN SELECT nextval(\'s\'), pg_terminate_backend(1)', 'EXPLAIN', 'read', { relations: ['s'], functions: ['nextval', 'pg_terminate_backend'] }),
  row('EXPLAIN SELECT set_config(\'client_encoding\', \'SJIS\', false)', 'EXPLAIN', 'read', { functions: ['set_config'] }),
  row('EXPLAIN ANALYZE CREATE TABLE a AS SELECT * FROM b', 'EXPLAIN', 'read schema', on('a', 'b')),
  row('EXPLAIN EXECUTE p (1)', 'EXPLAIN', 'read unknown', { effectful: 'absent', relay: { executes: { name: 'p' } } }),

  // Prepared statements and cursors by SQL
  row('PREPARE p (int) AS DELETE FROM a WHERE id = $1', 'PREPARE', 'read write', { relations: ['a'], relay: { prepares: { name: 'p' } } }),
  row('EXECUTE p (1, now())', 'EXECUTE', 'unknown', { functions: ['now'], effectful: 'absent', relay: { executes: { name: 'p' } } }),
  row('EXECUTE p (pg_read_file(\'x\'))', 'EXECUTE', 'privilege unknown', { functions: ['pg_read_file'], effectful: 'absent', flags: ['server_file'] }),
  row('EXECUTE p (mine())', 'EXECUTE', 'unknown', { functions: ['mine'], effectful: 'absent' }),
  row('EXECUTE p (pg_advisory_lock(1)::text)', 'EXECUTE', 'unknown', { functions: ['pg_advisory_lock'], effectful: 'absent', flags: ['locks'] }),
  row('CREATE TABLE a AS EXECUTE p (1)', 'CREATE TABLE AS', 'schema unknown', { relations: ['a'], effectful: 'absent' }),
  row('DEALLOCATE p', 'DEALLOCATE', '', { relay: { deallocates: { name: 'p' } } }),
  row('DEALLOCATE ALL', 'DEALLOCATE', '', { relay: { deallocates: { name: null } } }),
  row('DECLARE c CURSOR WITH HOLD FOR SELECT * FROM a', 'DECLARE CURSOR', 'read', on('a')),
  row('DECLARE c CURSOR FOR SELECT mine() FROM a', 'DECLARE CURSOR', 'read unknown', { relations: ['a'], functions: ['mine'], effectful: ['mine'] }),
  row('FETCH ALL FROM c', 'FETCH', 'read'),
  row('MOVE NEXT FROM c', 'MOVE', 'read'),
  row('CLOSE c', 'CLOSE', ''),

  // Transactions
  ...['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', 'ROLLBACK TO s', 'START TRANSACTION READ ONLY'].map((sql) =>
    row(sql, sql.replace(/ s$| READ ONLY$/, ''), '', flagged('transaction'))),
  row('BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE', 'BEGIN', '', flagged('transaction')),
  row('END', 'COMMIT', '', flagged('transaction')),
  row('ABORT AND CHAIN', 'ROLLBACK', '', flagged('transaction')),
  row('RELEASE s', 'RELEASE', '', flagged('transaction')),
  row('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'SET', '', flagged('transaction')),
  row('PREPARE TRANSACTION \'t\'', 'PREPARE TRANSACTION', 'write', flagged('transaction')),
  row('COMMIT PREPARED \'t\'', 'COMMIT PREPARED', 'write', flagged('transaction')),
  row('ROLLBACK PREPARED \'t\'', 'ROLLBACK PREPARED', 'write', flagged('transaction')),
  row('SET CONSTRAINTS ALL DEFERRED', 'SET CONSTRAINTS', ''),
  row('LOCK TABLE a IN ACCESS SHARE MODE', 'LOCK TABLE', 'read', { relations: ['a'], flags: ['locks'] }),
  row('LOCK a', 'LOCK TABLE', 'write', { relations: ['a'], flags: ['locks'] }),

  // Settings
  row('SET work_mem = \'64MB\'', 'SET', 'session'),
  row('SET LOCAL statement_timeout TO 0', 'SET', 'session'),
  row('SET search_path TO a, b', 'SET', 'session'),
  row('SET TIME ZONE \'UTC\'', 'SET', 'session'),
  row('SET TIME ZONE INTERVAL \'-08:00\' HOUR TO MINUTE', 'SET', 'session'),
  row('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', 'SET', 'session'),
  row('RESET work_mem', 'RESET', 'session'),
  row('RESET ALL', 'RESET', 'session'),
  row('DISCARD ALL', 'DISCARD', 'session'),
  row('LISTEN channel', 'LISTEN', 'read session'),
  row('UNLISTEN *', 'UNLISTEN', 'session'),
  row('SET client_min_messages = warning', 'SET', 'session'),
  row('SET client_min_messages = debug1', 'SET', 'unknown', { effectful: 'absent' }),
  row('SET app.user_id = \'7\'', 'SET', 'unknown', { effectful: 'absent' }),
  row('SET log_statement = \'none\'', 'SET', 'unknown', { effectful: 'absent' }),
  row('SET ROLE bob', 'SET', 'privilege'),
  row('RESET ROLE', 'RESET', 'privilege'),
  row('SET SESSION AUTHORIZATION bob', 'SET', 'privilege'),
  row('SET session_replication_role = replica', 'SET', 'privilege'),
  row('SELECT set_config(\'work_mem\', \'1MB\', false)', 'SELECT', 'read session', { functions: ['set_config'] }),
  row('SELECT pg_catalog.set_config(\'search_path\', \'\', false)', 'SELECT', 'read session', { functions: ['pg_catalog.set_config'] }),
  row('SELECT set_config(\'role\', \'bob\', false)', 'SELECT', 'read privilege', { functions: ['set_config'] }),
  row('SELECT set_config(x, \'on\', false) FROM a', 'SELECT', 'read unknown', { relations: ['a'], functions: ['set_config'], effectful: 'absent' }),
  row('SELECT set_config(name, \'view\', false) FROM pg_settings WHERE name = \'restrict_nonsystem_relation_kind\'', 'SELECT', 'read session', {
    relations: ['pg_settings']
  }),
  row('SELECT set_config(name, \'off\', false) FROM pg_settings', 'SELECT', 'read unknown', { relations: ['pg_settings'], functions: ['set_config'], effectful: 'absent' }),
  row('SELECT set_config(name, \'off\', false) FROM mine.pg_settings WHERE name = \'jit\'', 'SELECT', 'read unknown', {
    relations: ['mine.pg_settings'],
    functions: ['set_config'],
    effectful: 'absent'
  }),

  // Settings the gateway's reading rests on: refused unless they stay what they are
  ...['UTF8', 'utf-8', 'UNICODE'].map((name) => row(`SET client_encoding TO '${name}'`, 'SET', 'session')),
  row('SET standard_conforming_strings = on', 'SET', 'session'),
  row('SET client_encoding = \'SJIS\'', 'SET', 'session', flagged('pinned_setting')),
  row('SET "CLIENT_Encoding" = \'GBK\'', 'SET', 'session', flagged('pinned_setting')),
  row('SET NAMES \'LATIN1\'', 'SET', 'session', flagged('pinned_setting')),
  row('SET LOCAL standard_conforming_strings = off', 'SET', 'session', flagged('pinned_setting')),
  row('SET backslash_quote = on', 'SET', 'session', flagged('pinned_setting')),
  row('RESET client_encoding', 'RESET', 'session', flagged('pinned_setting')),
  row('SET client_encoding TO DEFAULT', 'SET', 'session', flagged('pinned_setting')),
  row('SELECT set_config(\'standard_conforming_strings\', \'off\', true)', 'SELECT', 'read session', { functions: ['set_config'], flags: ['pinned_setting'] }),
  row('SELECT set_config(name, \'SJIS\', false) FROM pg_settings WHERE name = \'client_encoding\'', 'SELECT', 'read session', {
    relations: ['pg_settings'],
    flags: ['pinned_setting']
  }),
  row('UPDATE pg_settings SET setting = \'off\' WHERE name = \'standard_conforming_strings\'', 'UPDATE', 'read write privilege session unknown', {
    relations: ['pg_settings'],
    effectful: 'absent',
    flags: ['pinned_setting']
  }),
  row('ALTER ROLE bob SET client_encoding = \'SJIS\'', 'ALTER ROLE', 'privilege', flagged('pinned_setting')),
  row('ALTER DATABASE d SET standard_conforming_strings = off', 'ALTER DATABASE', 'privilege', flagged('pinned_setting')),
  row('ALTER SYSTEM SET backslash_quote = off', 'ALTER SYSTEM', 'privilege', flagged('pinned_setting')),
  row('CREATE FUNCTION f() RETURNS int LANGUAGE sql SET client_encoding = \'SJIS\' AS \'SELECT 1\'', 'CREATE FUNCTION', 'schema', flagged('pinned_setting')),
  row('ALTER FUNCTION f() SET standard_conforming_strings = off', 'ALTER FUNCTION', 'schema', flagged('pinned_setting')),
  row('ALTER ROLE bob SET work_mem = \'1MB\'', 'ALTER ROLE', 'privilege'),

  // Upkeep
  row('VACUUM FULL a', 'VACUUM', 'write', on('a')),
  row('VACUUM', 'VACUUM', 'write'),
  row('ANALYZE a (b)', 'ANALYZE', 'write', on('a')),
  row('CLUSTER a', 'CLUSTER', 'schema', on('a')),
  row('REINDEX TABLE a', 'REINDEX', 'schema', on('a')),
  row('REFRESH MATERIALIZED VIEW a', 'REFRESH MATERIALIZED VIEW', 'schema', on('a')),
  row('CHECKPOINT', 'CHECKPOINT', 'privilege'),

  // Objects
  row('CREATE TABLE a (id int DEFAULT nextval(\'s\') CHECK (mine(id)), b int REFERENCES c)', 'CREATE TABLE', 'schema', {
    relations: ['a', 'c', 's'],
    functions: ['mine', 'nextval']
  }),
  row('CREATE TABLE a PARTITION OF b FOR VALUES IN (mine())', 'CREATE TABLE', 'schema unknown', { relations: ['a', 'b'], functions: ['mine'], effectful: ['mine'] }),
  row('CREATE TEMP TABLE a AS SELECT * FROM b', 'CREATE TABLE AS', 'read schema', on('a', 'b')),
  row('CREATE TABLE a AS SELECT nextval(\'s\') WITH NO DATA', 'CREATE TABLE AS', 'read schema', { relations: ['a', 's'], functions: ['nextval'] }),
  row('SELECT * INTO a FROM b', 'SELECT INTO', 'read schema', on('a', 'b')),
  row('SELECT 1 INTO a UNION SELECT 2', 'SELECT', 'read schema', on('a')),
  row('CREATE MATERIALIZED VIEW a AS SELECT mine() FROM b', 'CREATE MATERIALIZED VIEW', 'read schema unknown', {
    relations: ['a', 'b'],
    functions: ['mine'],
    effectful: ['mine']
  }),
  row('CREATE FOREIGN TABLE a (b int) SERVER s', 'CREATE FOREIGN TABLE', 'schema', on('a')),
  row('CREATE SCHEMA s', 'CREATE SCHEMA', 'schema'),
  row('CREATE SCHEMA s CREATE TABLE a (b int) GRANT SELECT ON a TO bob', 'CREATE SCHEMA', 'schema privilege', on('a')),
  row('CREATE SEQUENCE s', 'CREATE SEQUENCE', 'schema', on('s')),
  row('CREATE UNIQUE INDEX CONCURRENTLY i ON a (lower(b)) WHERE c', 'CREATE INDEX', 'schema', { relations: ['a'], functions: ['lower'] }),
  row('CREATE INDEX ON a (mine(b))', 'CREATE INDEX', 'schema unknown', { relations: ['a'], functions: ['mine'], effectful: ['mine'] }),
  row('CREATE OR REPLACE VIEW v AS SELECT mine() FROM a', 'CREATE VIEW', 'schema', { relations: ['a', 'v'], functions: ['mine'] }),
  row('CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM b', 'CREATE RULE', 'schema', on('a', 'b')),
  row('CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()', 'CREATE TRIGGER', 'schema', on('a')),
  row('CREATE FUNCTION f(x int DEFAULT mine()) RETURNS int LANGUAGE sql AS \'DELETE FROM a\'', 'CREATE FUNCTION', 'schema', { functions: ['mine'] }),
  row('CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM a; END', 'CREATE FUNCTION', 'schema', on('a')),
  row('CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN (SELECT x FROM a)', 'CREATE FUNCTION', 'schema', on('a')),
  row('CREATE PROCEDURE p() LANGUAGE sql AS \'\'', 'CREATE PROCEDURE', 'schema'),
  row('CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS \'SELECT 1\'', 'CREATE FUNCTION', 'schema privilege'),
  row('ALTER FUNCTION f() SECURITY DEFINER', 'ALTER FUNCTION', 'schema privilege'),
  row('ALTER FUNCTION f() SECURITY INVOKER', 'ALTER FUNCTION', 'schema'),
  row('CREATE FUNCTION f() RETURNS int LANGUAGE c AS \'x\', \'y\'', 'CREATE FUNCTION', 'schema privilege', flagged('server_file')),
  row('CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS \'x\'', 'CREATE FUNCTION', 'schema privilege', flagged('server_file')),
  row('CREATE STATISTICS st ON a, b FROM t', 'CREATE STATISTICS', 'schema', on('t')),
  row('ALTER STATISTICS st SET STATISTICS 100', 'ALTER STATISTICS', 'schema'),
  row('CREATE DOMAIN d AS int CHECK (VALUE > 0)', 'CREATE DOMAIN', 'schema'),
  row('ALTER DOMAIN d SET NOT NULL', 'ALTER DOMAIN', 'schema'),
  row('CREATE TYPE t AS ENUM (\'a\')', 'CREATE TYPE', 'schema'),
  row('CREATE TYPE t AS RANGE (SUBTYPE = int)', 'CREATE TYPE', 'schema'),
  row('CREATE TYPE t AS (a int)', 'CREATE TYPE', 'schema', on('t')),
  row('ALTER TYPE t ADD VALUE \'b\'', 'ALTER TYPE', 'schema'),
  row('ALTER TYPE t SET (SUBSCRIPT = f)', 'ALTER TYPE', 'schema'),
  row('CREATE AGGREGATE s (int) (SFUNC = f, STYPE = int)', 'CREATE AGGREGATE', 'schema'),
  row('CREATE OPERATOR + (FUNCTION = f, LEFTARG = int, RIGHTARG = int)', 'CREATE OPERATOR', 'schema'),
  row('CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = t)', 'CREATE TEXT SEARCH DICTIONARY', 'schema'),
  row('CREATE COLLATION c FROM "C"', 'CREATE COLLATION', 'schema'),
  row('CREATE CAST (a AS b) WITH FUNCTION f(a)', 'CREATE CAST', 'schema'),
  row('CREATE CONVERSION c FOR \'UTF8\' TO \'LATIN1\' FROM f', 'CREATE CONVERSION', 'schema'),
  row('CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <', 'CREATE OPERATOR CLASS', 'schema'),
  row('CREATE OPERATOR FAMILY f USING btree', 'CREATE OPERATOR FAMILY', 'schema'),
  row('ALTER OPERATOR FAMILY f USING btree DROP OPERATOR 1 (int, int)', 'ALTER OPERATOR FAMILY', 'schema'),
  row('ALTER OPERATOR + (int, int) SET (RESTRICT = NONE)', 'ALTER OPERATOR', 'schema'),
  row('CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))', 'CREATE TRANSFORM', 'schema'),
  row('ALTER COLLATION c REFRESH VERSION', 'ALTER COLLATION', 'schema'),
  row('ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word', 'ALTER TEXT SEARCH CONFIGURATION', 'schema'),
  row('ALTER TEXT SEARCH DICTIONARY d (a = b)', 'ALTER TEXT SEARCH DICTIONARY', 'schema'),
  row('ALTER TABLE a ADD COLUMN b int DEFAULT mine()', 'ALTER TABLE', 'schema unknown', { relations: ['a'], functions: ['mine'], effectful: ['mine'] }),
  row('ALTER TABLE a ALTER b SET DEFAULT mine()', 'ALTER TABLE', 'schema', { relations: ['a'], functions: ['mine'] }),
  row('ALTER TABLE a ALTER b TYPE int USING mine(b)', 'ALTER TABLE', 'schema unknown', { relations: ['a'], functions: ['mine'], effectful: ['mine'] }),
  row('ALTER TABLE a DROP COLUMN b CASCADE', 'ALTER TABLE', 'schema', { relations: ['a'], flags: ['cascade'] }),
  row('ALTER TABLE a OWNER TO bob', 'ALTER TABLE', 'schema privilege', on('a')),
  row('ALTER TABLE a DISABLE ROW LEVEL SECURITY', 'ALTER TABLE', 'schema privilege', on('a')),
  row('ALTER TABLE ALL IN TABLESPACE x SET TABLESPACE y', 'ALTER TABLE', 'schema'),
  row('ALTER INDEX i SET (fillfactor = 70)', 'ALTER INDEX', 'schema', on('i')),
  row('ALTER SEQUENCE s RESTART', 'ALTER SEQUENCE', 'schema', on('s')),
  row('ALTER TABLE a SET SCHEMA s', 'ALTER TABLE', 'schema', on('a')),
  row('ALTER EXTENSION e SET SCHEMA s', 'ALTER EXTENSION', 'schema privilege'),
  row('ALTER FUNCTION f() DEPENDS ON EXTENSION e', 'ALTER FUNCTION', 'schema'),
  row('ALTER TABLE a RENAME COLUMN b TO c', 'ALTER TABLE', 'schema', on('a')),
  row('ALTER VIEW a RENAME TO b', 'ALTER VIEW', 'schema', on('a')),
  row('ALTER ROLE a RENAME TO b', 'ALTER ROLE', 'schema privilege'),
  row('DROP TABLE a, b.c CASCADE', 'DROP TABLE', 'schema', { relations: ['a', 'b.c'], flags: ['cascade'] }),
  row('DROP MATERIALIZED VIEW IF EXISTS v', 'DROP MATERIALIZED VIEW', 'schema', on('v')),
  row('DROP FOREIGN TABLE a', 'DROP FOREIGN TABLE', 'schema', on('a')),
  row('DROP INDEX b.i', 'DROP INDEX', 'schema', on('b.i')),
  row('DROP FUNCTION f(int)', 'DROP FUNCTION', 'schema'),
  row('DROP SCHEMA s', 'DROP SCHEMA', 'schema'),
  row('DROP TRIGGER t ON b.c', 'DROP TRIGGER', 'schema', on('b.c')),
  row('DROP POLICY p ON c', 'DROP POLICY', 'schema privilege', on('c')),
  row('DROP EXTENSION e', 'DROP EXTENSION', 'schema privilege'),
  row('COMMENT ON TABLE b.c IS \'x\'', 'COMMENT', 'schema', on('b.c')),
  row('COMMENT ON COLUMN b.c.d IS NULL', 'COMMENT', 'schema', on('b.c')),
  row('CREATE DATABASE d', 'CREATE DATABASE', 'schema'),
  row('ALTER DATABASE d WITH CONNECTION LIMIT 1', 'ALTER DATABASE', 'schema'),
  row('ALTER DATABASE d REFRESH COLLATION VERSION', 'ALTER DATABASE', 'schema'),
  row('DROP DATABASE d', 'DROP DATABASE', 'schema'),

  // Rights
  row('GRANT SELECT ON a TO bob', 'GRANT', 'privilege', on('a')),
  row('REVOKE ALL ON a FROM bob CASCADE', 'REVOKE', 'privilege', { relations: ['a'], flags: ['cascade'] }),
  row('GRANT ALL ON ALL TABLES IN SCHEMA s TO bob', 'GRANT', 'privilege'),
  row('GRANT admin TO bob', 'GRANT ROLE', 'privilege'),
  row('REVOKE admin FROM bob', 'REVOKE ROLE', 'privilege'),
  row('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO bob', 'ALTER DEFAULT PRIVILEGES', 'privilege'),
  row('CREATE USER bob PASSWORD \'x\'', 'CREATE ROLE', 'privilege'),
  row('ALTER USER bob SUPERUSER', 'ALTER ROLE', 'privilege'),
  row('DROP ROLE bob', 'DROP ROLE', 'privilege'),
  row('CREATE POLICY p ON a USING (mine())', 'CREATE POLICY', 'privilege', { relations: ['a'], functions: ['mine'] }),
  row('ALTER POLICY p ON a USING (true)', 'ALTER POLICY', 'privilege', on('a')),
  row('SECURITY LABEL ON TABLE a IS \'x\'', 'SECURITY LABEL', 'privilege', on('a')),
  row('ALTER SCHEMA s OWNER TO bob', 'ALTER SCHEMA', 'schema privilege'),
  row('REASSIGN OWNED BY a TO b', 'REASSIGN OWNED', 'schema privilege'),
  row('DROP OWNED BY a', 'DROP OWNED', 'schema privilege'),

  // The server
  row('ALTER SYSTEM SET work_mem = \'1MB\'', 'ALTER SYSTEM', 'privilege'),
  row('LOAD \'x\'', 'LOAD', 'privilege', flagged('server_file')),
  row('CREATE EXTENSION e', 'CREATE EXTENSION', 'privilege'),
  row('ALTER EXTENSION e UPDATE', 'ALTER EXTENSION', 'privilege'),
  row('ALTER EXTENSION e ADD TABLE a', 'ALTER EXTENSION', 'privilege'),
  row('CREATE LANGUAGE l HANDLER h', 'CREATE LANGUAGE', 'privilege'),
  row('CREATE ACCESS METHOD m TYPE INDEX HANDLER h', 'CREATE ACCESS METHOD', 'privilege'),
  row('CREATE TABLESPACE t LOCATION \'/x\'', 'CREATE TABLESPACE', 'privilege', flagged('server_file')),
  row('ALTER TABLESPACE t SET (seq_page_cost = 1)', 'ALTER TABLESPACE', 'privilege'),
  row('DROP TABLESPACE t', 'DROP TABLESPACE', 'privilege'),
  row('CREATE FOREIGN DATA WRAPPER f', 'CREATE FOREIGN DATA WRAPPER', 'privilege'),
  row('ALTER FOREIGN DATA WRAPPER f OPTIONS (a \'b\')', 'ALTER FOREIGN DATA WRAPPER', 'privilege'),
  row('CREATE SERVER s FOREIGN DATA WRAPPER f', 'CREATE SERVER', 'privilege'),
  row('ALTER SERVER s VERSION \'1\'', 'ALTER SERVER', 'privilege'),
  row('CREATE USER MAPPING FOR bob SERVER s', 'CREATE USER MAPPING', 'privilege'),
  row('ALTER USER MAPPING FOR bob SERVER s OPTIONS (a \'b\')', 'ALTER USER MAPPING', 'privilege'),
  row('DROP USER MAPPING FOR bob SERVER s', 'DROP USER MAPPING', 'privilege'),
  row('IMPORT FOREIGN SCHEMA r FROM SERVER s INTO l', 'IMPORT FOREIGN SCHEMA', 'schema privilege'),
  row('CREATE EVENT TRIGGER t ON sql_drop EXECUTE FUNCTION f()', 'CREATE EVENT TRIGGER', 'privilege'),
  row('ALTER EVENT TRIGGER t DISABLE', 'ALTER EVENT TRIGGER', 'privilege'),
  row('CREATE PUBLICATION p FOR TABLE a', 'CREATE PUBLICATION', 'privilege', on('a')),
  row('ALTER PUBLICATION p ADD TABLE a', 'ALTER PUBLICATION', 'privilege', on('a')),
  row('CREATE SUBSCRIPTION s CONNECTION \'x\' PUBLICATION p', 'CREATE SUBSCRIPTION', 'privilege'),
  row('ALTER SUBSCRIPTION s DISABLE', 'ALTER SUBSCRIPTION', 'privilege'),
  row('DROP SUBSCRIPTION s', 'DROP SUBSCRIPTION', 'privilege'),
  row('DELETE FROM pg_catalog.pg_proc WHERE oid = 1', 'DELETE', 'read write privilege', on('pg_catalog.pg_proc')),
  row('UPDATE pg_authid SET rolsuper = true WHERE rolname = \'bob\'', 'UPDATE', 'read write privilege', on('pg_authid')),
  row('COPY pg_authid FROM STDIN', 'COPY', 'write privilege', { relations: ['pg_authid'], relay: { copy: 'in' } })
]
