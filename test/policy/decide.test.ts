import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { access } from '../../server/policy/access.ts'
import { compile } from '../../server/policy/decide.ts'
import { parsePolicy, policySchema } from '../../server/policy/rules.ts'
import { loadAnalyzer, type Analyzer } from '../../server/sql/postgres/index.ts'
import type { Decision, Effect, Principal, StatementOperation, Target } from '../../shared/model.ts'

const alice: Principal = { issuer: 'https://idp', subject: 'alice', groups: ['engineers'], kind: 'human' }
const bot: Principal = { issuer: 'https://idp', subject: 'bot', groups: ['engineers'], kind: 'agent' }
const prod: Target = { name: 'prod-db', protocol: 'postgres', address: 'h:1', tls: 'disable', labels: { env: 'prod' } }
const test1: Target = { ...prod, name: 'test-db', labels: { env: 'test' } }

let analyzer: Analyzer
beforeAll(async () => { analyzer = await loadAnalyzer(17) })

const policyOf = (...rules: unknown[]) => parsePolicy(policySchema.parse(rules))

/** As the relay would ask: read by the real parser. */
function operation(sql: string, step: StatementOperation['step'] = 'execute'): StatementOperation {
  const analysis = analyzer.analyze(sql)
  const { copy: _, prepares: __, executes: ___, deallocates: ____, ...facts } = analysis.type === 'statements' ? analysis.statements[0]! : analysis.statement
  return { kind: 'statement', step, parameters: [], ...facts }
}

function decide(rules: readonly unknown[], sql: string, principal = alice, target = prod): Decision {
  return compile(policyOf(...rules), principal, target)(operation(sql), { now: 0 })
}

/** For alice on prod-db, at a moment that no rule of these tests minds. */
function askedOf(...rules: readonly unknown[]) {
  const compiled = compile(policyOf(...rules), alice, prod)
  return (one: StatementOperation) => compiled(one, { now: 0 })
}

function outcome(decision: Decision): string {
  return `${decision.action} by ${decision.rule}`
}

const readers = { name: 'readers', who: { group: 'engineers' }, targets: { env: 'prod' }, effects: ['read', 'session'], then: 'allow' }
const writers = { name: 'writers', effects: ['write'], then: 'allow' }
const noDdl = { name: 'no DDL', effects: ['schema', 'privilege'], then: 'deny', reason: 'schema changes go through a migration' }
const everything = { name: 'everything', then: 'allow' }

describe('the strictest rule decides', () => {
  const rules = [everything, readers, noDdl]
  test.each([
    ['SELECT 1', 'allow by everything'],
    ['DROP TABLE a', 'deny by no DDL'],
    ['GRANT SELECT ON a TO bob', 'deny by no DDL'],
    ['CREATE TABLE a AS SELECT 1', 'deny by no DDL'],
    ['DO $$ $$', 'allow by everything']
  ])('%s', (sql, expected) => {
    expect(outcome(decide(rules, sql))).toBe(expected)
    expect(outcome(decide([...rules].reverse(), sql)).split(' ')[0]).toBe(expected.split(' ')[0])
  })

  test('a refusal tells the reason and the rule', () => {
    expect(decide(rules, 'DROP TABLE a')).toEqual({ action: 'deny', rule: 'no DDL', reason: 'schema changes go through a migration (rule "no DDL")' })
    expect(decide([everything, { name: 'quiet', effects: ['write'], then: 'deny' }], 'DELETE FROM public.visits')).toEqual({
      action: 'deny',
      rule: 'quiet',
      reason: 'write public.visits is refused here (rule "quiet")'
    })
  })
})

describe('what no rule allows is denied, and says what is missing', () => {
  test.each<[string, string]>([
    ['UPDATE public.visits SET a = 1', 'no rule lets you write public.visits on "prod-db"'],
    ['DELETE FROM a USING b WHERE a.x = b.x', 'no rule lets you write a, b on "prod-db"'],
    ['TRUNCATE a, b, c, d, e', 'no rule lets you write a, b, c and 2 more on "prod-db"'],
    ['CREATE SCHEMA s', 'no rule lets you change the schema (CREATE SCHEMA) on "prod-db"'],
    ['ALTER TABLE a OWNER TO b', 'no rule lets you change the schema of a and change privileges or the server (ALTER TABLE) on "prod-db"'],
    ['SELECT mine(1)', 'no rule lets you run what cannot be proven harmless (calls mine) on "prod-db"'],
    ['DO $$ $$', 'no rule lets you run what cannot be proven harmless (DO) on "prod-db"'],
    ['SET role = bob', 'no rule lets you change privileges or the server (SET) on "prod-db"']
  ])('%s', (sql, reason) => {
    expect(decide([readers], sql)).toEqual({ action: 'deny', rule: 'built-in: nothing allows it', reason })
  })
})

describe('every effect has to be allowed, by one rule or several', () => {
  test.each([
    ['INSERT INTO a SELECT * FROM b', [readers], 'deny by built-in: nothing allows it'],
    ['INSERT INTO a SELECT * FROM b', [writers], 'deny by built-in: nothing allows it'],
    ['INSERT INTO a SELECT * FROM b', [readers, writers], 'allow by readers + writers'],
    ['INSERT INTO a VALUES (1)', [readers, writers], 'allow by writers'],
    ['WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x', [readers], 'deny by built-in: nothing allows it'],
    ['EXPLAIN ANALYZE DELETE FROM a', [readers], 'deny by built-in: nothing allows it'],
    ['EXPLAIN DELETE FROM a', [readers], 'allow by readers'],
    ['COPY (DELETE FROM a RETURNING 1) TO STDOUT', [readers], 'deny by built-in: nothing allows it'],
    ['PREPARE p AS DELETE FROM a', [readers], 'deny by built-in: nothing allows it']
  ] as const)('%s', (sql, rules, expected) => {
    expect(outcome(decide(rules, sql))).toBe(expected)
  })

  test('one effect of several is enough to be refused', () => {
    expect(outcome(decide([everything, { name: 'no writes', effects: ['write'], then: 'deny' }], 'INSERT INTO a SELECT * FROM b'))).toBe('deny by no writes')
  })
})

describe('relations', () => {
  const clinic = { name: 'clinic', effects: ['read', 'write'], relations: ['clinic.*', '*.visits'], then: 'allow' }
  test.each([
    ['SELECT * FROM clinic.a', 'allow'],
    ['SELECT * FROM clinic.a JOIN clinic.b USING (id)', 'allow'],
    ['SELECT * FROM clinic.a JOIN public.b USING (id)', 'deny'],
    ['SELECT * FROM a', 'deny'],
    ['SELECT * FROM visits', 'allow'],
    ['SELECT 1', 'allow'],
    ['UPDATE clinic.a SET b = (SELECT c FROM other.d)', 'deny'],
    ['WITH a AS (SELECT * FROM clinic.x) SELECT * FROM a', 'allow'],
    ['NOTIFY c', 'deny'],
    ['SELECT pg_notify(\'a\', \'b\')', 'deny'],
    ['SELECT mine(1) FROM clinic.a', 'deny'],
    ['SELECT pg_terminate_backend(1) FROM clinic.a', 'deny']
  ])('allowing some: %s', (sql, expected) => {
    expect(decide([clinic], sql).action).toBe(expected)
  })

  const noPatients = { name: 'no patients', relations: ['public.patients', '*.secret_*'], then: 'deny' }
  test.each([
    ['SELECT * FROM public.patients', 'deny'],
    ['SELECT * FROM patients', 'deny'],
    ['SELECT * FROM db.public.patients', 'deny'],
    ['SELECT * FROM "public"."patients"', 'deny'],
    ['SELECT * FROM Public.PATIENTS', 'deny'],
    ['SELECT * FROM other.patients', 'allow'],
    ['SELECT * FROM other."public.patients"', 'allow'],
    ['SELECT * FROM a.secret_x, b', 'deny'],
    ['SELECT * FROM secret_x', 'deny'],
    ['WITH patients AS (SELECT 1) SELECT * FROM patients', 'allow'],
    ['WITH a AS (SELECT * FROM patients), patients AS (SELECT 1) SELECT * FROM a', 'deny'],
    ['CREATE VIEW v AS SELECT * FROM patients', 'deny'],
    ['EXPLAIN SELECT * FROM patients', 'deny'],
    ['COPY patients TO STDOUT', 'deny'],
    ['SELECT 1 UNION SELECT (SELECT count(*) FROM patients)', 'deny'],
    ['LOCK TABLE patients', 'deny'],
    ['SELECT 1', 'allow']
  ])('refusing some: %s', (sql, expected) => {
    expect(decide([everything, noPatients], sql).action).toBe(expected)
  })
})

describe('functions', () => {
  const vouched = { name: 'vouched', effects: ['unknown'], functions: ['similarity', 'gis.*'], then: 'allow' }
  test.each([
    ['SELECT similarity(a, b) FROM t', 'allow by readers + vouched'],
    ['SELECT upper(similarity(a, b)::text), count(*) FROM t', 'allow by readers + vouched'],
    ['SELECT gis.distance(a, b), similarity(a, b) FROM t', 'allow by readers + vouched'],
    ['SELECT similarity(a, b), mine(a) FROM t', 'deny by built-in: nothing allows it'],
    ['SELECT other.similarity(a, b) FROM t', 'deny by built-in: nothing allows it'],
    ['SELECT similarity(a, query_to_xml(b, true, true, \'\')::text) FROM t', 'deny by built-in: nothing allows it'],
    ['SELECT similarity(a, b), nextval(\'s\') FROM t', 'deny by built-in: nothing allows it'],
    ['DO $$ SELECT similarity(a, b) $$', 'deny by built-in: nothing allows it'],
    ['EXECUTE p (similarity(a, b))', 'deny by built-in: nothing allows it'],
    ['CALL similarity(1)', 'deny by built-in: nothing allows it'],
    ['SELECT 1', 'allow by readers']
  ])('vouching: %s', (sql, expected) => {
    expect(outcome(decide([readers, vouched], sql))).toBe(expected)
  })

  test.each([
    ['SELECT pg_sleep(1)', 'deny'],
    ['SELECT pg_catalog.pg_sleep(1)', 'deny'],
    ['SELECT 1 WHERE pg_sleep(1) IS NULL', 'deny'],
    ['SELECT upper(\'pg_sleep\')', 'allow']
  ])('refusing: %s', (sql, expected) => {
    expect(decide([everything, { name: 'no sleeping', functions: 'pg_sleep*', then: 'deny' }], sql).action).toBe(expected)
  })
})

describe('flags, verbs, people and targets', () => {
  test.each<[string, object, string, string]>([
    ['a flag', { flags: ['no_where', 'server_file'] }, 'DELETE FROM a', 'deny'],
    ['another', { flags: ['no_where', 'server_file'] }, 'COPY a TO \'/x\'', 'deny'],
    ['neither', { flags: ['no_where', 'server_file'] }, 'DELETE FROM a WHERE b = 1', 'allow'],
    ['a flag of a statement without effects', { flags: ['transaction'] }, 'BEGIN', 'deny'],
    ['a verb', { verbs: 'TRUNCATE' }, 'TRUNCATE a', 'deny'],
    ['a verb by glob, whatever its case', { verbs: ['drop *'] }, 'DROP INDEX i', 'deny'],
    ['another verb', { verbs: ['drop *'] }, 'ALTER TABLE a DROP b', 'allow'],
    ['two conditions that both hold', { verbs: 'DELETE', relations: ['a'] }, 'DELETE FROM a', 'deny'],
    ['two conditions of which one holds', { verbs: 'DELETE', relations: ['a'] }, 'DELETE FROM b', 'allow'],
    ['somebody else', { who: { subject: 'bob' } }, 'SELECT 1', 'allow'],
    ['another target', { targets: { env: 'test' } }, 'SELECT 1', 'allow']
  ])('refusing %s', (_, conditions, sql, expected) => {
    expect(decide([everything, { name: 'no', then: 'deny', ...conditions }], sql).action).toBe(expected)
  })

  test('an agent may be held shorter than the person', () => {
    const rules = [everything, { name: 'agents only read', who: { kind: 'agent' }, effects: ['write', 'schema', 'privilege', 'unknown'], then: 'deny' }]
    expect(decide(rules, 'DELETE FROM a').action).toBe('allow')
    expect(outcome(decide(rules, 'DELETE FROM a', bot))).toBe('deny by agents only read')
  })

  test('allowing a flagged statement needs the flag', () => {
    const rules = [{ name: 'locks', effects: ['read'], flags: ['locks'], then: 'allow' }]
    expect(decide(rules, 'SELECT 1 FROM a FOR UPDATE').action).toBe('allow')
    expect(decide(rules, 'SELECT 1 FROM a').action).toBe('deny')
  })
})

describe('what is built in', () => {
  test.each([
    'SET client_encoding = \'SJIS\'',
    'SET standard_conforming_strings = off',
    'SELECT set_config(\'backslash_quote\', \'on\', false)',
    'ALTER ROLE bob SET client_encoding = \'GBK\'',
    'UPDATE pg_settings SET setting = \'off\''
  ])('%s is refused whatever the rules say', (sql) => {
    expect(outcome(decide([everything], sql))).toBe('deny by built-in: pinned settings')
  })

  test('a setting that stays as it is pinned is an ordinary one', () => {
    expect(outcome(decide([readers], 'SET client_encoding = \'UTF8\''))).toBe('allow by readers')
  })

  test('transaction control and the like need no rule but the one that opens the target', () => {
    for (const sql of ['BEGIN', 'COMMIT', 'ROLLBACK TO s', 'SET TRANSACTION READ ONLY', 'DEALLOCATE ALL', 'CLOSE c', 'SET CONSTRAINTS ALL DEFERRED']) {
      expect(outcome(decide([readers], sql))).toBe('allow by built-in: no effect')
    }
  })

  test('what does not parse may be checked by the server, and no more', () => {
    const asked = askedOf(readers)
    expect(outcome(asked(operation('SELEC 1', 'check')))).toBe('allow by built-in: syntax check')
    for (const step of ['prepare', 'bind', 'execute'] as const) expect(asked(operation('SELEC 1', step)).action).toBe('deny')
  })

  test('a statement that parses gets nothing for asking to be checked', () => {
    expect(askedOf(readers)(operation('DROP TABLE a', 'check')).action).toBe('deny')
  })

  test('whoever may open the target may cancel there', () => {
    expect(compile(policyOf(readers), alice, prod)({ kind: 'cancel', connection: 1 }, { now: 0 }).action).toBe('allow')
    expect(compile(policyOf(readers), alice, test1)({ kind: 'cancel', connection: 1 }, { now: 0 }).action).toBe('deny')
  })
})

describe('access to a target', () => {
  test.each<[string, readonly unknown[], string]>([
    ['no rules', [], 'deny by built-in: no way in'],
    ['a rule that allows something', [readers], 'allow by readers'],
    ['only refusals', [noDdl], 'deny by built-in: no way in'],
    ['refusals of some statements', [readers, noDdl], 'allow by readers'],
    ['a refusal of everything', [readers, { name: 'closed', targets: { env: 'prod' }, then: 'deny' }], 'deny by closed'],
    ['a rule for others', [{ ...readers, who: { group: 'dba' } }], 'deny by built-in: no way in'],
    ['a rule for another target', [{ ...readers, targets: { env: 'test' } }], 'deny by built-in: no way in']
  ])('%s', (_, rules, expected) => {
    expect(outcome(access(policyOf(...rules), alice, prod, { now: 0 }))).toBe(expected)
  })

  test('whoever may not open it may do nothing there, not even BEGIN', () => {
    const asked = askedOf(readers, { name: 'closed', then: 'deny', reason: 'moving house' })
    expect(asked(operation('BEGIN'))).toEqual({ action: 'deny', rule: 'closed', reason: 'moving house (rule "closed")' })
    expect(asked(operation('SELEC 1', 'check')).action).toBe('deny')
  })
})

test('adding a refusal never allows more, and adding an allowance never allows less', () => {
  const effects: readonly Effect[] = ['read', 'write', 'schema', 'privilege', 'session', 'unknown']
  const some = fc.subarray([...effects], { minLength: 1 })
  const ruleOf = (then: 'allow' | 'deny') => fc.record({
    effects: some,
    ...(then === 'deny' ? { relations: fc.option(fc.constantFrom('a', 'x.*', '*.b'), { nil: undefined }) } : {}),
    flags: fc.option(fc.constantFrom(['locks'], ['no_where']), { nil: undefined })
  }).map((rule) => ({ ...rule, then }))
  const statement = fc.record({
    effects: fc.subarray([...effects]),
    relations: fc.subarray(['a', 'x.a', 'y.b', 'c']),
    flags: fc.subarray(['locks', 'no_where'])
  }).map((facts): StatementOperation => ({
    kind: 'statement',
    step: 'execute',
    text: '',
    sha256: '',
    parameters: [],
    functions: [],
    verb: 'X',
    ...facts
  } as StatementOperation))
  fc.assert(fc.property(fc.array(fc.oneof(ruleOf('allow'), ruleOf('deny')), { maxLength: 6 }), ruleOf('deny'), ruleOf('allow'), statement, (rules, deny, allow, operation) => {
    const named = [...rules, deny, allow].map((rule, i) => ({ ...rule, name: `r${i}` }))
    const asked = (list: readonly unknown[]) => compile(policyOf(...list), alice, prod)(operation, { now: 0 }).action === 'allow'
    const before = asked(named.slice(0, -2))
    if (asked([...named.slice(0, -2), named.at(-2)])) expect(before).toBe(true)
    if (before) expect(asked([...named.slice(0, -2), named.at(-1)])).toBe(true)
  }), { numRuns: 3000 })
})
