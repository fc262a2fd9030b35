// COPY in both directions and all formats, and values too large for one buffer.
import { batch, extended, simple, steps, type Chapter, type Exchange } from './exchange.ts'
import { bind, copyData, copyDone, copyFail, describePortal, execute, flush, parse, query, sync } from '../../support/messages.ts'

/** The statement, then the data once the server asked for it. */
function copyIn(text: string, pieces: readonly (string | Uint8Array)[], end = copyDone()): Exchange {
  return steps(`${text}, ${pieces.length} piece(s)`, { send: [query(text)], until: 'GE' }, { send: [...pieces.map(copyData), end], until: 'Z' })
}

const int32 = (value: number) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes }
/** PostgreSQL docs, COPY, Binary Format: signature, flags, extension; tuples; -1. */
const binaryRows = Buffer.concat([
  Buffer.from('PGCOPY\n\u00ff\r\n\u0000', 'latin1'),
  int32(0),
  int32(0),
  ...[[500, 'five hundred'], [501, null]].flatMap(([n, text]) => [
    Buffer.of(0, 2),
    int32(4),
    int32(n as number),
    ...(text === null ? [int32(-1)] : [int32(Buffer.byteLength(text as string)), Buffer.from(text as string)])
  ]),
  Buffer.of(255, 255)
])
const lines = Array.from({ length: 3000 }, (_, n) => `${1000 + n}\tline ${n} ${'x'.repeat(n % 50)}\n`).join('')

export const copy: Chapter = {
  heading: 'COPY',
  exchanges: [
    simple('CREATE TABLE cp (n int, t text)'),
    copyIn('COPY cp FROM STDIN', ['1\tone\n2\t\\N\n3\ttab\\there\\nline\\\\\n']),
    copyIn('COPY cp FROM STDIN', ['4\tfo', 'ur\n', '5', '\t', 'five', '\n']),
    copyIn('COPY cp FROM STDIN', [...Buffer.from('6\tsix\n')].map((byte) => Buffer.of(byte))),
    copyIn('COPY cp FROM STDIN', ['7\tseven\n\\.\n']),
    copyIn('COPY cp FROM STDIN', []),
    copyIn('COPY cp (t, n) FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER \';\', NULL \'-\')', ['t;n\n"quo""ted;\nline";8\n-;9\n']),
    copyIn('COPY cp FROM STDIN WITH (FORMAT binary)', [binaryRows]),
    copyIn('COPY cp FROM STDIN WITH (FORMAT binary)', [...Array(Math.ceil(binaryRows.length / 7)).keys()].map((n) => binaryRows.subarray(n * 7, n * 7 + 7))),
    copyIn('COPY cp FROM STDIN WHERE n < 2000', [lines]),
    copyIn('COPY cp FROM STDIN', ['10\tnot inserted\n'], copyFail('the client has changed its mind')),
    copyIn('COPY cp FROM STDIN', ['x\tnot a number\n11\tafter the error\n']),
    copyIn('COPY cp FROM STDIN', ['12\ttoo\tmany\n']),
    copyIn('COPY cp FROM STDIN WITH (FORMAT csv)', ['13,"unterminated\n']),
    copyIn('COPY cp FROM STDIN WITH (FORMAT binary)', ['no signature at all']),
    simple('COPY no_such FROM STDIN'),
    simple('COPY cp (nope) TO STDOUT'),
    simple('COPY cp TO \'/never-written\''),
    simple('SELECT count(*), sum(n) FROM cp'),
    ...['COPY (SELECT * FROM cp WHERE n < 10 ORDER BY n, t) TO STDOUT', 'COPY (SELECT * FROM cp WHERE n < 10 ORDER BY n, t) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *)', 'COPY (SELECT * FROM cp WHERE n < 10 ORDER BY n, t) TO STDOUT WITH (FORMAT binary)', 'COPY (SELECT 1 WHERE false) TO STDOUT', 'COPY (SELECT n, n / (n - 5) FROM generate_series(1, 9) n) TO STDOUT', 'COPY (SELECT repeat(\'long \', 200000)) TO STDOUT', 'COPY cp TO STDOUT', 'COPY cp TO STDOUT WITH (FORMAT binary)', 'COPY (VALUES (1)) TO STDOUT; SELECT 2; COPY (VALUES (3)) TO STDOUT'].map(simple),
    extended('COPY (SELECT 1, \'two\') TO STDOUT'),
    extended('COPY (SELECT 1, \'two\') TO STDOUT WITH (FORMAT binary)'),
    steps('COPY IN by the extended protocol', { send: [parse('COPY cp FROM STDIN'), bind(), describePortal(), execute(), flush()], until: 'GE' }, { send: [copyData('600\tsix hundred\n'), copyDone(), sync()], until: 'Z' }),
    steps('COPY IN by the extended protocol, with the Sync sent too early and again after', { send: [parse('COPY cp FROM STDIN'), bind(), execute(), sync()], until: 'GE' }, { send: [copyData('601\tsix hundred and one\n'), copyDone(), sync()], until: 'Z' }),
    steps('COPY IN that fails by the extended protocol', { send: [parse('COPY cp FROM STDIN'), bind(), execute(), flush()], until: 'GE' }, { send: [copyData('x\n'), copyDone(), sync()], until: 'Z' }),
    steps('everything of a COPY IN in one write', { send: [query('COPY cp FROM STDIN'), copyData('602\tat once\n'), copyDone()], until: 'Z' }),
    steps('two COPYs and a SELECT in one string', { send: [query('COPY cp FROM STDIN; COPY cp FROM STDIN; SELECT count(*) FROM cp WHERE n > 600')], until: 'G' }, { send: [copyData('603\tfirst\n'), copyDone()], until: 'G' }, { send: [copyData('604\tsecond\n'), copyDone()], until: 'Z' }),
    steps('COPY within a transaction that is rolled back', { send: [query('BEGIN')], until: 'Z' }, { send: [query('COPY cp FROM STDIN')], until: 'G' }, { send: [copyData('605\tgone\n'), copyDone()], until: 'Z' }, { send: [query('ROLLBACK')], until: 'Z' }),
    simple('SELECT n, t FROM cp WHERE n BETWEEN 500 AND 700 ORDER BY n')
  ]
}

const megabyte = 1024 * 1024

export const large: Chapter = {
  heading: 'large values',
  exchanges: [
    simple('SELECT repeat(\'x\', 3000000) AS big, 1 AS small'),
    extended('SELECT decode(repeat(\'00ff\', 500000), \'hex\')', [], { results: [1] }),
    simple('SELECT n, md5(n::text), repeat(\'y\', n % 200) FROM generate_series(1, 20000) n'),
    extended('SELECT n::int8, n::float8 FROM generate_series(1, 50000) n', [], { results: [1] }),
    extended('SELECT length($1::text), md5($1::text)', ['z'.repeat(4 * megabyte)]),
    extended('SELECT $1::bytea', [Buffer.alloc(megabyte, 0xa5)], { formats: [1], results: [1] }),
    simple(`SELECT ${Array.from({ length: 1600 }, (_, n) => `${n} AS c${n}`).join(', ')}`),
    simple(`SELECT length('${'q'.repeat(200_000)}')`),
    simple(`SELECT ${Array.from({ length: 500 }, (_, n) => n).join(' + ')}`),
    extended(`SELECT ${Array.from({ length: 500 }, (_, n) => `$${n + 1}::int`).join(' + ')}`, Array.from({ length: 500 }, String)),
    simple(`SELECT count(*) FROM (VALUES ${Array.from({ length: 2000 }, (_, n) => `(${n}, 'value ${n}')`).join(', ')}) v`),
    batch('twenty large results in one batch', ...Array.from({ length: 20 }, (_, n) => [parse('SELECT repeat($1, 100000)'), bind({ parameters: [String(n % 10)] }), execute()]).flat())
  ]
}
