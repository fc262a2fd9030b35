// A clinic's database with everything masking has to understand: the schema that the masking tests share, as SQL, and what is protected
// in it. Rows are made for two databases alike but for protected values: `rows('a')` and `rows('b')`.

/** Patterns as an author writes them. */
export const protectedPatterns = [
  'clinic.patients.ssn',
  'clinic.patients.email',
  'clinic.patients.dob',
  'clinic.patients.ssn_num',
  'clinic.patients.aliases',
  'clinic.patients.profile',
  'clinic.patients.home',
  'clinic.visits.diagnosis',
  'clinic.staff.ssn'
]

/** Besides, columns whose comment says so. */
export const protectedComment = 'PHI'

/** What the patterns and the comment protect after closure: `schema.relation.column` of every table, without views. */
export const closure = [
  'clinic.billing.patient_ssn',
  'clinic.patients.aliases',
  'clinic.patients.dob',
  'clinic.patients.email',
  'clinic.patients.home',
  'clinic.patients.profile',
  'clinic.patients.ssn',
  'clinic.patients.ssn_last4',
  'clinic.patients.ssn_num',
  'clinic.staff.ssn',
  'clinic.surgeons.ssn',
  'clinic.visits.diagnosis',
  'clinic.visits.dx_tsv',
  'clinic.visits_2025.diagnosis',
  'clinic.visits_2025.dx_tsv',
  'clinic.visits_2026.diagnosis',
  'clinic.visits_2026.dx_tsv',
  'clinic.visits_2026_h1.diagnosis',
  'clinic.visits_2026_h1.dx_tsv',
  'clinic.visits_rest.diagnosis',
  'clinic.visits_rest.dx_tsv',
  'clinic.notes.body'
].sort()

/** Unprotected columns that share a constraint with a protected one. */
export const hazards = [
  'clinic.patients.balance',
  'clinic.patients.mrn',
  'clinic.staff.name',
  'clinic.surgeons.name',
  'clinic.staff.room',
  'clinic.codes.code'
].sort()

const tables = `
CREATE SCHEMA clinic;
CREATE SCHEMA reporting;

CREATE TYPE clinic.sex AS ENUM ('f', 'm', 'x');
CREATE DOMAIN clinic.ssn AS text CHECK (VALUE ~ '^[0-9]{3}-[0-9]{2}-[0-9]{4}$');
CREATE DOMAIN clinic.positive AS integer CHECK (VALUE > 0);
CREATE TYPE clinic.address AS (street text, city text, zip text);
CREATE TYPE clinic.span AS RANGE (subtype = date);

CREATE TABLE clinic.patients (
  id integer PRIMARY KEY,
  mrn text NOT NULL,
  name text NOT NULL,
  ssn clinic.ssn UNIQUE,
  ssn_num integer,
  ssn_last4 text GENERATED ALWAYS AS (substr(ssn::text, 8)) STORED,
  email varchar(60),
  dob date,
  sex clinic.sex,
  city text DEFAULT 'Springfield',
  balance numeric(10,2) NOT NULL DEFAULT 0,
  aliases text[] NOT NULL DEFAULT '{}',
  profile jsonb,
  home clinic.address,
  created timestamptz NOT NULL DEFAULT '2026-01-01',
  UNIQUE (mrn, ssn_num),
  CHECK (balance < ssn_num)
);
CREATE INDEX patients_by_ssn ON clinic.patients (ssn) INCLUDE (city, id);
CREATE INDEX patients_by_city ON clinic.patients (city);
COMMENT ON TABLE clinic.patients IS 'people';

-- Referenced by a protected column: whether a code may be deleted depends on who has it.
CREATE TABLE clinic.codes (code text PRIMARY KEY, title text NOT NULL);

CREATE TABLE clinic.visits (
  id integer NOT NULL,
  patient integer NOT NULL REFERENCES clinic.patients,
  day date NOT NULL,
  diagnosis text REFERENCES clinic.codes,
  dx_tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(diagnosis, ''))) STORED,
  cost clinic.positive,
  PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE clinic.visits_2025 PARTITION OF clinic.visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE clinic.visits_2026 PARTITION OF clinic.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (day);
-- Attached, its columns in another order.
CREATE TABLE clinic.visits_2026_h1 (
  diagnosis text, dx_tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(diagnosis, ''))) STORED,
  cost clinic.positive, patient integer NOT NULL, day date NOT NULL, id integer NOT NULL
);
ALTER TABLE clinic.visits_2026 ATTACH PARTITION clinic.visits_2026_h1 FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE clinic.visits_rest PARTITION OF clinic.visits DEFAULT;

CREATE TABLE clinic.staff (id integer PRIMARY KEY, name text NOT NULL, ssn text, room integer, EXCLUDE (room WITH =, ssn WITH =));
ALTER TABLE clinic.staff ADD CHECK (length(name) < length(ssn) + 100);
CREATE TABLE clinic.surgeons (specialty text) INHERITS (clinic.staff);

CREATE TABLE clinic.billing (
  id serial PRIMARY KEY,
  patient_ssn clinic.ssn REFERENCES clinic.patients (ssn),
  amount integer NOT NULL,
  note text
);

CREATE TABLE clinic.notes (id integer PRIMARY KEY, patient integer REFERENCES clinic.patients, body text, kind text);
COMMENT ON COLUMN clinic.notes.body IS 'free text, PHI';

CREATE TABLE clinic.audit (id serial PRIMARY KEY, at timestamptz DEFAULT '2026-01-01', what text);
CREATE TABLE clinic.rooms (id integer PRIMARY KEY, name text, floor integer CHECK (floor < 40));
CREATE TABLE clinic."Odd Names" ("a.b" text, "select" integer);
CREATE TABLE public.kv (k text PRIMARY KEY, v text);
CREATE SEQUENCE clinic.tickets;
`

const views = `
CREATE VIEW clinic.v_patients AS SELECT id, name, ssn AS number, city FROM clinic.patients;
CREATE VIEW clinic.v_deep AS SELECT p.id, upper(p.number) AS shout, v.diagnosis
  FROM clinic.v_patients p JOIN clinic.visits v ON v.patient = p.id;
CREATE VIEW clinic.v_cities AS SELECT city, count(*) AS n FROM clinic.patients GROUP BY city;
CREATE VIEW clinic.v_filtered AS SELECT id, name FROM clinic.patients WHERE ssn LIKE '9%';
CREATE VIEW clinic.v_rooms AS SELECT * FROM clinic.rooms;
CREATE MATERIALIZED VIEW reporting.m_patients AS SELECT id, email, sex FROM clinic.patients;
CREATE MATERIALIZED VIEW reporting.m_rooms AS SELECT floor, count(*) AS n FROM clinic.rooms GROUP BY floor;
`

/** Own functions whose bodies read nothing protected. */
export const cleanFunctions = `
CREATE FUNCTION clinic.add_one(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i + 1';
CREATE FUNCTION clinic.room_name(i integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM clinic.rooms WHERE id = i';
CREATE FUNCTION clinic.room_names() RETURNS SETOF text LANGUAGE sql STABLE BEGIN ATOMIC SELECT name FROM clinic.rooms; END;
CREATE FUNCTION clinic.fib(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF n < 2 THEN RETURN n; END IF;
  RETURN clinic.fib(n - 1) + clinic.fib(n - 2);
END $$;
CREATE FUNCTION clinic.floors(OUT lowest integer, OUT highest integer) LANGUAGE plpgsql STABLE AS $$
DECLARE r record; found_one boolean := false; seen integer[] := '{}';
BEGIN
  FOR r IN SELECT floor FROM clinic.rooms ORDER BY floor LOOP
    seen[coalesce(array_length(seen, 1), 0) + 1] := r.floor;
    found_one := true;
  END LOOP;
  FOREACH highest IN ARRAY seen LOOP lowest := least(lowest, highest); END LOOP;
  SELECT max(floor) INTO highest FROM clinic.rooms;
  CASE WHEN found_one THEN NULL; ELSE RAISE NOTICE 'no rooms at %', now(); END CASE;
EXCEPTION WHEN others THEN RETURN;
END $$;
CREATE FUNCTION clinic.room_table(lim integer) RETURNS TABLE (room_id integer, room_name text) LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN QUERY SELECT id, name FROM clinic.rooms LIMIT lim; END $$;
CREATE FUNCTION clinic.log_room(i integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN INSERT INTO clinic.audit (what) VALUES ('room ' || i); PERFORM clinic.add_one(i); END $$;
CREATE FUNCTION clinic.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created := now(); RETURN NEW; END $$;
CREATE PROCEDURE clinic.tidy() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM clinic.audit WHERE id < 0; COMMIT; END $$;
`

/** Own functions that read something protected, or could. */
export const uncleanFunctions = `
CREATE FUNCTION clinic.ssn_of(i integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM clinic.patients WHERE id = i';
CREATE FUNCTION clinic.ssn_atomic(i integer) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT ssn FROM clinic.patients WHERE id = i; END;
CREATE FUNCTION clinic.via_view(i integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT number FROM clinic.v_patients WHERE id = i';
CREATE FUNCTION clinic.via_function(i integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT clinic.ssn_of(i)';
CREATE FUNCTION clinic.unqualified(i integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM patients WHERE id = i' SET search_path = clinic;
CREATE FUNCTION clinic.dynamic(q text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE q INTO r; RETURN r; END $$;
CREATE FUNCTION clinic.dynamic_loop(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE r record; BEGIN FOR r IN EXECUTE q LOOP RETURN NEXT r::text; END LOOP; END $$;
CREATE FUNCTION clinic.dynamic_return(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE q; END $$;
CREATE FUNCTION clinic.fetcher(c refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN FETCH c INTO r; RETURN r; END $$;
CREATE FUNCTION clinic.opener() RETURNS refcursor LANGUAGE plpgsql AS $$
DECLARE c refcursor := 'c'; BEGIN OPEN c FOR SELECT ssn FROM clinic.patients; RETURN c; END $$;
CREATE FUNCTION clinic.hidden(i integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE x text := (SELECT email FROM clinic.patients WHERE id = i); BEGIN RETURN x; END $$;
CREATE FUNCTION clinic.as_xml() RETURNS xml LANGUAGE sql AS $$ SELECT query_to_xml('SELECT ssn FROM clinic.patients', true, true, '') $$;
CREATE FUNCTION clinic.statistics() RETURNS SETOF text LANGUAGE sql AS 'SELECT most_common_vals::text FROM pg_stats';
CREATE FUNCTION clinic.writes_protected(i integer) RETURNS void LANGUAGE sql AS 'UPDATE clinic.patients SET ssn = NULL WHERE id = i';
CREATE FUNCTION clinic.log_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO clinic.audit (what) VALUES (NEW.ssn); RETURN NEW; END $$;
CREATE FUNCTION clinic.log_whole_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO clinic.audit (what) VALUES (OLD::text); RETURN NULL; END $$;
`

/** Objects people make that look like PostgreSQL's own. */
export const lookalikes = `
CREATE FUNCTION public.upper(varchar) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'value %', $1; END $$;
CREATE FUNCTION public.lower(clinic.sex) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'sex' $$;
CREATE FUNCTION clinic.concat_sfunc(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce($1, '') || $2 $$;
CREATE AGGREGATE clinic.concat_all(text) (SFUNC = clinic.concat_sfunc, STYPE = text);
CREATE FUNCTION clinic.leak_sfunc(text, integer) RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT coalesce($1, '') || (SELECT ssn FROM clinic.patients WHERE id = $2) $$;
CREATE AGGREGATE clinic.leak_all(integer) (SFUNC = clinic.leak_sfunc, STYPE = text);
CREATE FUNCTION clinic.same_patient(integer, integer) RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT (SELECT ssn FROM clinic.patients WHERE id = $1) = (SELECT ssn FROM clinic.patients WHERE id = $2) $$;
CREATE OPERATOR clinic.=== (FUNCTION = clinic.same_patient, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR clinic.@+@ (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer);
CREATE FUNCTION clinic.to_sex(integer) RETURNS clinic.sex LANGUAGE sql IMMUTABLE AS $$ SELECT 'x'::clinic.sex $$;
CREATE CAST (integer AS clinic.sex) WITH FUNCTION clinic.to_sex(integer);
CREATE FUNCTION clinic.to_address(integer) RETURNS clinic.address LANGUAGE sql STABLE AS $$ SELECT home FROM clinic.patients WHERE id = $1 $$;
CREATE CAST (integer AS clinic.address) WITH FUNCTION clinic.to_address(integer);
CREATE FUNCTION clinic.known_city(text) RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT EXISTS (SELECT FROM clinic.patients WHERE email = $1) $$;
CREATE DOMAIN clinic.checked AS text CHECK (clinic.known_city(VALUE));
`

const triggersAndRules = `
CREATE TRIGGER touch BEFORE UPDATE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.touch();
CREATE TRIGGER log AFTER INSERT ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.log_patient();
ALTER TABLE clinic.patients DISABLE TRIGGER log;
CREATE RULE copy AS ON INSERT TO clinic.rooms DO ALSO INSERT INTO clinic.audit (what) VALUES (NEW.name);
CREATE TABLE clinic.secured (id integer PRIMARY KEY, owner integer, body text);
ALTER TABLE clinic.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON clinic.secured USING (owner IN (SELECT id FROM clinic.patients WHERE email = current_user));
CREATE TABLE clinic.tenants (id integer PRIMARY KEY, tenant integer);
ALTER TABLE clinic.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON clinic.tenants USING (tenant = 1);
CREATE TABLE clinic.defaulted (id integer PRIMARY KEY, copied text DEFAULT clinic.ssn_of(1), plain text DEFAULT upper('x'));
`

export const schema = [tables, views, cleanFunctions, uncleanFunctions, lookalikes, triggersAndRules].join('\n')

/** Without a user's own upper(), which makes every use of the name unproven. */
export const schemaWithoutUpper = schema.replace(/CREATE FUNCTION public\.upper[^\n]*\n/, '')

/** As many rows as make plans and orders interesting, and no more; only protected values differ between `a` and `b`. */
export function rows(twin: 'a' | 'b'): string {
  const patients = Array.from({ length: 24 }, (_, at) => patient(at + 1, twin))
  const visits = Array.from({ length: 48 }, (_, at) => visit(at + 1, twin))
  return `
INSERT INTO clinic.rooms SELECT i, 'room ' || i, i % 5 FROM generate_series(1, 12) i;
INSERT INTO clinic.codes SELECT 'D' || i, 'disease ' || i FROM generate_series(0, 9) i;
INSERT INTO clinic.patients (id, mrn, name, ssn, ssn_num, email, dob, sex, city, balance, aliases, profile, home) VALUES
${patients.join(',\n')};
INSERT INTO clinic.visits (id, patient, day, diagnosis, cost) VALUES
${visits.join(',\n')};
INSERT INTO clinic.staff (id, name, ssn, room) VALUES (1, 'Ada', '${ssn(101, twin)}', 1), (2, 'Bob', NULL, 2);
INSERT INTO clinic.surgeons (id, name, ssn, room, specialty) VALUES (3, 'Cy', '${ssn(103, twin)}', 3, 'heart');
INSERT INTO clinic.billing (patient_ssn, amount, note) SELECT ssn, id * 10, 'bill ' || id FROM clinic.patients WHERE id <= 8 ORDER BY id;
INSERT INTO clinic.notes SELECT id, id, 'note about ' || coalesce(ssn, 'nobody'), 'n' || id % 3 FROM clinic.patients ORDER BY id;
INSERT INTO public.kv SELECT 'k' || i, 'v' || i FROM generate_series(1, 8) i;
INSERT INTO clinic.secured SELECT i, i, 'body ' || i FROM generate_series(1, 6) i;
INSERT INTO clinic.tenants SELECT i, i % 2 FROM generate_series(1, 6) i;
REFRESH MATERIALIZED VIEW reporting.m_patients;
REFRESH MATERIALIZED VIEW reporting.m_rooms;
`
}

/** Unique in each twin; NULL at the same places in both, since `IS NULL` is allowed. */
function ssn(id: number, twin: 'a' | 'b'): string {
  const n = twin === 'a' ? id * 7_919 + 100_000_000 : 999_999_999 - id * 6_101
  const digits = String(n).padStart(9, '0')
  return `${digits.slice(0, 3)}-${digits.slice(3, 5)}-${digits.slice(5)}`
}

function patient(id: number, twin: 'a' | 'b'): string {
  const other = twin === 'a' ? id : (id * 11) % 25
  const values = [
    id,
    `'M${id}'`,
    `'Name ${id}'`,
    id % 6 === 0 ? 'NULL' : `'${ssn(id, twin)}'`,
    twin === 'a' ? 5_000 + id : 9_000 - id,
    id % 8 === 0 ? 'NULL' : `'u${twin === 'a' ? id : 90 - id}@${other % 3 === 0 ? 'x.io' : 'y.org'}'`,
    `date '1950-01-01' + ${other * 311}`,
    `'${'fmx'[id % 3]}'`,
    `'c${id % 4}'`,
    id * 3,
    `'{${Array.from({ length: other % 4 }, (_, at) => `alias${other + at}`).join(',')}}'`,
    `'{"tag": "t${other % 5}", "n": ${other}}'`,
    `ROW('${other} Main', 'T${other % 3}', '${10_000 + other}')`
  ]
  return `(${values.join(', ')})`
}

function visit(id: number, twin: 'a' | 'b'): string {
  const day = `date '2025-09-01' + ${id % 12 === 0 ? 500 + id : id * 5}`
  return `(${id}, ${(id * 5) % 24 + 1}, ${day}, 'D${(twin === 'a' ? id : id * 7 + 3) % 10}', ${id})`
}
