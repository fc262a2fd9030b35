// The extended protocol in all its orders: named statements and portals, row limits, Flush, pipelines; and SQL's own PREPARE beside it.
import { batch, extended, simple, steps, type Chapter, type Exchange } from './exchange.ts'
import { bind, closePortal, closeStatement, describePortal, describeStatement, execute, flush, parse, query, sync } from '../../support/messages.ts'

const ten = 'SELECT n, \'row \' || n AS t FROM generate_series(1, 10) n'

const pipelines: readonly Exchange[] = [
  steps('five batches in one write', {
    send: [1, 2, 3, 4, 5].flatMap((n) => [parse('SELECT $1::int * 2'), bind({ parameters: [String(n)] }), execute(), sync()]),
    until: 'Z',
    count: 5
  }),
  steps('the second of three batches fails', {
    send: [['1'], ['0'], ['2']].flatMap((parameters) => [parse('SELECT 10 / $1::int'), bind({ parameters }), describePortal(), execute(), sync()]),
    until: 'Z',
    count: 3
  }),
  steps('simple and extended by turns in one write', {
    send: [query('SELECT 1'), parse('SELECT 2'), bind(), execute(), sync(), query('SELECT 3; SELECT 4'), query(''), sync()],
    until: 'Z',
    count: 5
  }),
  batch('a hundred statements in one batch', ...Array.from({ length: 100 }, (_, n) =>
    [parse('SELECT $1::int, repeat(\'x\', $1::int)'), bind({ parameters: [String(n)] }), execute()]).flat()),
  steps('a hundred batches of a named statement in one write', {
    send: [parse('SELECT $1::int + 1', 'many'), ...Array.from({ length: 100 }, (_, n) => [bind({ statement: 'many', parameters: [String(n)] }), execute(), sync()]).flat()],
    until: 'Z',
    count: 100
  }),
  batch('one transaction of a batch, rolled back by its last statement', parse('CREATE TABLE half (n int)'), bind(), execute(), parse('INSERT INTO half VALUES (1)'), bind(), execute(), parse('SELECT 1 / 0'), bind(), execute()),
  simple('SELECT * FROM half'),
  batch('BEGIN and COMMIT within a batch', ...['BEGIN', 'CREATE TABLE whole (n int)', 'COMMIT', 'INSERT INTO whole VALUES (1)', 'SELECT 1 / 0'].flatMap((text) => [parse(text), bind(), execute()])),
  simple('SELECT count(*) FROM whole'),
  batch('only a Sync'),
  steps('two Syncs in a row', { send: [sync(), sync()], until: 'Z', count: 2 })
]

const flushes: readonly Exchange[] = [
  steps('Parse and Describe with Flush, then the rest', { send: [parse('SELECT $1::text AS a, $2::int AS b', 'flushed'), describeStatement('flushed'), flush()], until: 'T' }, { send: [bind({ statement: 'flushed', parameters: ['x', '1'] }), describePortal(), flush()], until: 'T' }, { send: [execute('', 0), flush()], until: 'C' }, { send: [sync()], until: 'Z' }),
  steps('an error told at Flush, and the wait for Sync', { send: [parse('SELECT 1 / 0'), bind(), execute(), flush()], until: 'E' }, { send: [parse('SELECT 1'), bind(), execute(), flush(), sync()], until: 'Z' }),
  steps('each message with a Flush of its own', { send: [parse('SELECT 1'), flush()], until: '1' }, { send: [bind(), flush()], until: '2' }, { send: [describePortal(), flush()], until: 'T' }, { send: [execute(), flush()], until: 'C' }, { send: [closePortal(), flush()], until: '3' }, { send: [sync()], until: 'Z' }),
  steps('rows fetched five at a time, with Flush', { send: [parse(ten), bind({ portal: 'p' }), describePortal('p'), execute('p', 5), flush()], until: 's' }, { send: [execute('p', 5), flush()], until: 's' }, { send: [execute('p', 5), flush()], until: 'C' }, { send: [sync()], until: 'Z' })
]

const portals: readonly Exchange[] = [
  batch('a portal ends with the batch outside a transaction', parse(ten), bind({ portal: 'gone' }), execute('gone', 3)),
  batch('so it is not there any more', execute('gone', 3)),
  simple('BEGIN'),
  batch('a portal of three rows', parse(ten, 'ten'), bind({ portal: 'a', statement: 'ten' }), describePortal('a'), execute('a', 3)),
  batch('goes on in the next batch', execute('a', 3)),
  batch('beside a second one, in binary', bind({ portal: 'b', statement: 'ten', results: [1] }), describePortal('b'), execute('b', 2), execute('a', 2), execute('b', 2)),
  batch('to its end, and past it', execute('a', 0), execute('a', 1)),
  batch('closed', closePortal('a'), closePortal('b')),
  batch('and gone', execute('b', 1)),
  simple('ROLLBACK'),
  batch('exactly as many rows as there are', parse(ten), bind(), execute('', 10)),
  batch('one row more', parse(ten), bind(), execute('', 11)),
  batch('a row limit on what returns none', parse('CREATE TABLE limited AS SELECT 1 AS n'), bind(), execute('', 1)),
  batch('a row limit on RETURNING', parse('INSERT INTO limited SELECT generate_series(1, 5) RETURNING n'), bind(), execute('', 2)),
  simple('SELECT count(*) FROM limited'),
  batch('the unnamed portal bound anew', parse(ten), bind(), execute('', 1), bind(), execute('', 2)),
  batch('a name bound twice', parse('SELECT 1'), bind({ portal: 'same' }), bind({ portal: 'same' })),
  batch('SQL fetches from a portal of the protocol', parse('BEGIN'), bind(), execute(), parse(ten), bind({ portal: 'shared' }), execute('shared', 2), parse('FETCH 2 FROM shared'), bind(), execute(), parse('ROLLBACK'), bind(), execute())
]

const named: readonly Exchange[] = [
  batch('a named statement', parse('SELECT $1::int4 + $2::int4 AS sum', 'add'), describeStatement('add')),
  ...[['1', '2'], ['40', '2'], [null, '1']].map((parameters) => batch(`run without Describe: ${parameters.join('+')}`, bind({ statement: 'add', parameters }), execute())),
  batch('in binary', bind({ statement: 'add', parameters: [Buffer.of(0, 0, 0, 5), Buffer.of(0, 0, 0, 6)], formats: [1], results: [1] }), describePortal(), execute()),
  batch('types given by number', parse('SELECT $1, $2', 'typed', [23, 25]), describeStatement('typed'), bind({ statement: 'typed', parameters: ['1', 'x'] }), execute()),
  batch('types given for some', parse('SELECT $1::date, $2', 'some', [0, 20]), describeStatement('some')),
  batch('described with no rows', parse('INSERT INTO limited VALUES ($1)', 'insert'), describeStatement('insert'), bind({ statement: 'insert', parameters: ['6'] }), describePortal(), execute()),
  batch('described: utility', parse('SHOW timezone', 'show'), describeStatement('show'), bind({ statement: 'show' }), execute()),
  batch('described: empty', parse('', 'empty'), describeStatement('empty'), bind({ statement: 'empty' }), describePortal(), execute()),
  simple('SELECT name, statement, parameter_types, result_types, from_sql FROM pg_prepared_statements ORDER BY name'),
  simple('EXECUTE add(2, 3)'),
  batch('closed, and closed again', closeStatement('add'), closeStatement('add')),
  batch('not there any more', bind({ statement: 'add', parameters: ['1', '1'] }), execute()),
  simple('ALTER TABLE limited ADD COLUMN extra text'),
  batch('a plan that changes its result', parse('SELECT * FROM limited LIMIT 1', 'star'), describeStatement('star')),
  simple('ALTER TABLE limited ADD COLUMN more text'),
  batch('is refused', bind({ statement: 'star' }), execute()),
  batch('a name of sixty-three letters and more', parse('SELECT 1', 's'.repeat(70)), bind({ statement: 's'.repeat(70) }), execute(), closeStatement('s'.repeat(70)))
]

const sqlPrepared: readonly Exchange[] = [
  ...['PREPARE p1 AS SELECT 1 AS one', 'EXECUTE p1', 'PREPARE p2 (int, text) AS SELECT $1 + 1, $2 || \'!\'', 'EXECUTE p2(1, \'hi\')', 'EXECUTE p2(1)', 'EXECUTE p2(\'x\', \'y\')', 'PREPARE p1 AS SELECT 2', 'PREPARE p3 AS INSERT INTO limited VALUES ($1) RETURNING n', 'EXECUTE p3(77)', 'EXPLAIN (COSTS off) EXECUTE p2(1, \'x\')', 'CREATE TABLE from_prepared AS EXECUTE p2(3, \'three\')', 'SELECT * FROM from_prepared', 'DEALLOCATE p1', 'EXECUTE p1', 'DEALLOCATE PREPARE p2'].map(simple),
  batch('the protocol binds what SQL prepared', bind({ statement: 'p3', parameters: ['78'] }), describePortal(), execute()),
  extended('PREPARE p4 AS SELECT 4'),
  extended('EXECUTE p4'),
  extended('DEALLOCATE ALL'),
  batch('all are gone, the protocol\'s too', describeStatement('typed')),
  simple('EXECUTE p4')
]

export const protocol: Chapter = {
  heading: 'the extended protocol',
  exchanges: [...pipelines, ...flushes, ...portals, ...named, ...sqlPrepared]
}
