// Statements and their verdicts under the default policy, over the shared schema. Long because it is one table.
// A line is `action cells kinds... | statement`: each cell is passed (.), masked (M) or redacted (R), `-` where there are none; then the
// kinds of flows, and `opaque` where something could not be proven. `search_path` is clinic, reporting, public.

const verdicts = `
## scope
allow .M | SELECT id, ssn FROM patients
allow M | SELECT ssn AS number FROM patients
allow M | SELECT (ssn)::text FROM patients
allow M | SELECT s FROM (SELECT ssn AS s FROM patients OFFSET 0) x
allow M | SELECT a FROM patients p, LATERAL (SELECT p.ssn AS a) x
allow M. | WITH q AS (SELECT ssn AS s, id FROM patients) SELECT s, id FROM q
allow M | WITH q AS MATERIALIZED (SELECT ssn FROM patients) SELECT * FROM q
allow M. | WITH q(a, b) AS (SELECT id, ssn FROM patients) SELECT b, a FROM q
allow . | WITH patients AS (SELECT 1 AS ssn) SELECT ssn FROM patients
allow M | WITH patients AS (SELECT ssn FROM patients) SELECT * FROM patients
allow M | WITH q AS (SELECT 1 AS ssn) SELECT clinic.patients.ssn FROM q, clinic.patients
allow M | SELECT d FROM patients p (a, b, c, d)
allow ...MMMMM...MMM. | SELECT * FROM patients p (a, b, c, d)
allow M. | SELECT j.x, j.v FROM (patients p JOIN rooms r USING (id)) j(w, v, u, x)
allow ..M | SELECT r.name, p.name, p.ssn FROM rooms r LEFT JOIN patients p USING (id)
allow .....MMMMM...MMM. | SELECT * FROM rooms JOIN patients USING (id)
allow . | SELECT j.id FROM rooms JOIN patients USING (id) AS j
hold M join | SELECT ssn FROM staff JOIN surgeons USING (ssn)
hold ..M.. join | SELECT * FROM staff NATURAL JOIN surgeons
hold . other | SELECT p.name FROM patients p JOIN codes c ON c.title = p.ssn
hold . join | SELECT b.amount FROM billing b JOIN patients p ON b.patient_ssn = p.ssn
hold . other | SELECT b.amount FROM billing b LEFT JOIN patients p ON b.patient_ssn = p.ssn
allow R | SELECT p FROM patients p
allow ...MMMMM...MMM. | SELECT p.* FROM patients p
allow M. | SELECT (p).ssn, (p).name FROM patients p
allow ...MMMMM...MMM. | SELECT (p).* FROM patients p
allow RR | SELECT ssn(p), p.length FROM patients p
allow R | SELECT p.row_to_json FROM patients p
allow RRR | SELECT row_to_json(p), to_json(p), json_agg(p) OVER () FROM patients p
allow . | SELECT row_to_json(t) FROM (SELECT id, name FROM patients) t
allow M | SELECT (SELECT x FROM (SELECT p.ssn AS x) q) FROM patients p
allow . | SELECT id AS ssn FROM patients ORDER BY ssn
hold . group | SELECT id AS ssn FROM patients GROUP BY ssn, id
allow .M | SELECT name AS n, ssn FROM patients ORDER BY 1
hold .M order | SELECT name AS n, ssn FROM patients ORDER BY 2
allow ... | SELECT ctid, xmin, tableoid::regclass FROM patients
allow M | SELECT clinic.patients.ssn FROM clinic.patients
hold R opaque | SELECT nope FROM patients
hold R opaque | SELECT 1 FROM nope
allow MM.... | SELECT * FROM visits_2026_h1
allow ...MM. | SELECT * FROM visits
allow M | SELECT ssn FROM surgeons
allow .. | SELECT * FROM clinic."Odd Names"

## expression
allow R | SELECT upper(ssn::text) FROM patients
allow RRRRRR | SELECT initcap(ssn), substr(ssn, 1, 3), left(email, 2), ssn || 'x', md5(ssn), concat(ssn, id) FROM patients
hold R error | SELECT substr(name, ssn_num) FROM patients
hold R error | SELECT repeat('x', ssn_num) FROM patients
hold R error | SELECT ssn::int FROM patients
allow RRR | SELECT ssn_num::text, ssn_num::bigint, dob::text FROM patients
hold R error | SELECT ssn_num::smallint FROM patients
hold R error | SELECT ssn_num + 1 FROM patients
hold R error | SELECT 1 / ssn_num FROM patients
allow M | SELECT ssn COLLATE "C" FROM patients
allow RRRR | SELECT ssn = 'x', ssn < name, ssn LIKE '9%', ssn IS DISTINCT FROM 'x' FROM patients
hold R error | SELECT name LIKE ssn FROM patients
hold R error | SELECT ssn LIKE $1 FROM patients
allow RR | SELECT ssn ~ '^9', ssn ~* '9' FROM patients
hold R error | SELECT ssn ~ '(' FROM patients
allow RRR | SELECT profile ->> 'tag', (home).city, aliases[1] FROM patients
hold R error | SELECT aliases || 'x' FROM patients
allow .. null | SELECT ssn IS NULL, count(*) OVER () FROM patients
allow R | SELECT nullif(ssn, 'x') IS NULL FROM patients
allow RRR | SELECT coalesce(ssn, 'none'), nullif(ssn, 'x'), greatest(ssn, 'x') FROM patients
allow R | SELECT CASE WHEN ssn LIKE '9%' THEN 1 END FROM patients
hold R error | SELECT CASE WHEN ssn LIKE '9%' THEN 1 / (id - id) END FROM patients
allow . | SELECT CASE WHEN id > 3 THEN 1 / (id - id) END FROM patients
hold R error | SELECT coalesce(ssn, (1 / (id - id))::text) FROM patients
hold R error | SELECT ssn = 'x' AND 1 / (id - id) = 1 FROM patients
hold R error | SELECT ssn IN ('a', (1 / (id - id))::text) FROM patients
hold R error | SELECT CASE WHEN ssn LIKE '9%' THEN nextval('tickets') END FROM patients
allow RR | SELECT ARRAY[ssn, 'x'], ROW(ssn, id) FROM patients
hold R error | SELECT ARRAY[aliases, aliases] FROM patients
allow R | SELECT jsonb_build_object('k', ssn_num) FROM patients
hold R error | SELECT jsonb_build_object(ssn_num::text, 1) FROM patients
hold R error | SELECT to_char(created, ssn) FROM patients
hold R error | SELECT date_trunc(ssn, created) FROM patients
allow R | SELECT extract(year FROM dob) FROM patients
allow . | SELECT add_one(id) FROM patients
hold R error udf-arg | SELECT add_one(ssn_num) FROM patients
hold R opaque | SELECT ssn_of(1)
hold R opaque | SELECT via_view(1)
hold R opaque | SELECT via_function(1)
hold R opaque | SELECT query_to_xml('select 1', true, true, '')
hold R opaque | SELECT nothing_like_it(1)
allow .. | SELECT (information_schema._pg_expandarray(indkey)).n, information_schema._pg_expandarray(indkey) FROM pg_index
allow . | SELECT (k.keys).x FROM (SELECT information_schema._pg_expandarray(indkey) AS keys FROM pg_index) k WHERE 1 = (k.keys).x
hold R error srf | SELECT information_schema._pg_expandarray(aliases) FROM patients
hold R error srf | SELECT (information_schema._pg_expandarray(aliases)).x FROM patients
hold . error other srf | SELECT id FROM (SELECT id, information_schema._pg_expandarray(aliases) AS keys FROM patients) k WHERE (k.keys).x = 'a'
hold R error srf | SELECT n FROM (SELECT id, (information_schema._pg_expandarray(aliases)).n FROM patients) k
allow . | SELECT upper('x'::varchar)
hold R opaque | SELECT 1 === 2
allow . | SELECT 1 OPERATOR(clinic.@+@) 2
hold R opaque | SELECT 5::clinic.address
hold R opaque | SELECT 'x'::clinic.checked
allow M | SELECT (SELECT ssn FROM patients WHERE id = 1)
allow R | SELECT (SELECT count(*) FROM patients WHERE ssn LIKE '9%')
hold R error | SELECT (SELECT id FROM patients WHERE ssn LIKE '9%')
allow R | SELECT EXISTS (SELECT 1 FROM patients WHERE ssn LIKE '9%')
allow R | SELECT ARRAY(SELECT id FROM patients WHERE ssn LIKE '9%')
allow R | SELECT ARRAY(SELECT id FROM patients ORDER BY ssn)
allow R | SELECT 1 IN (SELECT ssn_num FROM patients)
allow .... | SELECT current_user, now(), current_date, version()
allow . | SELECT set_config('work_mem', '1MB', false)
hold R opaque | SELECT set_config('role', 'x', false)
allow . | SELECT pg_notify('x', 'y')
hold R opaque | SELECT pg_notify('x', name) FROM rooms
deny R error launder | SELECT setval('tickets', ssn_num) FROM patients
allow . | SELECT pg_sleep(0)

## query
hold . other | SELECT id FROM patients WHERE ssn LIKE '9%'
allow . lookup | SELECT id FROM patients WHERE ssn = '100-00-0000'
allow . lookup | SELECT id FROM patients WHERE 'x' = email AND city = 'c1'
allow . lookup | SELECT id FROM patients WHERE email::text = 'x'
allow . lookup | SELECT id FROM patients WHERE email IN ('a', 'b')
allow . lookup | SELECT id FROM patients WHERE email = ANY ('{a,b}')
allow . lookup | SELECT id FROM patients WHERE email = ANY ($1)
allow . lookup | SELECT id FROM patients WHERE email = $1 AND created > now() - interval '1 day'
hold . other | SELECT id FROM patients WHERE email = 'a' OR id = 3
hold . other | SELECT id FROM patients WHERE NOT email = 'a'
hold . other | SELECT id FROM patients WHERE email = name
hold . other | SELECT id FROM patients WHERE email <> 'a'
allow . null | SELECT id FROM patients WHERE ssn IS NULL
hold . other | SELECT id FROM patients WHERE name = ssn
hold . other | SELECT id FROM rooms WHERE id IN (SELECT id FROM patients WHERE email = 'x')
hold . other | SELECT id FROM rooms r WHERE EXISTS (SELECT 1 FROM patients p WHERE p.id = r.id AND ssn LIKE '9%')
allow . | SELECT id FROM rooms WHERE id IN (SELECT id FROM patients)
allow .. null | SELECT count(*), count(ssn) FROM patients
allow RR | SELECT count(DISTINCT ssn), count(substr(ssn, 1, 1)) FROM patients
allow R.. | SELECT count(DISTINCT ssn), count(*), sum(balance) FROM patients
hold R. order | SELECT count(DISTINCT ssn), string_agg(name, ',') FROM patients
allow R | SELECT count(*) FILTER (WHERE ssn LIKE '9%') FROM patients
hold R error | SELECT sum(1 / (id - id)) FILTER (WHERE ssn LIKE '9%') FROM patients
allow RRRRR | SELECT max(ssn), min(dob), string_agg(ssn, ','), array_agg(ssn), sum(ssn_num) FROM patients
hold R error | SELECT array_agg(aliases) FROM patients
allow R | SELECT string_agg(name, ',' ORDER BY ssn) FROM patients
allow .. | SELECT city, count(*) FROM patients GROUP BY city ORDER BY 2
hold M. group | SELECT diagnosis, count(*) FROM visits GROUP BY 1
hold . group | SELECT city FROM patients GROUP BY GROUPING SETS ((city), (ssn))
hold . other | SELECT city FROM patients GROUP BY city HAVING max(ssn) > 'x'
hold M distinct | SELECT DISTINCT ssn FROM patients
hold . distinct | SELECT DISTINCT ON (ssn) id FROM patients
allow . | SELECT DISTINCT city FROM patients
hold . order | SELECT id FROM patients ORDER BY ssn
hold . order | SELECT id FROM patients ORDER BY length(ssn), id
hold R order | SELECT row_number() OVER (ORDER BY ssn) FROM patients
allow .. | SELECT id, sum(balance) OVER (PARTITION BY city ORDER BY id) FROM patients
hold .R order | SELECT id, count(*) OVER w FROM patients WINDOW w AS (PARTITION BY ssn)
hold . error other | SELECT id FROM patients LIMIT (SELECT max(ssn_num) FROM patients)
hold R error srf | SELECT unnest(aliases) FROM patients
hold R error srf | SELECT a FROM patients, unnest(aliases) a
hold R error srf | SELECT g FROM patients, generate_series(1, ssn_num) g
allow . | SELECT generate_series(1, 3)
allow ... | SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) WITH ORDINALITY AS t(a, b, c)
allow .. | SELECT * FROM json_to_record('{"a": 1}') AS x(a int, b text)
allow .. | SELECT key, value FROM jsonb_each('{"a": 1}')
allow . | SELECT x FROM room_names() x
allow .R | SELECT id, ssn FROM patients UNION ALL SELECT id, name FROM rooms
allow . | SELECT id FROM patients UNION SELECT id FROM rooms
hold R setop | SELECT ssn FROM patients UNION SELECT ssn FROM staff
hold R setop | SELECT name FROM patients EXCEPT SELECT ssn FROM patients
allow M | SELECT ssn FROM patients UNION ALL SELECT ssn FROM patients
allow .R | VALUES (1, (SELECT ssn FROM patients LIMIT 1)), (2, 'x')
allow .R | WITH RECURSIVE r(n, s) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, p.ssn FROM r JOIN patients p ON p.id = r.n WHERE n < 5) SELECT * FROM r
allow R | WITH RECURSIVE r(n, s, t) AS (SELECT 1, 'x'::text, 'y'::text UNION ALL SELECT n + 1, t, p.ssn::text FROM r JOIN patients p ON p.id = r.n WHERE n < 5) SELECT s FROM r
hold . error other | WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT max(ssn_num) FROM patients)) SELECT n FROM r
allow ..M. | SELECT * FROM v_patients
allow .. | SELECT * FROM v_cities
hold .. other | SELECT * FROM v_filtered
allow R | SELECT shout FROM v_deep
allow .M. | SELECT * FROM reporting.m_patients
allow .. | SELECT * FROM reporting.m_rooms
hold ... other | SELECT * FROM secured
allow .. | SELECT * FROM tenants
allow M | SELECT most_common_vals FROM pg_stats
allow .M | SELECT pid, query FROM pg_stat_activity
allow ...MMMMM...MMM. | SELECT * FROM patients FOR UPDATE
allow . | SELECT count(*) FROM patients TABLESAMPLE system (10)

## modify
allow .. | INSERT INTO kv VALUES ('a', 'b') RETURNING *
deny - launder | INSERT INTO kv SELECT id::text, ssn FROM patients
hold - other | INSERT INTO kv SELECT id::text, name FROM patients WHERE ssn LIKE '9%'
allow - | INSERT INTO kv SELECT id::text, name FROM patients
allow - constraint | INSERT INTO patients (id, mrn, name, ssn) VALUES (100, 'M', 'N', '111-11-1111')
hold - constraint opaque | INSERT INTO patients (id, mrn, name, ssn) VALUES (100, 'M', 'N', '111-11-1111') ON CONFLICT (id) DO UPDATE SET city = excluded.city
hold - other | INSERT INTO patients (id, mrn, name, ssn) SELECT id, 'm', 'n', 'x' FROM rooms
allow M. | INSERT INTO notes (id, patient, kind) VALUES (1, 2, 'x') RETURNING body, kind
hold - opaque | INSERT INTO defaulted (id) VALUES (1)
allow - | INSERT INTO defaulted (id, copied, plain) VALUES (1, 'a', 'b')
hold - opaque | INSERT INTO rooms VALUES (1)
hold - opaque | INSERT INTO v_patients (id) VALUES (1)
deny - launder | INSERT INTO kv VALUES ('k1', 'x') ON CONFLICT (k) DO UPDATE SET v = (SELECT max(ssn) FROM patients)
hold - other | INSERT INTO secured VALUES (1)
deny R launder | UPDATE kv SET v = p.ssn FROM patients p WHERE p.id = 1 RETURNING v
deny - launder | UPDATE kv SET (k, v) = (SELECT 'k', ssn FROM patients LIMIT 1)
hold - other | UPDATE kv SET v = 'x' FROM patients p WHERE p.ssn LIKE '9%' AND k = 'k1'
allow ..M. | UPDATE notes SET kind = 'x' WHERE id = 1 RETURNING *
allow - | UPDATE notes SET body = 'x' WHERE id = 1
deny - launder | UPDATE notes SET body = body || 'x' WHERE id = 1
allow - | UPDATE notes SET body = body WHERE id = 1
deny - launder | UPDATE notes SET kind = body
hold - other | UPDATE notes SET kind = 'x' WHERE body LIKE '%x%'
allow - constraint | UPDATE staff SET room = 3 WHERE id = 1
hold - other | UPDATE staff SET room = room + 1
allow - constraint | UPDATE staff SET ssn = '111-11-1111' WHERE id = 1
allow M | DELETE FROM notes WHERE id = 1 RETURNING body
hold - other | DELETE FROM notes WHERE body LIKE '%x%'
hold - other | DELETE FROM codes WHERE code = 'D1'
allow - lookup | DELETE FROM kv USING patients p WHERE p.email = 'x' AND k = 'k1'
allow .. | WITH w AS (UPDATE kv SET v = 'x' RETURNING *) SELECT * FROM w
allow M | WITH w AS (DELETE FROM notes WHERE id = 1 RETURNING body) SELECT body FROM w
hold - opaque | UPDATE kv SET v = 'x' WHERE CURRENT OF c

## merge
allow - | MERGE INTO kv USING codes c ON k = c.code WHEN MATCHED THEN DELETE
allow - | MERGE INTO kv t USING (SELECT code, title FROM codes) c ON t.k = c.code WHEN MATCHED AND t.v > 'a' THEN UPDATE SET v = c.title WHEN NOT MATCHED THEN INSERT VALUES (code, title)
allow - | WITH c AS (SELECT 'a' AS x) MERGE INTO kv USING c ON k = x WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (k) VALUES (x)
allow - | MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED THEN UPDATE SET v = p.name
allow - | MERGE INTO kv USING (SELECT max(ssn) AS s, 'a' AS k FROM patients) q ON kv.k = q.k WHEN MATCHED THEN DELETE
hold - error other | MERGE INTO kv USING patients p ON k = p.ssn WHEN MATCHED THEN DELETE
hold - other | MERGE INTO kv USING patients p ON k = p.ssn WHEN NOT MATCHED THEN INSERT VALUES (p.mrn)
hold - error lookup | MERGE INTO kv USING patients p ON k = p.mrn AND p.email = 'x' WHEN MATCHED THEN DELETE
hold - other | MERGE INTO kv USING patients p ON k = p.mrn AND p.email = 'x' WHEN NOT MATCHED THEN INSERT VALUES (p.mrn)
hold - error join | MERGE INTO staff USING patients p ON staff.ssn = p.ssn WHEN MATCHED THEN DELETE
hold - error other | MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED AND p.ssn > '5' THEN DO NOTHING WHEN MATCHED THEN DELETE
hold - other | MERGE INTO kv USING patients p ON k = p.mrn WHEN NOT MATCHED AND p.ssn > '5' THEN INSERT VALUES (p.mrn)
allow - null | MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED AND p.ssn IS NULL THEN DELETE
hold - error order | MERGE INTO kv USING (SELECT mrn FROM patients ORDER BY ssn LIMIT 1) p ON k = p.mrn WHEN MATCHED THEN DELETE
hold - error other | MERGE INTO kv USING v_filtered p ON k = p.name WHEN MATCHED THEN DELETE
hold - error other | WITH p AS (SELECT name FROM patients WHERE ssn > '5') MERGE INTO kv USING p ON k = p.name WHEN MATCHED THEN DELETE
deny - launder | MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED THEN UPDATE SET v = p.ssn
deny - launder | MERGE INTO kv USING patients p ON k = p.mrn WHEN NOT MATCHED THEN INSERT VALUES (p.mrn, left(p.ssn, 1))
deny - launder | MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED THEN UPDATE SET (k, v) = (SELECT 'k', p.email)
deny - launder | MERGE INTO notes n USING rooms r ON n.id = r.id WHEN MATCHED THEN UPDATE SET kind = n.body
allow - | MERGE INTO notes n USING rooms r ON n.id = r.id WHEN MATCHED THEN UPDATE SET body = n.body, kind = r.name
allow - constraint | MERGE INTO staff USING rooms r ON staff.id = r.id WHEN MATCHED THEN UPDATE SET ssn = '111-11-1111'
hold - other | MERGE INTO staff USING rooms r ON staff.id = r.id WHEN MATCHED THEN UPDATE SET room = r.id
hold - other | MERGE INTO codes USING rooms r ON title = r.name WHEN MATCHED THEN DELETE
allow - constraint | MERGE INTO patients p USING rooms r ON p.id = r.id WHEN NOT MATCHED THEN INSERT (id, mrn, name, ssn) VALUES (r.id, 'M', r.name, '111-11-1111')
hold - opaque | MERGE INTO defaulted d USING rooms r ON d.id = r.id WHEN NOT MATCHED THEN INSERT (id) VALUES (r.id)
allow - | MERGE INTO defaulted d USING rooms r ON d.id = r.id WHEN NOT MATCHED THEN INSERT VALUES (r.id, 'a', 'b')
hold - opaque | MERGE INTO rooms r USING codes c ON r.name = c.title WHEN MATCHED THEN DELETE
hold - opaque | MERGE INTO v_rooms r USING codes c ON r.name = c.title WHEN MATCHED THEN DELETE
hold - opaque | MERGE INTO kv USING codes c ON k = c.code WHEN NOT MATCHED THEN INSERT (k) VALUES (kv.v)
hold - error other | MERGE INTO secured USING rooms r ON secured.id = r.id WHEN MATCHED THEN DELETE
deny - error launder | MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED THEN UPDATE SET v = (1 / (p.ssn_num - 1))::text IS NULL
allow . | EXPLAIN MERGE INTO kv USING codes c ON k = c.code WHEN MATCHED THEN DELETE
hold . error explain other | EXPLAIN MERGE INTO kv USING patients p ON k = p.ssn WHEN MATCHED THEN DELETE

## tables
allow .. | SELECT * FROM xmltable('/r/x' PASSING ('<r><x>1</x></r>'::xml) COLUMNS a int PATH '.', o FOR ORDINALITY)
allow .. | SELECT r.id, t.b FROM rooms r, xmltable('/x' PASSING xmlelement(name x, r.name) COLUMNS a text PATH '.') AS t(b)
hold .R error srf | SELECT id, a FROM patients, xmltable('/x' PASSING xmlelement(name x, ssn) COLUMNS a text PATH '.')
hold . error srf | SELECT id FROM patients, xmltable(ssn PASSING ('<x/>'::xml) COLUMNS a text)
hold .R error srf | SELECT id, o FROM patients, xmltable('/x' PASSING ('<x/>'::xml) COLUMNS a text PATH 'y' DEFAULT ssn, o FOR ORDINALITY)
hold . error srf | SELECT id FROM patients, xmltable(XMLNAMESPACES(ssn AS y), '/y:x' PASSING ('<x/>'::xml) COLUMNS a text)
hold . error srf | SELECT id FROM patients, xmltable('/x' PASSING ('<x/>'::xml) COLUMNS a text PATH ssn)
hold R opaque | SELECT a FROM xmltable('/x' PASSING ('<x/>'::xml) COLUMNS a clinic.checked PATH '.')
allow . | SELECT xmltable.a FROM xmltable('/x' PASSING ('<x/>'::xml) COLUMNS a text)

## recursive
allow ... | WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SEARCH DEPTH FIRST BY n SET o CYCLE n SET c USING p SELECT n, c, p FROM r ORDER BY o
allow .R. | WITH RECURSIVE r(n, s) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, p.ssn FROM r JOIN patients p ON p.id = n WHERE n < 4) SEARCH BREADTH FIRST BY n SET o SELECT * FROM r
allow R | WITH RECURSIVE r(n, s) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, p.ssn FROM r JOIN patients p ON p.id = n WHERE n < 4) SEARCH DEPTH FIRST BY s SET o SELECT o FROM r
hold . order | WITH RECURSIVE r(n, s) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, p.ssn FROM r JOIN patients p ON p.id = n WHERE n < 4) SEARCH DEPTH FIRST BY s SET o SELECT n FROM r ORDER BY o
allow .R.. | WITH RECURSIVE r(n, s) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, p.ssn FROM r JOIN patients p ON p.id = n WHERE n < 4) CYCLE n SET c TO 'y' DEFAULT 'n' USING w SELECT * FROM r
hold .RR error other | WITH RECURSIVE r(n, s) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, p.ssn FROM r JOIN patients p ON p.id = n WHERE n < 4) CYCLE s SET c USING w SELECT n, c, w FROM r
hold R opaque | WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SEARCH DEPTH FIRST BY n SET o SELECT n FROM (SELECT * FROM r) x
allow .. | WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SEARCH DEPTH FIRST BY n SET o SELECT * FROM (SELECT n, o FROM r) x
hold R opaque | WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SEARCH DEPTH FIRST BY m SET o SELECT n FROM r
hold R opaque | WITH r(n) AS (SELECT 1) SEARCH DEPTH FIRST BY n SET o SELECT n FROM r

## statement
deny - launder | CREATE TABLE x AS SELECT ssn FROM patients
allow - | CREATE TABLE x AS SELECT id FROM patients
deny - launder | CREATE MATERIALIZED VIEW x AS SELECT email FROM patients
deny - launder | SELECT ssn INTO x FROM patients
deny - launder | CREATE VIEW x AS SELECT upper(ssn::text) FROM patients
allow - | CREATE VIEW x AS SELECT id FROM rooms
allow . | EXPLAIN SELECT * FROM patients
hold . explain other | EXPLAIN SELECT * FROM patients WHERE ssn LIKE '9%'
hold . explain lookup | EXPLAIN ANALYZE SELECT * FROM patients WHERE email = 'x'
allow ...MMMM...MMM. | COPY patients TO STDOUT
allow .M | COPY patients (id, ssn) TO STDOUT WITH (FORMAT csv, HEADER)
allow .M | COPY (SELECT id, ssn FROM patients) TO STDOUT
hold . other | COPY (SELECT id FROM patients WHERE ssn LIKE '9%') TO STDOUT
allow - | COPY kv FROM STDIN
allow - | COPY notes FROM STDIN
hold - constraint | COPY staff FROM STDIN
hold ... opaque | COPY rooms TO '/tmp/x'
hold .. opaque | COPY kv TO STDOUT WITH (ENCODING 'latin1')
allow - | DECLARE c CURSOR FOR SELECT ssn FROM patients
hold - order | DECLARE c CURSOR FOR SELECT id FROM patients ORDER BY ssn
hold - opaque | FETCH ALL FROM c
allow - lookup | PREPARE q(text) AS SELECT id FROM patients WHERE email = $1
hold - opaque | EXECUTE q('x')
allow - | BEGIN
allow - | SET search_path = clinic
hold - opaque | SET client_min_messages = debug5
hold - opaque | SET client_encoding = latin1
hold - opaque | SET role = x
allow - | SET row_security = off
hold - opaque | SET enable_indexonlyscan = on
allow - | RESET ALL
allow . | SHOW work_mem
allow - | LOCK patients
allow - | VACUUM patients
allow - | TRUNCATE kv
allow - | GRANT SELECT ON patients TO postgres
allow - | NOTIFY x, 'a'
hold - opaque | LISTEN x
hold - opaque | CALL nothing()
hold - opaque | DO $$ BEGIN END $$
hold - ddl | ALTER TABLE patients ADD COLUMN x int
allow - | ALTER TABLE rooms ADD COLUMN x int DEFAULT add_one(1)
hold - opaque | ALTER TABLE rooms ADD COLUMN x text DEFAULT ssn_of(1)
hold - ddl | ALTER TABLE patients RENAME COLUMN city TO ssn
allow - | ALTER TABLE rooms RENAME TO rooms2
allow - | CREATE INDEX ON rooms (name)
hold - ddl | CREATE INDEX ON patients (name)
hold - ddl | CREATE TABLE child () INHERITS (patients)
hold - ddl | CREATE TABLE t (id serial PRIMARY KEY, x text DEFAULT 'x', y text REFERENCES patients (ssn))
allow - | CREATE TABLE t (id serial PRIMARY KEY, x text DEFAULT 'x')
hold - ddl | CREATE TABLE t (LIKE patients)
hold - ddl | DROP TABLE patients
allow - | DROP TABLE rooms
hold - ddl | COMMENT ON COLUMN patients.ssn IS 'x'
allow - | COMMENT ON TABLE rooms IS 'x'
hold - ddl | REFRESH MATERIALIZED VIEW reporting.m_patients
allow - | REFRESH MATERIALIZED VIEW reporting.m_rooms
hold - opaque | CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
hold - opaque | CREATE TRIGGER t BEFORE INSERT ON rooms EXECUTE FUNCTION touch()
hold - opaque | CREATE RULE r AS ON INSERT TO kv DO NOTHING
hold - opaque | CREATE CAST (text AS sex) WITH INOUT
hold - opaque | CREATE EXTENSION hstore
hold - opaque | CREATE DATABASE x TEMPLATE twin_a
hold - opaque | CREATE PUBLICATION p FOR TABLE patients
hold - ddl | CREATE POLICY p ON patients USING (ssn LIKE '9%')
hold - opaque | CLUSTER
hold - ddl | CLUSTER patients USING patients_pkey
allow - | CREATE SCHEMA s

## statement, from 16
allow . | SELECT json_object('a': 1)
hold R error | SELECT json_object('a': ssn_num) FROM patients
hold R error | SELECT json_array(ssn) FROM patients
allow . | SELECT '1' IS JSON
hold - opaque | SELECT json_arrayagg(ssn) FROM patients

## statement, from 17
allow .. | SELECT json_value('{"a": 1}', '$.a'), json_exists('{}', '$' ERROR ON ERROR)
allow RRR | SELECT json_value(profile, '$.tag'), json_query(profile, 'lax $.a[*]' EMPTY ARRAY ON EMPTY), json_exists(profile, '$.tag') FROM patients
hold R error | SELECT json_value(profile, '$.tag' ERROR ON ERROR) FROM patients
hold R error | SELECT json_value(profile, '$.tag' ERROR ON EMPTY) FROM patients
hold R error | SELECT json_value(profile, '$.tag' DEFAULT 1 / (id - id) ON EMPTY) FROM patients
hold R error | SELECT json_value(profile, '$.tag' RETURNING int) FROM patients
hold R error | SELECT json_value(profile, '$.tag.double()') FROM patients
hold R error | SELECT json_value(profile, ssn::jsonpath) FROM patients
hold R error | SELECT json_value('{}'::jsonb, '$.tag' PASSING ssn AS x) FROM patients
hold R error | SELECT json_value(to_json(ssn), '$') FROM patients
hold R opaque | SELECT json_value('{}', '$' RETURNING clinic.checked)
hold .RR other | SELECT id, json_value(profile, '$.n'), json_query(profile, '$') AS q FROM patients WHERE json_exists(profile, '$.tag')
allow ... | SELECT * FROM json_table('[1]', '$[*]' COLUMNS (o FOR ORDINALITY, NESTED '$' COLUMNS (a int PATH '$'), b text PATH '$')) t
allow . | SELECT t.b FROM rooms r, json_table(to_jsonb(r.name), '$' COLUMNS (a text PATH '$')) AS t(b)
hold R error srf | SELECT a FROM patients, json_table(profile, '$' COLUMNS (a text PATH '$.tag'))
hold . error srf | SELECT id FROM patients, json_table('[]'::jsonb, '$[*] ? (@ == $x)' PASSING ssn_num AS x COLUMNS (a text PATH '$.tag'))
hold R opaque | SELECT a FROM json_table('[1]', '$[*]' COLUMNS (NESTED '$' COLUMNS (a clinic.checked PATH '$')))
allow ..... | MERGE INTO kv USING codes c ON k = c.code WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED BY TARGET THEN INSERT VALUES (code) RETURNING merge_action(), *
allow ...M. | MERGE INTO notes n USING rooms r ON n.id = r.id WHEN MATCHED THEN DELETE RETURNING r.id, n.id, patient, body, kind
deny .MR launder | MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED THEN UPDATE SET v = p.ssn WHEN NOT MATCHED THEN INSERT VALUES ('a', 'b') RETURNING k, p.ssn, v
hold - opaque | MERGE INTO kv USING codes c ON k = c.code WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = c.title
hold - error other | MERGE INTO notes n USING rooms r ON n.id = r.id WHEN NOT MATCHED BY SOURCE AND n.body > 'x' THEN DELETE
allow .. | WITH w AS (MERGE INTO kv USING codes c ON k = c.code WHEN MATCHED THEN DELETE RETURNING kv.*) SELECT * FROM w
deny R launder | WITH w AS (MERGE INTO kv USING patients p ON k = p.mrn WHEN MATCHED THEN UPDATE SET v = p.ssn RETURNING v) SELECT * FROM w
allow . | COPY (MERGE INTO kv USING codes c ON k = c.code WHEN MATCHED THEN DELETE RETURNING k) TO STDOUT

## statement, from 18
allow M | UPDATE notes SET kind = 'x' RETURNING old.body
allow M. | UPDATE notes SET kind = 'x' RETURNING WITH (OLD AS o, NEW AS n) o.body, n.kind
allow ..M...M. | DELETE FROM notes RETURNING old.*, new.*
allow MM | MERGE INTO notes n USING rooms r ON n.id = r.id WHEN MATCHED THEN UPDATE SET kind = 'x' RETURNING old.body, new.body
`

export interface Row { readonly group: string, readonly from: number, readonly expected: string, readonly sql: string }

export const rows: readonly Row[] = verdicts.split('\n## ').slice(1).flatMap((section) => {
  const [title = '', ...lines] = section.split('\n')
  const [, group = title, from = '15'] = /^(\w+), from (\d+)$/.exec(title) ?? []
  return lines.filter((line) => line !== '').map((line) => {
    const at = line.indexOf(' | ')
    return { group, from: Number(from), expected: line.slice(0, at), sql: line.slice(at + 3) }
  })
})
