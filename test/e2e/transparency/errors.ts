// Errors of many SQLSTATEs with all their fields, and notices of every level.
import { batch, extended, simple, steps, type Chapter, type Exchange } from './exchange.ts'
import { bind, closePortal, closeStatement, describePortal, describeStatement, execute, parse, sync } from '../../support/messages.ts'

const table: readonly (readonly [sqlstate: string, text: string])[] = [
  ['42601', 'SELEC 1'],
  ['42601', 'SELECT 1 +'],
  ['42601', 'SELECT \'unterminated'],
  ['42601', 'INSERT INTO errs VALUES (1'],
  ['42703', 'SELECT no_such FROM errs'],
  ['42703', 'SELECT idd FROM errs'],
  ['42P01', 'SELECT * FROM no_such_table'],
  ['42P01', 'SELECT e.id FROM errs AS x'],
  ['42883', 'SELECT no_such_function(1)'],
  ['42883', 'SELECT 1 + \'a\'::bytea'],
  ['42702', 'SELECT id FROM errs a, errs b'],
  ['42803', 'SELECT id, count(*) FROM errs'],
  ['42804', 'SELECT CASE WHEN 1 THEN 2 END'],
  ['42846', 'SELECT \'1\'::text::int4range::int'],
  ['42725', 'SELECT overloaded(\'1\')'],
  ['42P18', 'SELECT array[]'],
  ['42P07', 'CREATE TABLE errs ()'],
  ['42701', 'ALTER TABLE errs ADD COLUMN id int'],
  ['42710', 'CREATE TYPE errmood AS ENUM ()'],
  ['42501', 'SELECT * FROM pg_authid'],
  ['42501', 'CREATE ROLE nobody_else'],
  ['42704', 'SELECT \'1\'::no_such_type'],
  ['42P02', 'SELECT $1'],
  ['42P10', 'SELECT id FROM errs ORDER BY 7'],
  ['42P19', 'WITH RECURSIVE r AS (SELECT * FROM r) SELECT * FROM r'],
  ['42809', 'CREATE INDEX ON errs_view (id)'],
  ['42939', 'CREATE SCHEMA pg_mine'],
  ['22023', 'SET ROLE \'\''],
  ['3F000', 'CREATE TABLE no_such_schema.t ()'],
  ['34000', 'FETCH 1 FROM no_such_cursor'],
  ['26000', 'EXECUTE no_such_statement'],
  ['26000', 'DEALLOCATE no_such_statement'],
  ['2BP01', 'DROP TABLE errs'],
  ['0A000', 'SELECT count(*) FROM errs FOR UPDATE'],
  ['21000', 'SELECT (SELECT generate_series(1, 2))'],
  ['22001', 'INSERT INTO errs (id, short) VALUES (9, \'too long for it\')'],
  ['22003', 'SELECT 2147483647 + 1'],
  ['22003', 'SELECT 1e400::float8'],
  ['22007', 'SELECT \'not a date\'::date'],
  ['22008', 'SELECT \'2024-02-30\'::date'],
  ['22012', 'SELECT 1 / 0'],
  ['22012', 'SELECT 1 / (id - 1) FROM errs'],
  ['22023', 'SET work_mem TO \'-1\''],
  ['22023', 'SET datestyle TO nonsense'],
  ['22P02', 'SELECT \'x\'::int'],
  ['22P02', 'SELECT \'{1,2\'::int[]'],
  ['22P02', 'SELECT \'{"a":\'::json'],
  ['2201B', 'SELECT \'a\' ~ \'(\''],
  ['2201E', 'SELECT ln(0)'],
  ['22011', 'SELECT substring(\'x\' FROM 1 FOR -1)'],
  ['22026', 'SELECT B\'101\'::bit(2) & B\'1\'::bit(1)'],
  ['23502', 'INSERT INTO errs (id) VALUES (NULL)'],
  ['23503', 'INSERT INTO errs_child VALUES (99)'],
  ['23505', 'INSERT INTO errs VALUES (1)'],
  ['23514', 'INSERT INTO errs (id, positive) VALUES (5, -1)'],
  ['23514', 'SELECT (-1)::errpos'],
  ['23P01', 'INSERT INTO errs_during VALUES (\'[5,6)\')'],
  ['P0001', 'DO $$ BEGIN RAISE EXCEPTION \'plain\'; END $$'],
  ['HW001', 'DO $$ BEGIN RAISE EXCEPTION \'all % fields\', 9 USING ERRCODE = \'HW001\', DETAIL = \'the detail\', HINT = \'the hint\', COLUMN = \'c\', CONSTRAINT = \'k\', DATATYPE = \'d\', TABLE = \'t\', SCHEMA = \'s\'; END $$'],
  ['P0004', 'DO $$ BEGIN ASSERT false, \'asserted\'; END $$'],
  ['22012', 'SELECT failing()'],
  ['P0002', 'SELECT missing_row()'],
  ['57014', 'SET statement_timeout TO 30; SELECT pg_sleep(10)'],
  ['54001', 'SELECT endless(1)'],
  ['54000', 'SELECT lpad(\'\', 1073741824)']
]

/** With the SQLSTATE each is meant to bring about, so that the test can check that it does. */
export const failing = table.map(([sqlstate, text]) => ({ sqlstate, exchange: simple(text) }))

const inExtended: readonly Exchange[] = [
  extended('SELECT $1::int', ['not a number']),
  extended('SELECT $1::int', []),
  extended('SELECT 1', ['one too many']),
  extended('SELECT 1 / $1::int', ['0']),
  extended('SELECT $1::int', [Buffer.of(1, 2)], { formats: [1] }),
  extended('SELECT $1::text', [Buffer.of(0xff, 0xfe)]),
  extended('SELECT 1; SELECT 2'),
  extended('SELECT 1', [], { results: [0, 1] }),
  extended('SELECT 1', [], { results: [7] }),
  extended('SELECT $1', [], { types: [999999] }),
  batch('Bind of a statement nobody prepared', bind({ statement: 'nobody' }), execute()),
  batch('Execute of a portal nobody bound', execute('nobody')),
  batch('Describe of a statement nobody prepared', describeStatement('nobody')),
  batch('Describe of a portal nobody bound', describePortal('nobody')),
  batch('Close of what is not there is no error', closeStatement('nobody'), closePortal('nobody')),
  batch('an error skips the rest up to Sync', parse('SELECT nonsense('), bind(), execute(), parse('SELECT 2'), bind(), execute()),
  batch('an error at Execute keeps the earlier results', parse('SELECT 1'), bind(), execute(), parse('SELECT 1 / 0'), bind(), execute(), parse('SELECT 3'), bind(), execute()),
  batch('a name used twice', parse('SELECT 1', 'twice'), parse('SELECT 2', 'twice')),
  batch('and it is free again after the error rolled it back or not', describeStatement('twice'), closeStatement('twice')),
  steps('after errors, a batch that works', { send: [parse('SELECT 4'), bind(), execute(), sync()], until: 'Z' })
]

const levels = ['DEBUG', 'LOG', 'INFO', 'NOTICE', 'WARNING']

export const errors: Chapter = {
  heading: 'errors',
  exchanges: [
    simple('CREATE TABLE errs (id int PRIMARY KEY, short varchar(5), positive int CONSTRAINT errs_positive CHECK (positive > 0))'),
    simple('INSERT INTO errs VALUES (1, \'one\', 1)'),
    simple('CREATE TABLE errs_child (id int CONSTRAINT errs_child_parent REFERENCES errs)'),
    simple('CREATE TABLE errs_during (span int4range, EXCLUDE USING gist (span WITH &&))'),
    simple('INSERT INTO errs_during VALUES (\'[1,10)\')'),
    simple('CREATE VIEW errs_view AS SELECT id FROM errs'),
    simple('CREATE TYPE errmood AS ENUM (\'a\')'),
    simple('CREATE DOMAIN errpos AS int CONSTRAINT errpos_check CHECK (VALUE > 0)'),
    simple('CREATE FUNCTION overloaded(date) RETURNS int LANGUAGE sql AS \'SELECT 1\''),
    simple('CREATE FUNCTION overloaded(inet) RETURNS int LANGUAGE sql AS \'SELECT 2\''),
    simple('CREATE FUNCTION failing() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / 0; END $$'),
    simple('CREATE FUNCTION missing_row() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN SELECT id INTO STRICT n FROM errs WHERE id = 77; RETURN n; END $$'),
    simple('CREATE FUNCTION endless(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN endless(n + 1); END $$'),
    ...failing.map(({ exchange }) => exchange),
    simple('RESET statement_timeout'),
    ...inExtended
  ]
}

export const notices: Chapter = {
  heading: 'notices',
  exchanges: [
    ...['debug', 'notice', 'error'].flatMap((threshold) => [
      simple(`SET client_min_messages TO ${threshold}`),
      simple(`DO $$ BEGIN ${levels.map((level) => `RAISE ${level} 'at ${level.toLowerCase()}';`).join(' ')} END $$`)
    ]),
    simple('SET client_min_messages TO notice'),
    simple('DO $$ BEGIN RAISE NOTICE \'with fields\' USING DETAIL = \'the detail\', HINT = \'the hint\', ERRCODE = \'HW002\'; END $$'),
    simple('DROP TABLE IF EXISTS never_there'),
    simple('CREATE TABLE IF NOT EXISTS errs ()'),
    simple(`SELECT 1 AS ${'long_name_'.repeat(8)}`),
    extended('DROP TABLE IF EXISTS never_there'),
    simple('DO $$ BEGIN FOR i IN 1..100 LOOP RAISE NOTICE \'line % %\', i, repeat(\'x\', i); END LOOP; END $$'),
    simple('CREATE FUNCTION chatty() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3 LOOP RAISE NOTICE \'row %\', i; RETURN NEXT i; END LOOP; END $$'),
    simple('SELECT * FROM chatty()'),
    extended('SELECT * FROM chatty()', [], { results: [1], maxRows: 2 }),
    simple('COMMIT'),
    simple('ROLLBACK'),
    simple('BEGIN'),
    simple('BEGIN'),
    simple('COMMIT')
  ]
}
