// What a parsed piece of a body reads, writes, calls and makes. Pure. Kinds of nodes that are not listed here are faults: a body is read
// to be understood whole, not searched for what is known to be bad.
import { as, isKind, isTree, list, some, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import type { BodyContext } from './body-context.ts'
import { builtinClassIn } from './builtin-classes.ts'
import type { Catalog, Oid, Relation } from './catalog.ts'

export interface Need {
  readonly kind: 'function' | 'read' | 'write' | 'type'
  readonly oid: Oid
}

/** Filled while trees are walked. */
export interface Needs {
  readonly found: Need[]
  /** For people: what of the body is not clean whatever it needs; the first. */
  fault: string | undefined
}

const understood = new Set(`
  A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star Alias BitString BoolExpr Boolean BooleanTest CTECycleClause CTESearchClause
  CallStmt CaseExpr CaseWhen CoalesceExpr CollateClause ColumnDef ColumnRef CommonTableExpr DeleteStmt Float FuncCall FunctionParameter GroupingFunc GroupingSet
  IndexElem InferClause InsertStmt Integer JoinExpr List LockingClause MergeStmt MergeWhenClause MinMaxExpr MultiAssignRef NamedArgExpr NullTest OnConflictClause
  ParamRef RangeFunction RangeSubselect RangeTableFunc RangeTableFuncCol RangeTableSample RangeVar RawStmt ResTarget ReturnStmt RowExpr SQLValueFunction SelectStmt
  SetToDefault SortBy String SubLink TypeCast TypeName UpdateStmt WindowDef WithClause XmlExpr XmlSerialize`.trim().split(/\s+/))

/** Operators that stand for themselves in USING, IN, CASE, BETWEEN, GREATEST and ORDER BY. */
const unwritten = ['=', '<>', '<', '>', '<=', '>=']

export function needsOf(tree: unknown, context: BodyContext, needs: Needs): void {
  const secretive: { readonly relation: Relation, readonly alias: string | undefined }[] = []
  const ctes = new Set<string>()
  some(tree, (node) => {
    const name = text(node.ctename)
    if (name !== undefined) ctes.add(name)
    return false
  })
  for (const name of unwritten) operator(name, context, needs)
  walk(tree)
  for (const { relation, alias } of secretive) {
    if (showsSecret(tree, relation, alias, context)) fault(`reads what ${relation.schema}.${relation.name} keeps of statements, values or passwords`)
  }

  function walk(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) walk(item)
    if (!isTree(value)) return
    for (const key in value) {
      const below = value[key]
      if (isKind(key) && isTree(below)) {
        if (!understood.has(key)) fault(`has a ${key}, which is not understood`)
        visit(key, below)
        continue
      }
      // Where a field's type fixes the kind, nodes carry no tag.
      if (isTree(below) && text(below.relname) !== undefined) visit('RangeVar', below)
      else if (isTree(below) && Array.isArray(below.funcname)) visit('FuncCall', below)
      else if (isTree(below) && (key === 'typeName' || key === 'argType' || key === 'returnType') && !('TypeName' in below)) visit('TypeName', below)
      else walk(below)
    }
  }

  function visit(kind: string, node: Tree): void {
    if (kind === 'RangeVar') readRelation(node)
    else if (kind === 'FuncCall') called(strings(node.funcname), context, needs)
    else if (kind === 'TypeName') made(node, context, needs)
    else if (kind === 'A_Expr') operator(strings(node.name).at(-1), context, needs)
    else if (kind === 'SubLink') operator(strings(node.operName).at(-1), context, needs)
    else if (kind === 'SortBy') operator(strings(node.useOp).at(-1), context, needs)
    else if (kind === 'InsertStmt' || kind === 'UpdateStmt' || kind === 'DeleteStmt' || kind === 'MergeStmt') writeRelation(node.relation)
    else if (kind === 'SelectStmt' && node.intoClause !== undefined) fault('makes a table')
    // Names of range items, not of relations.
    else if (kind === 'LockingClause') return
    walk(node)
  }

  function readRelation(node: Tree): void {
    const relations = relationsNamed(node, context.catalog)
    if (relations.length === 0 && !(node.schemaname === undefined && ctes.has(text(node.relname)!))) {
      fault(`reads ${text(node.relname)}, which is unknown`)
    }
    for (const relation of relations) {
      needs.found.push({ kind: 'read', oid: relation.oid })
      if (!relation.system || !context.protected.has(relation.oid)) continue
      const alias = as(node.alias, 'Alias') ?? (isTree(node.alias) ? node.alias : {})
      if (list(alias.colnames).length > 0) fault(`renames the columns of ${relation.schema}.${relation.name}`)
      secretive.push({ relation, alias: text(alias.aliasname) })
    }
  }

  function writeRelation(value: unknown): void {
    const node = as(value, 'RangeVar') ?? (isTree(value) ? value : {})
    const relations = relationsNamed(node, context.catalog)
    if (relations.length === 0) fault(`writes to ${text(node.relname)}, which is unknown`)
    for (const { oid } of relations) needs.found.push({ kind: 'write', oid })
  }

  function fault(why: string): void {
    needs.fault ??= why
  }
}

/** A call by name: every function that has it, for which one binds depends on types. */
export function called(parts: readonly string[], context: BodyContext, needs: Needs): void {
  const { catalog } = context
  const [name = '', schema] = parts.toReversed()
  const own = (catalog.functions.get(name) ?? []).filter((one) => schema === undefined || one.schema === schema)
  for (const { oid } of own) needs.found.push({ kind: 'function', oid })
  const builtin = schema === undefined || schema === 'pg_catalog' || schema === 'information_schema' ? catalog.builtins.get(name) : undefined
  if (builtin === undefined) {
    if (own.length === 0) needs.fault ??= `calls ${parts.join('.')}, which is unknown`
    return
  }
  const kind = builtinClassIn(catalog, name)
  if (kind === 'never' || kind === 'unknown') needs.fault ??= `calls ${name}, which may reach what nobody named`
  // Its arguments may be what the function was given.
  if (kind === 'acts on constants') needs.fault ??= `calls ${name}`
}

export function operator(name: string | undefined, { catalog }: BodyContext, needs: Needs): void {
  for (const oid of catalog.operators.get(name ?? '') ?? []) needs.found.push({ kind: 'function', oid })
}

function made(node: Tree, { catalog }: BodyContext, needs: Needs): void {
  const [name = '', schema] = strings(node.names).toReversed()
  const types = (catalog.typesByName.get(name) ?? []).filter((type) => schema === undefined || type.schema === schema)
  if (types.length === 0 || node.pct_type === true) needs.fault ??= `names the type ${name}, which is unknown`
  for (const { oid } of types) needs.found.push({ kind: 'type', oid })
}

function relationsNamed(node: Tree, catalog: Catalog): readonly Relation[] {
  const all = catalog.relationsByName.get(text(node.relname) ?? '') ?? []
  const schema = text(node.schemaname)
  return schema === undefined ? all : all.filter((relation) => relation.schema === schema)
}

/** One of PostgreSQL's own with secrets in some columns: whether any of these, or its rows as a whole, can be meant anywhere. */
function showsSecret(tree: unknown, relation: Relation, alias: string | undefined, context: BodyContext): boolean {
  const marked = context.protected.get(relation.oid)
  const secrets = new Set(relation.columns.filter(({ attnum }) => marked?.has(attnum)).map(({ name }) => name))
  return some(tree, (node) => {
    if (node.A_Star !== undefined || node.isNatural === true || secrets.has(text(node.sval) ?? '')) return true
    const fields = strings(as(node, 'ColumnRef')?.fields)
    return fields.length === 1 && (fields[0] === relation.name || fields[0] === alias)
  })
}
