-- psycopg 3.1.7, recorded on PostgreSQL 15.
-- Type information, parameters, executemany, COPY both ways, automatic preparation, a named cursor, binary results, a pipeline,
-- transactions and their levels.
--- connection
--> allow - : P B DP E S
BEGIN
--> allow ..... : P B DP E S ["jsonb"] {"types":[0],"results":[1]}
SELECT
    typname AS name, oid, typarray AS array_oid,
    oid::regtype::text AS regtype, typdelim AS delimiter
FROM pg_type t
WHERE t.oid = $1::regtype
ORDER BY t.oid

--> allow - : P B DP E S
COMMIT
--> allow - : P B DP E S
BEGIN
--> allow ...... : P B DP E S ["clinic.address"] {"types":[0],"results":[1]}
SELECT
    t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    coalesce(a.fnames, '{}') AS field_names,
    coalesce(a.ftypes, '{}') AS field_types
FROM pg_type t
LEFT JOIN (
    SELECT
        attrelid,
        array_agg(attname) AS fnames,
        array_agg(atttypid) AS ftypes
    FROM (
        SELECT a.attrelid, a.attname, a.atttypid
        FROM pg_attribute a
        JOIN pg_type t ON t.typrelid = a.attrelid
        WHERE t.oid = $1::regtype
        AND a.attnum > 0
        AND NOT a.attisdropped
        ORDER BY a.attnum
    ) x
    GROUP BY attrelid
) a ON a.attrelid = t.typrelid
WHERE t.oid = $1::regtype

--> allow - : P B DP E S
COMMIT
--> allow - : P B DP E S
BEGIN
--> allow .... : P B DP E S ["clinic.sex"] {"types":[0],"results":[1]}
SELECT name, oid, array_oid, array_agg(label) AS labels
FROM (
    SELECT
        t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
        e.enumlabel AS label
    FROM pg_type t
    LEFT JOIN  pg_enum e
    ON e.enumtypid = t.oid
    WHERE t.oid = $1::regtype
    ORDER BY e.enumsortorder
) x
GROUP BY name, oid, array_oid

--> allow - : P B DP E S
COMMIT
--> allow - : P B DP E S
BEGIN
--> allow ..... : P B DP E S ["clinic.span"] {"types":[0],"results":[1]}
SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    r.rngsubtype AS subtype_oid
FROM pg_type t
JOIN pg_range r ON t.oid = r.rngtypid
WHERE t.oid = $1::regtype

--> allow - : P B DP E S
COMMIT
--> allow - : Q
CREATE TABLE wards (id serial PRIMARY KEY, name text UNIQUE, floor int, opened date, cost numeric, data jsonb, tags text[])
--> allow - : P B DP E S
BEGIN
--> allow . : P B DP E S ["North",{"hex":"0001"},{"hex":"00001c89"},"1.5","{a,b}"] {"types":[0,21,1082,1700,0]}
INSERT INTO wards (name, floor, opened, cost, tags) VALUES ($1, $2, $3, $4, $5) RETURNING id
--> allow - : P:_pg3_0 B:_pg3_0 DP E ["w0",{"hex":"0000"}] {"types":[0,21]}
INSERT INTO wards (name, floor) VALUES ($1, $2)
--> allow - : B:_pg3_0 DP E ["w1",{"hex":"0001"}]
INSERT INTO wards (name, floor) VALUES ($1, $2)
--> allow - : B:_pg3_0 DP E ["w2",{"hex":"0002"}]
INSERT INTO wards (name, floor) VALUES ($1, $2)
--> allow - : B:_pg3_0 DP E S ["w3",{"hex":"0003"}]
INSERT INTO wards (name, floor) VALUES ($1, $2)
--> allow - : P B DP E S
SAVEPOINT "_pg3_2"
--> allow - : P B DP E S [{"hex":"0001"},"North"] {"types":[21,0]}
UPDATE wards SET floor = floor + $1 WHERE name = $2
--> allow - : P B DP E S
RELEASE "_pg3_2"
--> allow - : Q d c {"copy":["c0\t0\nc1\t1\nc2\t2\n"]}
COPY wards (name, floor) FROM STDIN
--> allow .. : Q
COPY (SELECT id, name FROM wards ORDER BY id) TO STDOUT
--> allow - : P B DP E S
COMMIT
--> allow . : P B DP E S [{"hex":"0000"}] {"types":[21]}
SELECT name FROM clinic.rooms WHERE id = $1
--> allow . : P B DP E S [{"hex":"0001"}] {"types":[21]}
SELECT name FROM clinic.rooms WHERE id = $1
--> allow . : P B DP E S [{"hex":"0002"}] {"types":[21]}
SELECT name FROM clinic.rooms WHERE id = $1
--> allow . : P B DP E S [{"hex":"0003"}] {"types":[21]}
SELECT name FROM clinic.rooms WHERE id = $1
--> allow . : P B DP E S [{"hex":"0004"}] {"types":[21]}
SELECT name FROM clinic.rooms WHERE id = $1
--> allow . : P:_pg3_1 S B:_pg3_1 DP E S [{"hex":"0005"}] {"types":[21]}
SELECT name FROM clinic.rooms WHERE id = $1
--> allow . : B:_pg3_1 DP E S [{"hex":"0006"}]
SELECT name FROM clinic.rooms WHERE id = $1
--> allow . : B:_pg3_1 DP E S [{"hex":"0007"}]
SELECT name FROM clinic.rooms WHERE id = $1
--> allow - : P B DP E S
BEGIN
--> allow - : P B DP E S DP:named S
DECLARE "named" CURSOR FOR SELECT id, name, city FROM clinic.patients ORDER BY id
--> allow ... : P B DP E S
FETCH FORWARD 5 FROM "named"
--> allow - : P B DP E S
MOVE 2 FROM "named"
--> allow ... : P B DP E S
FETCH FORWARD 1 FROM "named"
--> allow - : P B DP E S
CLOSE "named"
--> allow - : P B DP E S
COMMIT
--> allow .... : P B DP E S [{"hex":"0004"}] {"types":[21],"results":[1]}
SELECT id, name, balance, created FROM clinic.patients WHERE id < $1 ORDER BY id
--> allow .MMM : P B DP E S [{"hex":"0004"}] {"types":[21],"results":[1]}
SELECT id, ssn, dob, email FROM clinic.patients WHERE id < $1 ORDER BY id
--> allow ... : Q
SELECT * FROM clinic.rooms ORDER BY id
--> allow .. : Q
SELECT city, sum(balance) FROM clinic.patients GROUP BY city ORDER BY city
--> allow ...MMMMM...MMM. : P B DP E S [{"hex":"0003"}] {"types":[21]}
SELECT * FROM clinic.patients WHERE id = $1
--> allow . lookup : P B DP E S ["u5@y.org"] {"types":[0]}
SELECT id FROM clinic.patients WHERE email = $1
--> allow . : P B DP E S ["{1,2}"] {"types":[1005]}
SELECT id FROM clinic.rooms WHERE floor = ANY($1)
--> allow - : P B DP E S ["c2",{"hex":"0004"}] {"types":[0,21]}
UPDATE clinic.patients SET city = $1 WHERE id = $2
--> allow - : P B DP E S ["North",{"hex":"0003"}] {"types":[0,21]}
INSERT INTO wards (name, floor) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET floor = excluded.floor
--> allow . : P B DP E [{"hex":"0000"}] {"types":[21]}
SELECT floor FROM clinic.rooms WHERE id = $1
--> allow . : P B DP E [{"hex":"0001"}] {"types":[21]}
SELECT floor FROM clinic.rooms WHERE id = $1
--> allow . : P B DP E S [{"hex":"0002"}] {"types":[21]}
SELECT floor FROM clinic.rooms WHERE id = $1
--> allow .. : P B DP E S ["server_version_num"] {"types":[0]}
SELECT pg_backend_pid() > 0, current_setting($1)
--> allow . : Q
SHOW TimeZone
--> allow - : Q
SET application_name = 'job'
--> allow - : P B DP E S
BEGIN ISOLATION LEVEL REPEATABLE READ
--> allow . : Q
SELECT count(*) FROM wards
--> allow - : P B DP E S
ROLLBACK
--> allow - : P B DP E S
DEALLOCATE ALL
--> allow - : P B DP E S
BEGIN ISOLATION LEVEL REPEATABLE READ
--> allow - : P B DP E S [{"hex":"0002"}] {"types":[21]}
DELETE FROM wards WHERE floor > $1
--> allow - : P B DP E S
COMMIT
--> allow - : Q
DROP TABLE wards
