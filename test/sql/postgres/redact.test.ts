import { createRequire } from 'node:module'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { scan } from '../../../server/sql/postgres/lexer.ts'
import { loadAnalyzer, type Analyzer } from '../../../server/sql/postgres/index.ts'
import { majors } from '../../../server/sql/postgres/parser.ts'
import { redact } from '../../../server/sql/postgres/redact.ts'

let analyzers: readonly Analyzer[]
beforeAll(async () => { analyzers = await Promise.all(majors.map(loadAnalyzer)) })

/** What the audit log would show, for each major that can parse it. */
function shown(sql: string): string[] {
  return analyzers.flatMap((analyzer) => {
    const analysis = analyzer.analyze(sql)
    return analysis.type === 'statements' ? [analysis.statements.map(({ redacted }) => redacted ?? '(not shown)').join('; ')] : []
  })
}

describe('no constant is left, however it is written', () => {
  test.each([
    ['SELECT \'secret\'', 'SELECT ?'],
    ['SELECT \'it\'\'s secret\'', 'SELECT ?'],
    ['SELECT E\'a\\\'secret\\\\\'', 'SELECT ?'],
    ['SELECT e\'a\'\n\t\n  \'secret\\\'more secret\'', 'SELECT ?'],
    ['SELECT \'one\' \r\n \'secret\'', 'SELECT ?'],
    ['SELECT U&\'secret!0041\' UESCAPE \'!\'', 'SELECT ? UESCAPE ?'],
    ['SELECT $$secret \'"$ $x$ $$', 'SELECT ?'],
    ['SELECT $Tag_1$ secret $$ $tag_1$ $Tag_1$, $1', 'SELECT ?, $1'],
    ['SELECT B\'1010\', x\'5EC8E7\', N\'secret\'', 'SELECT ?, ?, N?'],
    ['SELECT 5363738, 3.14, .5, 1e10, 1.5E-3, -7', 'SELECT ?, ?, ?, ?, ?, -?'],
    ['SELECT 1 -- secret\n, 2 /* secret /* secret */ secret */ + 3', 'SELECT ? , ? + ?'],
    ['SELECT date \'2000-01-01\', interval \'1 secret\' day, \'{"a":"secret"}\'::jsonb', 'SELECT date ?, interval ? day, ?::jsonb'],
    ['COMMENT ON TABLE a IS \'secret\'', 'COMMENT ON TABLE a IS ?'],
    ['CREATE USER bob PASSWORD \'secret\' VALID UNTIL \'2030-01-01\'', 'CREATE USER bob PASSWORD ? VALID UNTIL ?'],
    ['EXECUTE p (\'secret\', 42)', 'EXECUTE p (?, ?)'],
    ['PREPARE p AS SELECT \'secret\'', 'PREPARE p AS SELECT ?'],
    ['ALTER SYSTEM SET ssl_passphrase_command = \'secret\'', 'ALTER SYSTEM SET ssl_passphrase_command = ?'],
    ['CREATE TABLE a (b text DEFAULT \'secret\')', 'CREATE TABLE a (b text DEFAULT ?)'],
    ['COPY a FROM PROGRAM \'curl secret\' WITH (DELIMITER \'|\')', 'COPY a FROM PROGRAM ? WITH (DELIMITER ?)'],
    ['DO $body$ BEGIN PERFORM \'secret\'; END $body$', 'DO ?'],
    ['NOTIFY c, \'secret\'', 'NOTIFY c, ?'],
    ['INSERT INTO a VALUES (\'secret\', NULL, true), (\'secret\', $2, $1)', 'INSERT INTO a VALUES (?, NULL, true), (?, $2, $1)']
  ])('%s', (sql, expected) => {
    const found = shown(sql)
    expect(found.length).toBeGreaterThan(0)
    expect([...new Set(found)]).toEqual([expected])
  })

  test('numbers as PostgreSQL 16 and later write them', () => {
    expect(shown('SELECT 0x5EC8E7, 0o17, 0b1010, 5_363_738').at(-1)).toBe('SELECT ?, ?, ?, ?')
  })
})

describe('what an auditor needs stays', () => {
  test.each([
    ['select  "Per sönal"."a""b",\n\n größe from  S.t where a<>$1', 'select "Per sönal"."a""b", größe from S.t where a<>$1'],
    ['SELECT U&"d\\0061t" FROM t', 'SELECT U&"d\\0061t" FROM t'],
    ['SELECT a->>\'b\', c @> \'{}\', d !~* \'x\', e||f, -g FROM t', 'SELECT a->>?, c @> ?, d !~* ?, e||f, -g FROM t'],
    ['SELECT a$b, x1, e, n FROM t', 'SELECT a$b, x1, e, n FROM t'],
    ['SELECT a[1:2], (r).f FROM t;', 'SELECT a[?:?], (r).f FROM t;']
  ])('%s', (sql, expected) => {
    expect([...new Set(shown(sql))]).toEqual([expected])
  })
})

test('a string that goes on behind a comment is read as the server reads it', () => {
  expect(redact('SELECT E\'a\' -- b\'\n \'secret\\\'secret\', \'c\' /* d */\n \'e\'')).toBe('SELECT ?, ? ?')
})

test.each(['SELECT \'x', 'SELECT $a$ x $b$', 'SELECT "x', 'SELECT /* x', 'E\'x\\\''])('%s cannot be scanned and is not shown', (sql) => {
  expect(redact(sql)).toBeUndefined()
})

/** Letters no SQL around it has, so that any trace of it is found. */
const secret = fc.string({ unit: fc.constantFrom('ζ', 'Ω', 'ж', '\'', '"', '$', '\\', '-', '/', '*', ' ', '\n', '9', '😀'), minLength: 1, maxLength: 24 })
const traces = /[ζΩж9😀]/u

/** Each the SQL of a literal holding the text. */
const spellings: readonly ((text: string) => string)[] = [
  (text) => `'${text.replaceAll('\'', '\'\'')}'`,
  (text) => `E'${text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`,
  (text) => `e'${text.replaceAll('\\', '\\\\').replaceAll('\'', '\'\'')}'`,
  (text) => `U&'${text.replaceAll('\\', '\\\\').replaceAll('\'', '\'\'')}'`,
  (text) => `$zz$${text.replaceAll('$zz$', '')}$zz$`,
  (text) => `'a'\n'${text.replaceAll('\'', '\'\'')}'`,
  (text) => `E'a' \n '${text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`,
  (text) => `N'${text.replaceAll('\'', '\'\'')}'`,
  (text) => `/* ${text.replaceAll('/', '').replaceAll('*', '')} */ 'x'`,
  (text) => `'x' -- ${text.replaceAll('\n', '')}\n`
]
const statements: readonly ((literal: string) => string)[] = [
  (literal) => `SELECT ${literal}`,
  (literal) => `INSERT INTO a (b) VALUES (${literal}, 1, ${literal}) RETURNING "c"`,
  (literal) => `UPDATE a SET b = ${literal} WHERE c LIKE ${literal}`,
  (literal) => `SELECT a, ${literal} AS b FROM t WHERE (x)||${literal} = $1 ORDER BY ${literal};`,
  (literal) => `PREPARE p AS SELECT f(${literal})`,
  (literal) => `SELECT 1; DELETE FROM a WHERE b = ${literal}; SELECT 2`
]

test('nothing of a literal survives, whatever is in it', () => {
  fc.assert(fc.property(secret, fc.constantFrom(...spellings), fc.constantFrom(...statements), (text, spell, place) => {
    const found = shown(place(spell(text)))
    expect(found).toHaveLength(majors.length)
    for (const redacted of found) expect(redacted).not.toMatch(traces)
  }), { numRuns: 500 })
})

describe('tokens are PostgreSQL\'s', () => {
  interface ScanResult { readonly tokens: readonly { readonly start: number, readonly end: number, readonly tokenName: string }[] }
  let postgres: { scanSync(text: string): ScanResult }
  beforeAll(async () => {
    const library = createRequire(import.meta.url)('libpg-query-18') as typeof postgres & { loadModule(): Promise<void> }
    await library.loadModule()
    postgres = library
  })

  /** `[begin, end)` in bytes; comments left out. */
  function theirs(sql: string): string[] | undefined {
    try {
      return postgres.scanSync(sql).tokens.filter(({ tokenName }) => !/COMMENT/.test(tokenName)).map(({ start, end }) => `${start}-${end}`)
    } catch {
      return undefined
    }
  }

  function ours(sql: string): string[] {
    const found: string[] = []
    const bytes = (at: number) => Buffer.byteLength(sql.slice(0, at))
    scan(sql, (_, begin, end) => { found.push(`${bytes(begin)}-${bytes(end)}`); return true })
    return found
  }

  const scraps = [
    'a',
    'B',
    'e',
    'E',
    'u&',
    'U&',
    'x',
    'n',
    'é',
    '_',
    '1',
    '0x1f',
    '2.5',
    '.5',
    '1e3',
    '1e',
    '..',
    '$1',
    '$',
    '$$',
    '$a$',
    '\'',
    '\'',
    '\'\'',
    '"',
    '""',
    '\\',
    '-',
    '--',
    '/',
    '*',
    '/*',
    '*/',
    '+',
    '<',
    '>',
    '=',
    '@',
    '?',
    '|',
    ':',
    '::',
    ';',
    ',',
    '(',
    ')',
    '[',
    ']',
    '.',
    ' ',
    '\n',
    '\r',
    '\t',
    'select',
    '😀'
  ]
  test('on any text it accepts', () => {
    let compared = 0
    fc.assert(fc.property(fc.array(fc.constantFrom(...scraps), { maxLength: 16 }), (pieces) => {
      const sql = pieces.join('')
      // Known to differ from the server's own scanner there, see lexer.ts.
      if (/'\s*--/.test(sql)) return
      const expected = theirs(sql)
      if (expected === undefined || expected.length === 0) return
      compared++
      expect(ours(sql).join(' ')).toBe(expected.join(' '))
    }), { numRuns: 20_000 })
    expect(compared).toBeGreaterThan(2000)
  })
})
