// What one statement does, read off its syntax tree: effects, relations, functions, flags. Pure; the walk, with tables beside it.
// Everything below a statement is visited whatever field it stands in, so that nothing hides in one a later grammar adds; a
// kind of node no table knows makes the statement `unknown`.
import { functionsOf } from './functions.ts'
import { inspect } from './inspect.ts'
import { Reading, type Mode, type ReadFacts } from './reading.ts'
import { parts, statements } from './statements.ts'
import { as, isKind, isTree, list, text, type Tree } from './tree.ts'

/** Names of the WITH queries in sight; they hide relations of the same name. */
type Scope = { readonly name: string, readonly outer: Scope } | undefined

interface Visit {
  readonly value: unknown
  readonly scope: Scope
  readonly mode: Mode
}

/** @returns a reader of statements as one major's server reads them */
export function readerOf(major: number): (statement: Tree) => ReadFacts {
  const effectsOfFunction = functionsOf(major)
  return (statement) => {
    const reading = new Reading(effectsOfFunction)
    // A list instead of recursion: a chain of ten thousand operators is a tree ten thousand deep.
    const pending: Visit[] = [{ value: statement, scope: undefined, mode: 'runs' }]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) look(next, reading, pending)
    return reading.facts()
  }
}

function look({ value, scope, mode }: Visit, reading: Reading, pending: Visit[]): void {
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') pending.push({ value: item, scope, mode })
    return
  }
  if (!isTree(value)) return
  if (typeof value.relname === 'string') {
    const schema = text(value.schemaname)
    if (schema !== undefined) reading.relation([schema, value.relname])
    else if (!inScope(scope, value.relname)) reading.relation([value.relname])
    return
  }
  const inner = isTree(value.withClause) ? commonTables(value.withClause, scope, mode, pending) : scope
  if (value.behavior === 'DROP_CASCADE') reading.flag(mode, 'cascade')
  if (isTree(value.intoClause)) reading.effect(mode, 'schema')
  for (const key in value) {
    const child = value[key]
    if (key === 'withClause' || typeof child !== 'object') continue
    if (isKind(key)) node(key, { value: child, scope: inner, mode }, reading, pending)
    else pending.push({ value: child, scope: inner, mode })
  }
}

function node(kind: string, { value, scope, mode }: Visit, reading: Reading, pending: Visit[]): void {
  const statement = statements[kind]
  if (statement !== undefined) reading.effect(mode, ...statement.effects)
  else if (!parts.has(kind)) reading.unknown()
  const all = [{ value, mode: statement?.stores === true ? 'stored' as const : mode }]
  const below = isTree(value) ? inspect[kind]?.(value, reading, mode) ?? all : all
  for (const { value, mode, target } of below as readonly { value: unknown, mode: Mode, target?: true }[]) {
    pending.push({ value, scope: target === true ? undefined : scope, mode })
  }
}

/** Visits each WITH query with the names it can see. @returns what the statement itself can see */
function commonTables(withClause: Tree, scope: Scope, mode: Mode, pending: Visit[]): Scope {
  const tables = list(withClause.ctes).map((item) => {
    const { ctequery, ctename, ...rest } = as(item, 'CommonTableExpr') ?? {}
    return { query: ctequery, name: text(ctename) ?? '', rest }
  })
  const recursive = withClause.recursive === true
  const all = tables.reduce<Scope>((outer, { name }) => ({ name, outer }), scope)
  let before = scope
  for (const { query, name, rest } of tables) {
    pending.push({ value: query, scope: recursive ? all : before, mode }, { value: rest, scope, mode })
    before = { name, outer: before }
  }
  return all
}

function inScope(scope: Scope, name: string): boolean {
  for (let at = scope; at !== undefined; at = at.outer) if (at.name === name) return true
  return false
}
