// What a client could send to blind, stall or break the analysis.
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createAnalyzer, loadAnalyzer, maxStatements, maxTextBytes, maxTokens, type Analyzer } from '../../../server/sql/postgres/index.ts'
import { createCache } from '../../../server/sql/postgres/cache.ts'
import { readerOf } from '../../../server/sql/postgres/effects.ts'
import { loadParser, majors } from '../../../server/sql/postgres/parser.ts'

function summary(analyzer: Analyzer, sql: string): string {
  const analysis = analyzer.analyze(sql)
  if (analysis.type === 'syntax_error') return 'syntax error'
  return analysis.statements.map(({ verb, effects }) => `${verb}: ${effects.join(' ')}`).join('; ')
}

/** Lets an instance that is being replaced get ready. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

const chains: readonly (readonly [string, (n: number) => string])[] = [
  ['1+1+...', (n) => `SELECT 1${'+1'.repeat(n)}`],
  ['a::int::int...', (n) => `SELECT 1${'::int'.repeat(n)}`],
  ['NOT NOT ...', (n) => `SELECT ${'NOT '.repeat(n)}true`],
  ['((((', (n) => `SELECT ${'('.repeat(n)}1${')'.repeat(n)}`],
  ['(SELECT (SELECT', (n) => `SELECT ${'(SELECT '.repeat(n)}1${')'.repeat(n)}`],
  ['f(f(', (n) => `SELECT ${'upper('.repeat(n)}'x'${')'.repeat(n)}`],
  ['UNION', (n) => `SELECT 1${' UNION SELECT 1'.repeat(n)}`],
  ['JOIN', (n) => `SELECT 1 FROM a${' CROSS JOIN a'.repeat(n)}`],
  ['CASE', (n) => `SELECT ${'CASE WHEN a THEN '.repeat(n)}1${' END'.repeat(n)}`],
  ['ARRAY[[', (n) => `SELECT ARRAY${'['.repeat(n)}1${']'.repeat(n)}`]
]

describe.each(majors)('PostgreSQL %i', (major) => {
  let analyzer: Analyzer
  beforeAll(async () => { analyzer = createAnalyzer(await loadParser(major)) })

  test.each(chains)('nesting by %s is read, or unknown, or a syntax error, and the next statement is read as ever', async (_, make) => {
    for (const n of [100, 700, 3000, 12_000, 60_000]) {
      expect(summary(analyzer, make(n))).toMatch(/^(SELECT: read|UNREADABLE: unknown|TOO LONG: unknown|syntax error)$/)
      await turn()
      expect(summary(analyzer, `DELETE FROM a WHERE b = ${n}`)).toBe('DELETE: read write')
    }
  })

  test('forty stack overflows do not wear the parser out', async () => {
    let given = 0
    for (let i = 0; i < 40; i++) {
      if (summary(analyzer, `SELECT ${i}${'::int'.repeat(30_000)}`) === 'UNREADABLE: unknown') given++
      await turn()
      expect(summary(analyzer, `UPDATE a SET b = ${i} WHERE c = 1`)).toBe('UPDATE: read write')
    }
    expect(given).toBe(40)
  })

  test('until the parser is replaced everything is unknown, and that is not remembered', async () => {
    expect(summary(analyzer, `SELECT 'first'${'::int'.repeat(30_000)}`)).toBe('UNREADABLE: unknown')
    expect(summary(analyzer, 'SELECT \'while it is being replaced\'')).toBe('UNREADABLE: unknown')
    await turn()
    expect(summary(analyzer, 'SELECT \'while it is being replaced\'')).toBe('SELECT: read')
  })

  test.each<[string, string, string]>([
    ['a NUL, behind which the parser would not look', 'SELECT 1\0; DROP TABLE a', 'syntax error'],
    ['a NUL alone', '\0', 'syntax error'],
    ['half a surrogate pair', 'SELECT \'\ud800\'', 'syntax error'],
    ['the other half', 'SELECT "\udc00" FROM a', 'syntax error'],
    ['a whole pair', 'SELECT \'\ud83d\ude00\'', 'SELECT: read'],
    ['a character that is no character', 'SELECT \'\uffff\'', 'SELECT: read'],
    ['a byte order mark', '\ufeffSELECT 1', 'syntax error'],
    ['a no-break space, which is a letter to PostgreSQL', 'SELECT\u00a01', 'syntax error'],
    ['a NUL by escape, which the server refuses too', 'SELECT U&\'\\0000\'', 'syntax error']
  ])('%s', (_, sql, expected) => {
    expect(summary(analyzer, sql)).toBe(expected)
  })

  test('a long literal is no trouble, up to the limit', () => {
    const literal = (bytes: number) => `INSERT INTO a VALUES ('${'x'.repeat(bytes - 'INSERT INTO a VALUES (\'\')'.length)}')`
    expect(summary(analyzer, literal(maxTextBytes))).toBe('INSERT: write')
    expect(summary(analyzer, literal(maxTextBytes + 1))).toBe('TOO LONG: unknown')
    expect(summary(analyzer, `SELECT '${'é'.repeat(maxTextBytes / 2)}'`)).toBe('TOO LONG: unknown')
  })

  test('a long list is read up to the limit of tokens', () => {
    expect(summary(analyzer, `SELECT 1 FROM a WHERE b IN (1${',1'.repeat(maxTokens / 2 - 10)})`)).toBe('SELECT: read')
    expect(summary(analyzer, `SELECT 1 FROM a WHERE b IN (1${',1'.repeat(maxTokens / 2)})`)).toBe('TOO LONG: unknown')
  })

  test('an INSERT of as many parameters as the protocol has is read', () => {
    const sql = `INSERT INTO a VALUES ${Array.from({ length: 6553 }, (_, row) => `(${Array.from({ length: 10 }, (_, i) => `$${row * 10 + i + 1}`).join(',')})`).join(',')}`
    expect(summary(analyzer, sql)).toBe('INSERT: write')
  })

  test('so is a string of many statements', () => {
    expect(summary(analyzer, 'BEGIN;'.repeat(maxStatements)).length).toBe(maxStatements * 'BEGIN: ; '.length - 2)
    expect(summary(analyzer, 'BEGIN;'.repeat(maxStatements + 1))).toBe('TOO LONG: unknown')
  })

  test('whatever is sent, there is an answer, and it is the same the second time', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ unit: 'grapheme' })), (text) => {
      expect(analyzer.analyze(text)).toEqual(analyzer.analyze(text))
      expect(createAnalyzer({ major, parse: () => { throw new Error('never mind') } }).analyze(`x${text}`)).toMatchObject({})
    }), { numRuns: 200 })
  })
})

describe('what no table knows', () => {
  const read = readerOf(18)
  test.each<[string, object]>([
    ['a kind of statement', { SelectAllTheThingsStmt: {} }],
    ['a kind of expression', { SelectStmt: { targetList: [{ ResTarget: { val: { QuantumExpr: {} } } }], op: 'SETOP_NONE' } }],
    ['a kind deep in a field nobody has heard of', { SelectStmt: { op: 'SETOP_NONE', newClause: { parts: [{ inner: { QuantumExpr: {} } }] } } }],
    ['one inside what is only stored', { ViewStmt: { query: { QuantumStmt: {} } } }]
  ])('%s makes the statement unknown, and no rule about functions excuses it', (_, tree) => {
    const { effects, effectful } = read(tree as never)
    expect(effects).toContain('unknown')
    expect(effectful).toBeUndefined()
  })

  test('a write in a field nobody has heard of is found', () => {
    const tree = { SelectStmt: { op: 'SETOP_NONE', newClause: [{ DeleteStmt: { relation: { relname: 'a' } } }] } }
    expect(read(tree)).toMatchObject({ effects: ['read', 'write'], relations: ['a'], flags: ['no_where'] })
  })
})

describe('the cache', () => {
  test('answers with the same analysis', async () => {
    const analyzer = await loadAnalyzer(16)
    expect(analyzer.analyze('SELECT \'cached\'')).toBe(analyzer.analyze('SELECT \'cached\''))
  })

  test('forgets the longest unused first, by number', () => {
    const cache = createCache<number>(2, 1000)
    cache.set('a', 1, 1)
    cache.set('b', 2, 1)
    cache.get('a')
    cache.set('c', 3, 1)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3])
  })

  test('and by bytes, and does not keep what would fill a good part of it', () => {
    const cache = createCache<number>(1000, 1600)
    for (let i = 0; i < 100; i++) cache.set(`k${i}`, i, 100)
    expect(cache.size).toBe(16)
    cache.set('big', 1, 101)
    expect(cache.get('big')).toBeUndefined()
    cache.set('k99', 7, 50)
    cache.set('more', 8, 50)
    expect([cache.size, cache.get('k99'), cache.get('k84')]).toEqual([17, 7, 84])
  })
})
