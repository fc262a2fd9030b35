import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { analyze } from '../../../server/masking/postgres/analyze.ts'
import { unknownIn } from '../../../server/masking/postgres/fields.ts'
import type { Finding } from '../../../server/masking/postgres/finding.ts'
import { judge } from '../../../server/masking/postgres/judge.ts'
import { sessionCatalog } from '../../../server/masking/postgres/session-catalog.ts'
import { whole } from '../../../server/masking/slices.ts'
import type { World } from '../../../server/masking/postgres/world.ts'
import { majors, type Parser } from '../../../server/sql/postgres/parser.ts'
import { Twins } from '../../twins/twins.ts'
import { policy, short } from './kinds.ts'
import { rows } from './verdicts.table.ts'
import { one, parserOf, worldOf } from './world.ts'

let twins: Twins
beforeAll(async () => { twins = await Twins.start() })
afterAll(() => twins.stop())

function find(sql: string, world: Partial<World> = {}): Finding {
  return analyze(one(twins.parser, sql)!, { ...twins.world, ...world })
}

describe.each(majors)('as PostgreSQL %i reads it', (major) => {
  let [world, parser]: [World?, Parser?] = []
  beforeAll(async () => { [world, parser] = [await worldOf(twins.world.catalog, major), await parserOf(major)] })

  test.each(rows.filter(({ from }) => from <= major))('$group: $sql is $expected', ({ sql, expected }) => {
    const tree = one(parser!, sql)
    expect(tree).toBeDefined()
    expect(short(analyze(tree!, world!))).toBe(expected)
  })
})

describe('what is not understood', () => {
  test('a field this analysis was not written for makes a statement opaque, as that of the next PostgreSQL would', () => {
    const tree = one(twins.parser, 'UPDATE clinic.notes SET kind = \'x\' RETURNING body')!
    const { returningList, ...update } = tree.UpdateStmt as Record<string, unknown>
    const moved = { UpdateStmt: { ...update, returningClause: { exprs: returningList } } }
    expect(unknownIn(moved, 15)).toBe('UpdateStmt.returningClause')
    expect(short(analyze(moved, twins.world))).toBe('hold - opaque')
  })

  test('syntax of another major is opaque: each has its own name for the rows a clause of MERGE is for, and only some have JSON_TABLE', async () => {
    const [old, now] = [await parserOf(15), await parserOf(17)]
    const sql = 'MERGE INTO kv USING codes c ON k = c.code WHEN MATCHED THEN DELETE'
    expect([unknownIn(one(old, sql)!, 15), unknownIn(one(now, sql)!, 17)]).toEqual([undefined, undefined])
    expect(unknownIn(one(old, sql)!, 17)).toBe('MergeWhenClause.matched')
    expect(unknownIn(one(now, sql)!, 16)).toBe('MergeWhenClause.matchKind')
    expect(unknownIn(one(now, 'SELECT * FROM json_table(\'[]\', \'$\' COLUMNS (a int))')!, 16)).toBe('JsonTable.context_item')
    expect(unknownIn(one(now, `${sql} RETURNING k`)!, 18)).toBe('MergeStmt.returningList')
  })

  test('a kind of row, or an action, that MERGE does not have yet is opaque', () => {
    const tree = one(twins.parser, 'MERGE INTO kv USING codes c ON k = c.code WHEN MATCHED THEN DELETE')!
    const clauses = (clause: object) => ({ MergeStmt: { ...tree.MergeStmt as object, mergeWhenClauses: [{ MergeWhenClause: clause }] } })
    const world = { ...twins.world, without: new Set(['fields']) }
    expect(short(analyze(clauses({ matched: true, commandType: 'CMD_DELETE' }), world))).toBe('allow -')
    expect(short(analyze(clauses({ matched: true, commandType: 'CMD_NEW' }), world))).toBe('hold - opaque')
    expect(short(analyze(clauses({ matchKind: 'MERGE_WHEN_NEW', commandType: 'CMD_DELETE' }), world))).toBe('hold - opaque')
  })

  test('an unknown kind, a list of something else and a tree that makes no sense are opaque, never thrown', () => {
    const column = { ResTarget: { val: { NewExpr: {} } } }
    const senseless = [
      {},
      { NewStmt: {} },
      { SelectStmt: { targetList: [column] } },
      { SelectStmt: { targetList: [1] } },
      { SelectStmt: null }
    ]
    for (const tree of senseless) {
      expect(analyze(tree, twins.world)).toMatchObject({ opaque: [expect.any(String)], reached: true })
    }
  })

  test('a statement nested deeper than it can be followed is opaque', () => {
    let expression: Record<string, unknown> = { A_Const: { ival: { ival: 1 } } }
    for (let depth = 0; depth < 100_000; depth++) expression = { CollateClause: { arg: expression, collname: [] } }
    expect(analyze({ SelectStmt: { targetList: [{ ResTarget: { val: expression } }] } }, twins.world).opaque).toEqual(['the analysis could not follow it'])
  })
})

test.each([
  ['arrays within arrays', (inner: string) => `(1 = ANY (ARRAY[${inner}]))::int`],
  ['rows within rows', (inner: string) => `(ROW(1, ${inner}) = ROW(1, 1))::int`],
  ['aggregates within subqueries', (inner: string) => `(SELECT count(${inner}) FILTER (WHERE true))`],
  ['recursive queries within each other', (inner: string) => `(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT ${inner} FROM r WHERE n < 2) SELECT n FROM r LIMIT 1)`]
])('%s do not take longer than they are long', (_, wrap) => {
  let expression = '1'
  for (let depth = 0; depth < 30; depth++) expression = wrap(expression)
  const begun = performance.now()
  find(`SELECT ${expression}`)
  expect(performance.now() - begun).toBeLessThan(5_000)
})

describe('what explains a finding', () => {
  test('the way of a value, from the stored column on', () => {
    const { columns } = find('SELECT substr(s, 1, 3) AS t FROM (SELECT ssn AS s FROM clinic.patients) x')
    expect(columns).toEqual([{ name: 't', labels: new Set(['clinic.patients.ssn']), path: ['patients.ssn', 's', 'x.s', 'substr(x.s)', 't'] }])
  })

  test('a column that is a stored one says which', () => {
    const [column] = find('SELECT p.ssn FROM clinic.v_patients v JOIN clinic.patients p USING (id)').columns!
    const patients = [...twins.world.catalog.relations.values()].find(({ name, schema }) => name === 'patients' && schema === 'clinic')!
    expect(column).toMatchObject({ identity: 'clinic.patients.ssn', origin: { relation: patients.oid, attnum: 4 } })
  })

  test('a partition has the label of its parent, a view that of what it reads', () => {
    const labels = (sql: string) => find(sql).columns!.map((column) => [...column.labels])
    expect(labels('SELECT diagnosis FROM clinic.visits_2026_h1')).toEqual([['clinic.visits.diagnosis']])
    expect(labels('SELECT number FROM clinic.v_patients')).toEqual([['clinic.patients.ssn']])
  })

  test('the values that are looked up', () => {
    const asked = (sql: string) => judge(find(sql), policy).asked
    expect(asked('SELECT 1 FROM clinic.patients WHERE email IN (\'a\', $2)')).toEqual([{ labels: ['clinic.patients.email'], values: ['a', { parameter: 2 }] }])
    expect(asked('SELECT 1 FROM clinic.patients WHERE ssn_num = 5')).toEqual([{ labels: ['clinic.patients.ssn_num'], values: ['5'] }])
    expect(asked('UPDATE clinic.staff SET ssn = \'x\', room = 2 WHERE id = 1').map(({ values }) => values)).toEqual([['x'], ['2'], ['x']])
  })

  test('every relation below a view, and that protected ones are reached', () => {
    const names = (sql: string) => find(sql).relations.map(({ name }) => name).sort()
    expect(names('SELECT id FROM clinic.v_deep')).toEqual(['patients', 'v_deep', 'v_patients', 'visits'])
    expect(find('SELECT id FROM clinic.v_deep').reached).toBe(true)
    expect(find('SELECT * FROM clinic.v_rooms')).toMatchObject({ reached: false, flows: [], opaque: [] })
  })
})

describe('what a session has made', () => {
  test('a cursor keeps its columns for FETCH, and MOVE has none', () => {
    const declared = find('DECLARE c CURSOR FOR SELECT id, ssn FROM clinic.patients')
    const world = { cursors: new Map([['c', declared]]) }
    expect(short(find('FETCH 3 FROM c', world))).toBe('allow .M')
    expect(short(find('MOVE 3 FROM c', world))).toBe('allow -')
    expect(short(find('FETCH 3 FROM other', world))).toBe('hold - opaque')
  })

  test('the row a cursor is at may be changed where the cursor is one of that table; what decides the cursor\'s rows decides that', () => {
    const declare = (query: string) => ({ cursors: new Map([['c', find(`DECLARE c CURSOR FOR ${query}`)]]) })
    const change = 'UPDATE clinic.notes SET kind = \'x\' WHERE CURRENT OF c RETURNING id, body'
    expect(short(find(change, declare('SELECT * FROM clinic.notes')))).toBe('allow .M')
    expect(short(find('DELETE FROM kv WHERE CURRENT OF c', declare('SELECT k FROM kv FOR UPDATE')))).toBe('allow -')
    expect(short(find(change, declare('SELECT * FROM clinic.rooms')))).toBe('hold .M opaque')
    expect(short(find('UPDATE clinic.notes SET kind = \'x\' WHERE CURRENT OF d', declare('SELECT * FROM clinic.notes')))).toBe('hold - opaque')
    expect(short(find(change, declare('SELECT * FROM clinic.notes WHERE body > \'x\'')))).toBe('hold .M other')
    expect(short(find(change, declare('SELECT * FROM clinic.notes WHERE body = \'x\'')))).toBe('allow .M lookup')
    // Which value that asks for is not known here.
    expect(short(find(change, declare('SELECT * FROM clinic.notes WHERE body = $1')))).toBe('hold .M lookup')
    expect(short(find(change, declare('SELECT id FROM clinic.notes, nowhere')))).toBe('hold .M opaque')
    expect(short(find('UPDATE clinic.notes SET kind = body WHERE CURRENT OF c', declare('SELECT * FROM clinic.notes')))).toBe('deny - launder')
  })

  test('a prepared statement is judged with the values it is given', () => {
    const prepared = new Map([['q', find('PREPARE q(text) AS SELECT ssn FROM clinic.patients WHERE email = $1')]])
    const executed = find('EXECUTE q(\'x\')', { prepared })
    expect(short(executed)).toBe('allow M lookup')
    expect(executed.flows[0]!.asked).toEqual(['x'])
    expect(short(find('CREATE TABLE stolen AS EXECUTE q(\'x\')', { prepared }))).toBe('deny - launder lookup')
  })

  test('a temporary table hides the stored one of its name, unless the path has its schema further behind', () => {
    const { catalog } = twins.world
    const patients = catalog.relationsByName.get('patients')!.find(({ schema }) => schema === 'clinic')!
    const nothingOwn = { ...catalog, functionsByOid: new Map(), types: new Map(), operators: new Map(), casts: [] }
    const own = { ...patients, oid: 999_999, schema: 'pg_temp_3', policies: [] }
    const nothing = { relations: new Set<number>(), types: new Set<number>() }
    const mine = whole(sessionCatalog(catalog, { ...nothingOwn, relations: new Map([[own.oid, own]]) }, nothing))
    const seen = (sql: string, ...searchPath: string[]) => short(find(sql, { catalog: mine, searchPath }))
    expect(seen('SELECT ssn FROM patients', 'clinic')).toBe('allow .')
    expect(seen('SELECT ssn FROM patients', 'pg_temp_3', 'pg_catalog', 'clinic')).toBe('allow .')
    expect(seen('SELECT ssn FROM patients', 'pg_catalog', 'clinic', 'pg_temp_3')).toBe('allow M')
    expect(seen('SELECT ssn FROM pg_temp.patients', 'pg_catalog', 'clinic', 'pg_temp_3')).toBe('allow .')
    expect(seen('SELECT ssn FROM clinic.patients', 'pg_temp_3', 'pg_catalog', 'clinic')).toBe('allow M')
  })

  test('what the server says a name means is believed, and a name it does not know is opaque', () => {
    const rooms = [...twins.world.catalog.relations.values()].find(({ name }) => name === 'rooms')!
    expect(short(find('SELECT * FROM patients', { resolve: () => rooms.oid }))).toBe('allow ...')
    expect(short(find('SELECT * FROM patients', { resolve: () => undefined }))).toBe('hold  opaque')
  })

  test('vouching for a function, a view or row security lets it through, and masks what it shows all the same', () => {
    const { catalog } = twins.world
    const vouch = (...oids: number[]) => ({ vouched: new Set(oids) })
    const relation = (wanted: string) => [...catalog.relations.values()].find(({ name }) => name === wanted)!.oid
    expect(short(find('SELECT clinic.ssn_of(1)', vouch(catalog.functions.get('ssn_of')![0]!.oid)))).toBe('allow .')
    expect(short(find('SELECT * FROM clinic.v_filtered', vouch(relation('v_filtered'))))).toBe('allow ..')
    expect(short(find('SELECT * FROM clinic.v_deep', vouch(relation('v_deep'))))).toBe('allow .RM')
    expect(short(find('SELECT * FROM clinic.secured', vouch(relation('secured'))))).toBe('allow ...')
  })
})
