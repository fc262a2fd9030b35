// A whole statement: queries and changes, and what wraps one (EXPLAIN, COPY, cursors, PREPARE, CREATE VIEW), and utilities. Pure.
import { as, constant, isTree, kindOf, list, some, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import { guardedSetting, isColumnName } from '../../sql/postgres/set.ts'
import { relationObjects } from '../../sql/postgres/statements.ts'
import { calleeOf, checkCallee } from './calls.ts'
import type { Relation } from './catalog.ts'
import { checkCode } from './code.ts'
import { evaluateAll } from './expression.ts'
import type { Finding, Flow } from './finding.ts'
import { mayBeSet } from './function-call.ts'
import { readChange } from './modify.ts'
import { readCondition } from './predicate.ts'
import { readSelect } from './query.ts'
import { itemOf, relationOf, resolve } from './relation.ts'
import { named, union, type Reading } from './reading.ts'
import { clean, inside, noScope, type Field } from './scope.ts'
import { copyOptions, explainOptions, utilities } from './utility.ts'
import { checkTruncate, checkWrite, type Written } from './write.ts'

/** What a statement answers, and what later ones can refer to. */
export interface Statement {
  /** Undefined: no rows, or columns not known before it runs. */
  readonly columns: readonly Field[] | undefined
  /** A cursor's or prepared statement's columns are these. */
  readonly defines?: { readonly type: 'cursor' | 'prepared', readonly name: string, readonly columns: readonly Field[] | undefined }
}

type Read = (node: Tree, reading: Reading) => Statement

const noColumns: Statement = { columns: undefined }

/** @param tree tagged, of known kinds and fields */
export function readStatement(tree: Tree, reading: Reading): Statement {
  const [kind, node] = kindOf(tree)
  const read = Object.hasOwn(statements, kind) ? statements[kind] : undefined
  return read === undefined ? utility(kind, node, reading) : read(node, reading)
}

const statements: Readonly<Record<string, Read>> = {
  SelectStmt(node, reading) {
    const { intoClause, ...query } = node
    const guarded = guardedSetting(node)
    const value = guarded === undefined ? undefined : settingValue(node)
    if (guarded !== undefined && value !== undefined && mayBeSet(guarded, value)) return { columns: [{ ...clean, name: 'set_config' }] }
    const { fields } = readSelect(query, noScope, reading)
    if (!isTree(intoClause)) return { columns: fields }
    reading.changesCatalog = true
    makes(intoClause, fields, reading)
    return noColumns
  },
  InsertStmt: (node, reading) => ({ columns: readChange('InsertStmt', node, noScope, reading) }),
  UpdateStmt: (node, reading) => ({ columns: readChange('UpdateStmt', node, noScope, reading) }),
  DeleteStmt: (node, reading) => ({ columns: readChange('DeleteStmt', node, noScope, reading) }),
  MergeStmt: (node, reading) => ({ columns: readChange('MergeStmt', node, noScope, reading) }),
  CreateTableAsStmt(node, reading) {
    reading.changesCatalog = true
    const { columns } = readStatement(isTree(node.query) ? node.query : {}, reading)
    makes(isTree(node.into) ? node.into : {}, columns ?? [], reading)
    return noColumns
  },
  ViewStmt(node, reading) {
    reading.changesCatalog = true
    const { columns } = readStatement(isTree(node.query) ? node.query : {}, reading)
    makes({ rel: node.view, colNames: node.aliases }, columns ?? [], reading)
    return noColumns
  },
  ExplainStmt: explain,
  CopyStmt: copy,
  DeclareCursorStmt(node, reading) {
    const { columns } = readStatement(isTree(node.query) ? node.query : {}, reading)
    if (some(node.query, (tree) => strings(tree.funcname).at(-1) === 'set_config')) reading.unproven('FETCH would run set_config where it is not seen')
    return { columns: undefined, defines: { type: 'cursor', name: text(node.portalname) ?? '', columns } }
  },
  FetchStmt(node, reading) {
    const found = reading.named('cursor', text(node.portalname) ?? '')
    const columns = resume(found, `the cursor ${text(node.portalname)}`, reading)
    return node.ismove === true ? noColumns : { columns }
  },
  PrepareStmt(node, reading) {
    checkCode(node.argtypes, reading)
    const { columns } = readStatement(isTree(node.query) ? node.query : {}, reading)
    return { columns: undefined, defines: { type: 'prepared', name: text(node.name) ?? '', columns } }
  },
  ExecuteStmt(node, reading) {
    const found = reading.named('prepared', text(node.name) ?? '')
    evaluateAll(node.params, noScope, reading)
    const values = list(node.params).map(constant)
    for (const flow of found?.flows ?? []) reading.flow(flow.kind, flow.labels, flow.why, asking(flow, values))
    return { columns: resume(found, `the prepared statement ${text(node.name)}`, reading) }
  },
  VariableSetStmt(node, reading) {
    const name = text(node.name) ?? ''
    const values = list(node.args)
    if (node.kind === 'VAR_SET_MULTI' || node.kind === 'VAR_RESET_ALL') return noColumns
    const value = node.kind === 'VAR_SET_VALUE' && values.length === 1 ? constant(values[0]) : undefined
    if (!mayBeSet(name, value) || values.some((one) => !mayBeSet(name, constant(one)) && values.length > 1)) reading.unproven(`the setting ${name} is not one a session may change`)
    return noColumns
  },
  VariableShowStmt: (node) => ({ columns: [{ ...clean, name: text(node.name) ?? '' }] }),
  CallStmt(node, reading) {
    const call = isTree(node.funccall) ? node.funccall : {}
    const callee = calleeOf(strings(call.funcname), reading)
    evaluateAll(call.args, noScope, reading)
    if (callee === undefined) reading.unproven(`the procedure ${strings(call.funcname).join('.')} is unknown`)
    else checkCallee(callee, reading)
    return { columns: callee?.own[0]?.outNames.map((name) => ({ ...clean, name })) }
  },
  RefreshMatViewStmt(node, reading) {
    const relation = relationOf(isTree(node.relation) ? node.relation : {}, reading)
    if (relation === undefined) return noColumns
    const before = reading.flows.length
    const { fields } = itemOf(relation, relation.name, reading)
    reading.flow('ddl', union([...fields, ...reading.flows.slice(before)]), `refreshing ${relation.name} reads protected values`)
    return noColumns
  },
  TruncateStmt(node, reading) {
    for (const relation of relationsIn(node, reading)) {
      reading.relations.set(relation.oid, relation)
      checkTruncate(relation, reading)
    }
    return noColumns
  },
  ClusterStmt(node, reading) {
    if (node.relation === undefined) reading.unproven('CLUSTER of every table that ever was clustered')
    return utility('ClusterStmt', node, reading)
  },
  ReindexStmt(node, reading) {
    // An index that is not valid may be one that could not be built: then two rows are alike, and the error says which values.
    const [relation] = relationsIn(node, reading)
    if (relation === undefined || node.kind !== 'REINDEX_OBJECT_TABLE') reading.unproven('which tables\' indexes are built again is not known')
    else changesRelation(relation, reading)
    return noColumns
  },
  CreateSchemaStmt(node, reading) {
    reading.changesCatalog = true
    if (list(node.schemaElts).length > 0) reading.unproven('a schema is made together with what is in it')
    return noColumns
  }
}

/** `SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'y'`, as pg_dump has it for servers without the setting. */
function settingValue(node: Tree): string | undefined {
  const [target, ...more] = list(node.targetList).map((one) => as(as(one, 'ResTarget')?.val, 'FuncCall'))
  const [name, value, local, ...rest] = list(target?.args)
  const known = ['fromClause', 'whereClause', 'targetList', 'limitOption', 'op']
  const plain = Object.keys(node).every((field) => known.includes(field)) && more.length === 0 && rest.length === 0
  const sets = plain && strings(target?.funcname).at(-1) === 'set_config' && isColumnName(name) && constant(local) !== undefined
  return sets ? constant(value) : undefined
}

/** The statement's answer is kept under a name: nothing protected may be in it. */
function makes(into: Tree, fields: readonly Field[], reading: Reading): void {
  const [relation, names] = [isTree(into.rel) ? into.rel : {}, strings(into.colNames)]
  const name = [relation.schemaname, relation.relname].filter((part) => typeof part === 'string').join('.')
  for (const [at, field] of fields.entries()) {
    reading.flow('launder', field.labels, `${field.path.at(-1) ?? named(field.labels)} is kept in ${name}`, { into: `${name}.${names[at] ?? field.name}` })
  }
}

/** Estimates come from statistics of the values, and what is counted from the values. */
function explain(node: Tree, reading: Reading): Statement {
  const options = list(node.options).map((option) => text(as(option, 'DefElem')?.defname)?.toLowerCase() ?? '')
  for (const option of options) if (!explainOptions.has(option)) reading.unproven(`the option ${option} of EXPLAIN is not understood`)
  const before = reading.flows.length
  readStatement(isTree(node.query) ? node.query : {}, reading)
  for (const flow of reading.flows.slice(before)) if (flow.kind !== 'null') reading.flow('explain', flow.labels, `a plan shows estimates: ${flow.why}`)
  reading.flow('explain', reading.deciding, 'a plan shows what is evaluated, which protected values decide')
  return { columns: [{ ...clean, name: 'QUERY PLAN', type: 'text' }] }
}

function copy(node: Tree, reading: Reading): Statement {
  if (node.filename !== undefined || node.is_program === true) reading.unproven('COPY reads or writes a file of the server, or starts a program')
  for (const option of list(node.options).map((one) => as(one, 'DefElem') ?? {})) {
    const name = text(option.defname) ?? ''
    if (!copyOptions.has(name)) reading.unproven(`the option ${name} of COPY is not understood`)
    const encoding = name === 'encoding' ? text(as(option.arg, 'String')?.sval) : undefined
    if (name === 'encoding' && encoding?.toLowerCase().replace(/[^a-z0-9]/g, '') !== 'utf8') reading.unproven('COPY in another encoding than UTF8')
  }
  if (isTree(node.query)) {
    const { columns } = readStatement(node.query, reading)
    return { columns: columns ?? [] }
  }
  const relation = relationOf(isTree(node.relation) ? node.relation : {}, reading)
  if (relation === undefined) return noColumns
  const item = itemOf(relation, relation.name, reading, node.is_from === true)
  const listed = strings(node.attlist)
  const columns = listed.length > 0
    ? listed.map((name) => item.fields.find((field) => field.name === name))
    : item.fields.filter(({ name }) => relation.columns.find((column) => column.name === name)?.generated !== true)
  if (columns.includes(undefined)) reading.unproven(`a column of ${relation.name} is unknown`)
  if (node.is_from !== true) return { columns: columns.flatMap((field) => field ?? []) }
  imports(relation, columns.flatMap((field) => field ?? []), reading)
  readCondition(node.whereClause, inside(noScope, { fields: item.fields, items: [item] }), reading, false)
  return noColumns
}

/** COPY FROM: any number of values, each held against what is stored. */
function imports(relation: Relation, fields: readonly Field[], reading: Reading): void {
  const written = new Map<string, Written>(fields.map(({ name }) => [name, { column: name, value: clean, asked: undefined }]))
  const before = reading.flows.length
  checkWrite(relation, 'insert', written, reading)
  for (const [at, flow] of reading.flows.entries()) if (at >= before && flow.kind === 'other') reading.flows[at] = { ...flow, kind: 'constraint' }
}

/** What a cursor or prepared statement was found to be when it was made. */
function resume(found: Finding | undefined, what: string, reading: Reading): readonly Field[] | undefined {
  if (found === undefined) {
    reading.unproven(`${what} is unknown`)
    return undefined
  }
  for (const reason of found.opaque) reading.unproven(reason)
  for (const relation of found.relations) reading.relations.set(relation.oid, relation)
  for (const oid of found.functions) reading.functions.add(oid)
  reading.changesCatalog ||= found.changesCatalog
  return found.defines?.columns?.map((column) => ({ ...column }))
}

/** The values EXECUTE gives for parameters that were asked for. */
function asking(flow: Flow, values: readonly (string | undefined)[]): Pick<Flow, 'into' | 'asked'> {
  const asked = flow.asked?.map((one) => typeof one === 'string' ? one : values[one.parameter - 1])
  return {
    ...(flow.into === undefined ? {} : { into: flow.into }),
    ...(asked === undefined || !asked.every((one) => one !== undefined) ? {} : { asked })
  }
}

function utility(kind: string, node: Tree, reading: Reading): Statement {
  const entry = Object.hasOwn(utilities, kind) ? utilities[kind] : undefined
  switch (entry?.type) {
    case 'harmless':
      reading.changesCatalog ||= entry.changesCatalog === true
      for (const relation of relationsIn(node, reading)) reading.relations.set(relation.oid, relation)
      return noColumns
    case 'code':
      reading.changesCatalog = true
      checkCode(node, reading)
      for (const relation of relationsIn(node, reading)) changesRelation(relation, reading)
      return noColumns
    case 'object':
      reading.changesCatalog = true
      for (const relation of [...relationsIn(node, reading), ...namedRelations(text(node[entry.kind]) ?? '', node[entry.names], reading)]) changesRelation(relation, reading)
      return noColumns
    default:
      reading.changesCatalog = true
      reading.unproven(entry?.type === 'opaque' ? entry.reason : `${kind} is not understood`)
      return noColumns
  }
}

function changesRelation(relation: Relation, reading: Reading): void {
  const quiet = new Set(reading.flows)
  const { fields } = itemOf({ ...relation, policies: [] }, relation.name, reading)
  const labels = union([...fields, ...reading.flows.filter((flow) => !quiet.has(flow))])
  reading.flows = reading.flows.filter((flow) => quiet.has(flow))
  reading.flow('ddl', labels, `it changes ${relation.name}, which has protected columns`)
}

/** Every relation named by a RangeVar, of those that exist. */
function relationsIn(node: Tree, reading: Reading): readonly Relation[] {
  const found = new Map<number, Relation>()
  some(node, (tree) => {
    const relation = typeof tree.relname === 'string' ? resolve(tree, reading) : undefined
    if (relation !== undefined) found.set(relation.oid, relation)
    return false
  })
  return [...found.values()]
}

/** DROP and the like: names in lists, of which the last may be a column, trigger or rule of the relation before it. */
function namedRelations(kind: string, objects: unknown, reading: Reading): readonly Relation[] {
  const known = relationObjects[kind]
  if (known === undefined) return []
  const lists = Array.isArray(objects) ? objects : [objects]
  return lists.flatMap((object) => {
    const names = strings(object)
    const [relname, schemaname] = (known.below === 0 ? names : names.slice(0, -1)).toReversed()
    return resolve({ relname, ...(schemaname === undefined ? {} : { schemaname }) }, reading) ?? []
  })
}
