// What the tables say of PostgreSQL's own functions, against real servers: none is missing, and none that is called harmless ever fails.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtinClass, harmlessArguments, isHarmless, isHarmlessCast, isHarmlessOperand } from '../../../server/masking/postgres/functions.ts'
import { reviewedClass } from '../../../server/masking/postgres/builtin-classes.ts'
import { harmlessNames } from '../../../server/masking/postgres/totality.ts'
import { TestPostgres } from '../../support/postgres.ts'
import { findServer } from '../../support/postgres-server.ts'
import { anyTypes, extremes, literal } from './extremes.ts'

const majors = [...new Set([findServer().major, findServer({ server: 'embedded' }).major])]

test.each([
  ['query_to_xml', 'never'],
  ['table_to_xml_and_xmlschema', 'never'],
  ['ts_stat', 'never'],
  ['ts_rewrite', 'never'],
  ['lo_get', 'never'],
  ['pg_read_file', 'never'],
  ['pg_ls_dir', 'never'],
  ['pg_stat_get_activity', 'never'],
  ['domain_in', 'never'],
  ['record_in', 'never'],
  ['pg_logical_slot_get_changes', 'never'],
  ['pg_input_is_valid', 'never'],
  ['dblink', 'unknown'],
  ['no_such_function', 'unknown'],
  ['toString', 'unknown'],
  ['constructor', 'unknown'],
  ['set_config', 'acts on constants'],
  ['pg_notify', 'acts on constants'],
  ['nextval', 'acts'],
  ['setval', 'acts'],
  ['pg_sleep', 'acts'],
  ['pg_advisory_lock', 'acts'],
  ['currval', 'safe'],
  ['upper', 'safe'],
  ['now', 'safe'],
  ['pg_get_viewdef', 'safe'],
  ['count', 'aggregate'],
  ['lag', 'window']
])('%s is %s', (name, kind) => {
  for (const major of [15, 16, 17, 18]) expect(builtinClass(name, major)).toBe(kind)
})

test('a function that only some majors have is unknown to the others', () => {
  expect([15, 16, 17, 18].map((major) => builtinClass('array_sort', major))).toEqual(['unknown', 'unknown', 'unknown', 'safe'])
})

test.each([
  ['to_char', 1],
  ['date_trunc', 0],
  ['date_trunc', 1],
  ['format', 0],
  ['format', 1],
  ['jsonb_build_object', 0],
  ['json_build_object', 2],
  ['array_agg', 0],
  ['substr', 1],
  ['left', 1],
  ['repeat', 0],
  ['age', 0],
  ['abs', 0],
  ['to_tsvector', 0],
  ['sum', 0],
  ['lag', 1],
  ['regexp_match', 1],
  ['toString', 0]
])('a protected value in %s, argument %i, is not harmless without more', (name, position) => {
  const unknown = { types: [undefined, undefined, undefined], constants: [undefined, undefined, undefined] }
  expect(isHarmless(name, position, unknown)).toBe(false)
  const positions = harmlessArguments(name)
  expect(positions === 'all' || (positions?.has(position) ?? false)).toBe(false)
})

test('an array of arrays, `||` of arrays, a json\'s member, a number met by a float are not harmless', () => {
  const view = (...types: (string | undefined)[]) => ({ types, constants: types.map(() => undefined) })
  expect(isHarmless('array_agg', 0, view('text'))).toBe(true)
  expect(isHarmless('array_agg', 0, view('_text'))).toBe(false)
  expect(isHarmlessOperand('||', 0, view('text', 'text'))).toBe(true)
  expect(isHarmlessOperand('||', 0, view('_text', '_text'))).toBe(false)
  expect(isHarmlessOperand('||', 0, view('_text', 'unknown'))).toBe(false)
  expect(isHarmlessOperand('||', 0, view('jsonb', 'jsonb'))).toBe(false)
  expect(isHarmlessOperand('||', 0, view(undefined, 'text'))).toBe(false)
  expect(isHarmlessOperand('->>', 0, view('json', 'text'))).toBe(false)
  expect(isHarmlessOperand('=', 0, view('numeric', 'float8'))).toBe(false)
  expect(isHarmlessOperand('~~', 1, view('text', 'text'))).toBe(false)
  expect(isHarmlessOperand('/', 0, view('int4', 'int4'))).toBe(false)
  expect(isHarmlessCast('text', 'int4', false)).toBe(false)
  expect(isHarmlessCast(undefined, 'date', false)).toBe(false)
  expect(isHarmlessCast('date', 'timestamp', false)).toBe(false)
  expect(isHarmlessCast('numeric', 'numeric', true)).toBe(false)
})

describe.each(majors)('on a server of PostgreSQL %i', (major) => {
  let server: TestPostgres
  /** Those that this major knows. */
  const values: Record<string, readonly string[]> = {}

  beforeAll(async () => {
    server = await TestPostgres.start({ major, logStatements: false, settings: { timezone: 'Asia/Kolkata' } })
    // What happens, as an SQLSTATE; 00000 for nothing.
    await server.query(`CREATE FUNCTION public.try(q text) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN EXECUTE q; RETURN '00000'; EXCEPTION WHEN others THEN RETURN SQLSTATE; END $$`)
    for (const [type, all] of Object.entries(extremes)) {
      const known = await attempt(all.map((value) => `SELECT ${literal(value, type)}`))
      values[type] = all.filter((_, at) => known[at] === '00000')
    }
  }, 60_000)
  afterAll(() => server.stop())

  async function attempt(queries: readonly string[]): Promise<string[]> {
    const said: string[] = []
    for (let at = 0; at < queries.length; at += 500) {
      const rows = await server.query('SELECT public.try(q) AS s FROM unnest($1::text[]) WITH ORDINALITY u(q, n) ORDER BY n', {
        parameters: [queries.slice(at, at + 500)]
      })
      said.push(...rows.map(({ s }) => s as string))
    }
    return said
  }

  /** One protected place: the same statement with every value there. None may fare otherwise than the others. */
  async function expectSame(places: readonly (readonly string[])[]): Promise<void> {
    const said = await attempt(places.flat())
    const wrong: string[] = []
    let [at, succeeded] = [0, 0]
    for (const place of places) {
      const states = said.slice(at, at += place.length)
      if (states[0] === '00000') succeeded++
      const other = states.findIndex((state) => state !== states[0])
      if (other > 0) wrong.push(`${place[0]!.slice(0, 120)}: ${states[0]}, but ${place[other]!.slice(0, 160)}: ${states[other]}`)
    }
    expect(wrong).toEqual([])
    // Else it tests nothing.
    expect(succeeded).toBeGreaterThan(places.length / 10)
  }

  test('every function that is not immutable has been looked at', async () => {
    const rows = await server.query(`SELECT DISTINCT proname FROM pg_proc WHERE oid < 16384 AND provolatile <> 'i'
      AND NOT 'internal'::regtype = ANY (proargtypes::oid[])`)
    expect(rows.map(({ proname }) => proname as string).filter((name) => reviewedClass(name) === undefined)).toEqual([])
  })

  test('what no table names and is called safe is immutable in every overload', async () => {
    const rows = await server.query(`SELECT proname, bool_and(provolatile = 'i') AS immutable FROM pg_proc WHERE oid < 16384 GROUP BY 1`)
    const safe = rows.filter(({ proname }) => reviewedClass(proname as string) === undefined && builtinClass(proname as string, major) === 'safe')
    expect(safe.length).toBeGreaterThan(1_000)
    expect(safe.filter(({ immutable }) => immutable !== true)).toEqual([])
  })

  test('aggregates and window functions are called that, and nothing else is', async () => {
    const rows = await server.query(`SELECT DISTINCT proname, prokind::text FROM pg_proc WHERE oid < 16384`)
    const wrong = rows.filter(({ proname, prokind }) => {
      const kind = builtinClass(proname as string, major)
      return (kind === 'aggregate' || kind === 'window') !== (prokind === 'a' || prokind === 'w')
    })
    expect(wrong).toEqual([])
  })

  test('no function with harmless arguments returns a set', async () => {
    const rows = await server.query('SELECT DISTINCT proname FROM pg_proc WHERE oid < 16384 AND proretset')
    expect(rows.map(({ proname }) => proname as string).filter((name) => harmlessNames.has(name))).toEqual([])
  })

  test('no value of any type changes whether a call with it in a harmless place fails', async () => {
    const rows = await server.query(`SELECT proname, prokind::text, provariadic <> 0 AS variadic,
        ARRAY(SELECT t.typname::text FROM unnest(proargtypes::oid[]) WITH ORDINALITY a(oid, n) JOIN pg_type t ON t.oid = a.oid ORDER BY n) AS types
      FROM pg_proc p WHERE oid < 16384 AND proname = ANY ($1) AND NOT EXISTS (SELECT FROM pg_aggregate WHERE aggfnoid = p.oid AND aggkind <> 'n')`, { parameters: [[...harmlessNames]] })
    const places: string[][] = []
    for (const { proname, prokind, variadic, types } of rows as unknown as Overload[]) {
      for (const concrete of signatures(types, variadic)) places.push(...placesOf(proname, prokind, concrete, values))
    }
    expect(places.length).toBeGreaterThan(500)
    await expectSame(places)
  }, 300_000)

  test('no value of any type changes whether an operator with it on a harmless side fails', async () => {
    const operators = ['=', '<>', '<', '>=', '~~', '!~~*', '~', '^@', '||', '->', '->>', '#>', '#>>', '?', '?|', '@>', '<@']
    const places: string[][] = []
    for (const operator of operators) {
      for (const left of Object.keys(extremes)) {
        for (const right of Object.keys(extremes)) {
          for (const position of [0, 1] as const) {
            if (!isHarmlessOperand(operator, position, { types: [left, right], constants: [undefined, undefined] })) continue
            const [type, other] = position === 0 ? [left, right] : [right, left]
            for (const fixed of values[other]!.slice(0, 4)) {
              places.push(values[type]!.map((value) => {
                const sides = [literal(value, type), literal(fixed, other)]
                return `SELECT ${sides[position]} ${operator} ${sides[1 - position]}`
              }))
            }
          }
        }
      }
    }
    // Most pairs of types have no such operator: those fail alike, before any value is looked at.
    const exists = await attempt(places.map(([first]) => first!))
    await expectSame(places.filter((_, at) => exists[at] !== '42883'))
  }, 300_000)

  test.runIf(major >= 17)('no document fails on a plain path, unless the statement asks for that (JSON_VALUE is of PostgreSQL 17)', async () => {
    const paths = ['$', '$.a', 'lax $.a.b', '$.a[0]', '$[1].a', '$[*]', '$.a[*].b']
    const behaviours = [
      ...['', ' NULL ON ERROR', ' NULL ON EMPTY'].flatMap((behaviour) => ['json_value', 'json_query'].map((name) => [name, behaviour] as const)),
      ...['', ' TRUE ON ERROR', ' UNKNOWN ON ERROR'].map((behaviour) => ['json_exists', behaviour] as const),
      ...[' EMPTY ARRAY ON EMPTY', ' EMPTY OBJECT ON ERROR'].map((behaviour) => ['json_query', behaviour] as const)
    ]
    const places = behaviours.flatMap(([name, behaviour]) => paths.map((path) =>
      values.jsonb!.map((value) => `SELECT ${name}(${literal(value, 'jsonb')}, '${path}'${behaviour})`)))
    await expectSame(places)
  }, 60_000)

  test('every type has values', () => {
    expect(Object.entries(values).filter(([, known]) => known.length < 2)).toEqual([])
  })

  test('no value fails a harmless conversion', async () => {
    const targets = [...Object.keys(extremes)]
    const places = targets.flatMap((source) => targets.filter((target) => isHarmlessCast(source, target, false))
      .map((target) => values[source]!.map((value) => `SELECT ${literal(value, source)}::${target.startsWith('_') ? `${target.slice(1)}[]` : target === 'char' ? '"char"' : target}`)))
    expect(places.length).toBeGreaterThan(100)
    await expectSame(places)
  }, 60_000)
})

interface Overload {
  readonly proname: string
  readonly prokind: string
  readonly variadic: boolean
  readonly types: readonly string[]
}

/** With concrete types for "any", the same at each place; variadic functions with one and with two arguments there. */
function signatures(types: readonly string[], variadic: boolean): string[][] {
  const last = types.at(-1)
  const open = variadic && last !== undefined ? [...types.slice(0, -1), last === 'any' ? last : last.replace(/^_/, '')] : [...types]
  const polymorphic = open.find((type) => type in anyTypes)
  const concrete = polymorphic === undefined
    ? [open]
    : anyTypes[polymorphic]!.map((one) => open.map((type) => {
        if (!(type in anyTypes)) return type
        return type.endsWith('array') && !one.startsWith('_') ? `_${one}` : one
      }))
  const all = variadic ? [...concrete, ...concrete.map((one) => [...one, one.at(-1)!])] : concrete
  return all.filter((one) => one.every((type) => type in extremes))
}

/** Constants at the other places: ordinary ones, and some with which the call fails whatever the value. */
const fields = ['year', 'month', 'day', 'hour', 'minute', 'second', 'milliseconds', 'timezone_hour', 'timezone_minute', 'microseconds', 'epoch', 'julian', 'dow', 'isodow', 'isoyear', 'week', 'quarter', 'century', 'millennium', 'decade', 'doy', 'timezone', 'bogus']
const fixedFor: Readonly<Record<string, readonly (readonly string[] | undefined)[]>> = {
  extract: [fields],
  date_part: [fields],
  to_char: [undefined, ['YYYY-MM-DD HH24:MI:SS.US TZ', 'Day Month RM', 'IYYY-IW-ID J Q CC Y,YYY', 'TMMon FMDDth SSSS', 'HH12 AM BC OF TZH']],
  encode: [undefined, ['hex', 'base64', 'escape', 'bogus']],
  replace: [undefined, ['-', 'ab'], ['', 'x']],
  regexp_replace: [undefined, ['[^0-9]', '(a|b)*', '(', '.'], [''], ['g', 'i']],
  regexp_match: [undefined, ['[0-9]+', '(a)|(b)', '(', '.*?$'], ['i', 'n']],
  regexp_like: [undefined, ['[0-9]+', '(', '.*?$'], ['i']],
  regexp_count: [undefined, ['[0-9]+', '.'], ['1', '3'], ['i']],
  regexp_substr: [undefined, ['[0-9]+', '.'], ['1', '3'], ['1'], ['i'], ['0']],
  regexp_instr: [undefined, ['[0-9]+', '.'], ['1', '3'], ['1'], ['0', '1'], ['i'], ['0']],
  substring: [undefined, ['[0-9]+', '%#"b#"%', '1', '0', '-1'], ['#', '2', '-1']],
  split_part: [undefined, ['-', ''], ['1', '-1', '0', '9']],
  left: [undefined, ['3', '-3', '0']],
  right: [undefined, ['3', '-3', '0']],
  substr: [undefined, ['1', '0', '-5'], ['2', '0', '-1']],
  lpad: [undefined, ['10', '0', '-1'], ['*', '']],
  rpad: [undefined, ['10', '0', '-1'], ['*', '']]
}

function placesOf(name: string, kind: string, types: readonly string[], known: Readonly<Record<string, readonly string[]>>): string[][] {
  const choices = types.map((type, at) => (fixedFor[name]?.[at] ?? known[type]!.slice(0, 3)).filter((value) => type !== 'int4' || /^-?\d+$/.test(value)))
  const places: string[][] = []
  for (const position of types.keys()) {
    for (const fixed of products(choices.map((values, at) => at === position ? [''] : values)).slice(0, 40)) {
      const constants = types.map((_, at) => at === position ? undefined : fixed[at])
      if (!isHarmless(name, position, { types, constants })) continue
      const args = (value: string) => types.map((type, at) => literal(at === position ? value : fixed[at]!, type)).join(', ')
      const values = known[types[position]!]!
      places.push(values.map((value) => `SELECT ${name}(${args(value)})${kind === 'w' ? ' OVER ()' : ''}`))
      // Several rows together, in two orders; next to one that has a single row.
      if (kind === 'a') {
        const rows = (order: readonly string[]) => `SELECT ${name}(${types.map((type, at) => at === position ? 'v' : literal(fixed[at]!, type)).join(', ')})
          FROM (VALUES ${order.map((value) => `(${literal(value, types[position]!)})`).join(', ')}) t(v)`
        places.push([rows(values.slice(0, 1)), rows(values), rows(values.toReversed()), rows(values.flatMap((value) => [value, value]))])
      }
    }
  }
  return places
}

function products(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>((done, list) => done.flatMap((before) => list.map((value) => [...before, value])), [[]])
}
