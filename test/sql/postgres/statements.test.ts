import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadAnalyzer, type Analyzer, type AnalyzedStatement } from '../../../server/sql/postgres/index.ts'
import { loadParser, majors } from '../../../server/sql/postgres/parser.ts'
import { statements } from '../../../server/sql/postgres/statements.ts'
import { some } from '../../../server/sql/postgres/tree.ts'
import { rows } from './statements.table.ts'

function all(analyzer: Analyzer, sql: string): readonly AnalyzedStatement[] {
  const analysis = analyzer.analyze(sql)
  if (analysis.type !== 'statements') throw new Error(`PostgreSQL ${analyzer.major} does not parse: ${sql}`)
  return analysis.statements
}

test('a major without a parser is refused', async () => {
  await expect(loadAnalyzer(14)).rejects.toMatchObject({ code: 'target_refused', hint: expect.stringContaining('15 to 18') })
  await expect(loadAnalyzer(19)).rejects.toMatchObject({ code: 'target_refused' })
})

test('one analyzer serves all connections to a major', async () => {
  expect(await loadAnalyzer(17)).toBe(await loadAnalyzer(17))
})

describe.each(majors)('PostgreSQL %i', (major) => {
  let analyzer: Analyzer
  beforeAll(async () => { analyzer = await loadAnalyzer(major) })

  test.each(rows.filter(({ from = 0 }) => from <= major))('$sql', (row) => {
    const [statement, ...more] = all(analyzer, row.sql)
    expect(more).toEqual([])
    const { redacted, ...facts } = statement!
    expect(redacted).toEqual(expect.any(String))
    const effectful = row.effectful ?? []
    expect(facts).toEqual({
      text: row.sql,
      sha256: createHash('sha256').update(row.sql).digest('hex'),
      verb: row.verb,
      effects: row.effects === '' ? [] : row.effects.split(' '),
      relations: row.relations ?? [],
      functions: row.functions ?? [],
      ...(effectful === 'absent' ? {} : { effectful }),
      flags: row.flags ?? [],
      ...row.relay
    })
  })

  test('a string of several statements is cut by bytes, not characters', () => {
    const pieces = ['SELECT \'é\' -- ü;', 'DELETE FROM größe WHERE x = \'😀;\'', 'SELECT 2']
    const statements = all(analyzer, `${pieces[0]}\n;${pieces[1]};  ${pieces[2]} ; `)
    expect(statements.map(({ text }) => text.trim())).toEqual([pieces[0], pieces[1], pieces[2]])
    expect(statements.map(({ verb }) => verb)).toEqual(['SELECT', 'DELETE', 'SELECT'])
    expect(statements.every(({ flags }) => flags.includes('multiple'))).toBe(true)
    expect(statements.map(({ sha256 }) => sha256)).toEqual(statements.map(({ text }) => createHash('sha256').update(text).digest('hex')))
  })

  test('one statement keeps the whole text, semicolon and comments included', () => {
    expect(all(analyzer, '/* a */ SELECT 1; -- b').map(({ text, flags }) => ({ text, flags }))).toEqual([{ text: '/* a */ SELECT 1; -- b', flags: [] }])
  })

  test.each(['', ' \n\t', ';', ' ; ;; ', '-- only a comment', '/* /* nested */ */'])('%j is no statement', (sql) => {
    expect(analyzer.analyze(sql)).toEqual({ type: 'statements', statements: [] })
  })

  test.each(['SELEC 1', 'SELECT \'never ends', 'SELECT $$never ends', 'SELECT 1 /* never ends', 'SELECT (', 'DROP', '\u00a0', 'SELECT "', '{call f()}'])(
    '%j is a syntax error of which nothing is shown',
    (sql) => {
      expect(analyzer.analyze(sql)).toEqual({
        type: 'syntax_error',
        statement: {
          text: sql,
          sha256: createHash('sha256').update(sql).digest('hex'),
          verb: 'SYNTAX ERROR',
          effects: ['unknown'],
          relations: [],
          functions: [],
          flags: ['syntax_error']
        }
      })
    }
  )
})

test('every kind of statement the table knows is met by some row', async () => {
  const met = new Set<string>()
  for (const parser of await Promise.all(majors.map(loadParser))) {
    for (const { sql } of rows) {
      const parsed = parser.parse(sql)
      if (parsed.type === 'tree') some(parsed.statements.map(({ tree }) => tree), (tree) => { for (const key in tree) met.add(key); return false })
    }
  }
  expect(Object.keys(statements).filter((kind) => !met.has(kind))).toEqual([])
})
