// What a kind of node says only in its fields: which option, which file, what runs and what is kept for later. Pure.
import { alwaysTrue } from './always-true.ts'
import { call, callProcedure, operator, sample } from './calls.ts'
import type { Below, Inspect, Mode, Reading } from './reading.ts'
import { guardedSetting, isColumnName, set, setByUpdate, setForLater, setTo } from './set.ts'
import { privilegedObjects, relationObjects } from './statements.ts'
import { as, constant, isTree, list, some, strings, text, type Tree } from './tree.ts'

export const inspect: Readonly<Record<string, Inspect>> = {
  InsertStmt(node, reading, mode) {
    const { selectStmt, ...rest } = write(node, reading, mode)
    const source = as(selectStmt, 'SelectStmt')
    const conflict = isTree(node.onConflictClause) ? node.onConflictClause : {}
    if (returns(node) || mentionsColumns([conflict.targetList, conflict.whereClause])) reading.effect(mode, 'read')
    // VALUES and SELECT without FROM read nothing; bare, the source is not taken for a SELECT.
    const plain = source !== undefined && source.fromClause === undefined && source.op === 'SETOP_NONE'
    return [targetOf(node, mode), { value: rest, mode }, { value: plain ? source : selectStmt, mode }]
  },
  UpdateStmt: change,
  DeleteStmt: change,
  MergeStmt(node, reading, mode) {
    if (mergesAll(node)) reading.flag(mode, 'no_where')
    return [targetOf(node, mode), { value: write(node, reading, mode), mode }]
  },
  TruncateStmt(node, reading, mode) {
    for (const relation of list(node.relations)) writeTo(as(relation, 'RangeVar'), reading, mode)
    return undefined
  },
  CopyStmt(node, reading, mode) {
    if (node.is_from === true) writeTo(node.relation, reading, mode)
    reading.effect(mode, node.is_from === true ? 'write' : 'read')
    if (node.filename !== undefined || node.is_program === true) {
      reading.effect(mode, 'privilege')
      reading.flag(mode, 'server_file')
    }
    return undefined
  },
  SelectStmt(node, reading, mode) {
    const guarded = guardedSetting(node)
    const [target, ...more] = list(node.targetList)
    const setConfig = as(as(target, 'ResTarget')?.val, 'FuncCall')
    if (guarded === undefined || more.length > 0 || setConfig === undefined || strings(setConfig.funcname).at(-1) !== 'set_config') return undefined
    const [name, value, ...rest] = list(setConfig.args)
    if (!isColumnName(name)) return undefined
    setTo(guarded, constant(value), reading, mode)
    return [{ value: { ...node, targetList: undefined }, mode }, { value: rest, mode }]
  },
  // Names in FOR UPDATE OF are aliases of what FROM names already.
  LockingClause(_, reading, mode) {
    reading.flag(mode, 'locks')
    return []
  },
  LockStmt(node, reading, mode) {
    reading.flag(mode, 'locks')
    // ACCESS SHARE and ROW SHARE, modes 1 and 2, are what SELECT takes itself.
    reading.effect(mode, typeof node.mode === 'number' && node.mode <= 2 ? 'read' : 'write')
    return undefined
  },

  ExplainStmt(node, _, mode) {
    const analyze = list(node.options).some((option) => {
      const { defname, arg } = as(option, 'DefElem') ?? {}
      return text(defname)?.toLowerCase() === 'analyze' && !isOff(arg)
    })
    return [{ value: node, mode: analyze || mode === 'stored' ? mode : 'planned' }]
  },
  CreateTableAsStmt(node, _, mode) {
    const empty = isTree(node.into) && node.into.skipData === true
    return [{ value: node, mode: empty && mode === 'runs' ? 'planned' : mode }]
  },
  // Defaults and checks are for rows to come; a partition's bounds are evaluated now.
  CreateStmt: (node, _, mode) => [{ value: { ...node, partbound: undefined }, mode: 'stored' }, { value: node.partbound, mode }],
  AlterTableCmd(node, reading, mode) {
    if (/^AT_(ChangeOwner|(Enable|Disable|Force|NoForce)RowSecurity)$/.test(text(node.subtype) ?? '')) reading.effect(mode, 'privilege')
    return [{ value: node, mode: node.subtype === 'AT_ColumnDefault' ? 'stored' : mode }]
  },
  CreateFunctionStmt: (node, reading, mode) => code(list(node.options), reading, mode),
  AlterFunctionStmt: (node, reading, mode) => code(list(node.actions), reading, mode),
  DropStmt(node, reading, mode) {
    for (const object of list(node.objects)) named(node.removeType, object, reading)
    return privileged(node.removeType, reading, mode)
  },
  RenameStmt: (node, reading, mode) => privileged(node.renameType, reading, mode),
  AlterObjectSchemaStmt: (node, reading, mode) => privileged(node.objectType, reading, mode),
  AlterObjectDependsStmt: (node, reading, mode) => privileged(node.objectType, reading, mode),
  CommentStmt: (node, reading) => named(node.objtype, node.object, reading),
  SecLabelStmt: (node, reading) => named(node.objtype, node.object, reading),
  CreateTableSpaceStmt: (_, reading, mode) => serverFile(reading, mode),
  LoadStmt: (_, reading, mode) => serverFile(reading, mode),

  TransactionStmt(node, reading, mode) {
    reading.flag(mode, 'transaction')
    // A prepared transaction outlives the session, holds its locks, and may be another's.
    if (/PREPARE/.test(text(node.kind) ?? '')) reading.effect(mode, 'write')
    return undefined
  },
  VariableSetStmt: set,
  AlterRoleSetStmt: setForLater,
  AlterDatabaseSetStmt: setForLater,
  AlterSystemStmt: setForLater,

  FuncCall: call,
  CallStmt: callProcedure,
  A_Expr: (node, reading, mode) => operator(node.name, reading, mode),
  SubLink: (node, reading, mode) => operator(node.operName, reading, mode),
  SortBy: (node, reading, mode) => operator(node.useOp, reading, mode),
  RangeTableSample: sample
}

/** UPDATE and DELETE: they read where PostgreSQL itself would ask for SELECT, that is where they look at a column or another relation. */
function change(node: Tree, reading: Reading, mode: Mode): readonly Below[] {
  const rest = write(node, reading, mode)
  if (alwaysTrue(node.whereClause)) reading.flag(mode, 'no_where')
  const looks = returns(node) || node.fromClause !== undefined || node.usingClause !== undefined
  if (looks || mentionsColumns([node.whereClause, node.targetList])) reading.effect(mode, 'read')
  return [targetOf(node, mode), { value: rest, mode }]
}

/** MERGE: a clause without a condition changes every row that is joined without one, or every row that is joined with nothing. */
function mergesAll({ joinCondition, mergeWhenClauses }: Tree): boolean {
  const never = constant(joinCondition) === 'false'
  return list(mergeWhenClauses).map((clause) => as(clause, 'MergeWhenClause') ?? {}).some(({ matched, matchKind, commandType, condition }) => {
    if (!['CMD_UPDATE', 'CMD_DELETE'].includes(text(commandType) ?? '') || !alwaysTrue(condition)) return false
    return matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE' ? never : (matched === true || matchKind === 'MERGE_WHEN_MATCHED') && !never && alwaysTrue(joinCondition)
  })
}

/** What a write does by what it writes to. @returns the statement without its target */
function write(node: Tree, reading: Reading, mode: Mode): Tree {
  const { relation, ...rest } = node
  writeTo(relation, reading, mode)
  if (isTree(relation) && relation.relname === 'pg_settings') setByUpdate(reading, mode)
  return rest
}

/** The catalog holds roles, rights and code: who writes there by hand changes those. */
function writeTo(relation: unknown, reading: Reading, mode: Mode): void {
  const { schemaname, relname } = isTree(relation) ? relation : {}
  if (schemaname === 'pg_catalog' || (schemaname === undefined && text(relname)?.startsWith('pg_') === true)) reading.effect(mode, 'privilege')
}

function targetOf(node: Tree, mode: Mode): Below {
  return { value: node.relation, mode, target: true }
}

function returns(node: Tree): boolean {
  return node.returningList !== undefined || node.returningClause !== undefined
}

/** The row an INSERT proposed is not read from anywhere. */
function mentionsColumns(value: unknown): boolean {
  return some(value, (tree) => {
    const column = as(tree, 'ColumnRef')
    return column !== undefined && as(list(column.fields)[0], 'String')?.sval !== 'excluded'
  })
}

/** As PostgreSQL reads a boolean option: present without a value is on. */
function isOff(value: unknown): boolean {
  if (value === undefined) return false
  const words = ['false', 'off', 'no', '0']
  const { sval } = as(value, 'String') ?? {}
  if (typeof sval === 'string') return words.includes(sval.toLowerCase())
  const integer = as(value, 'Integer')
  if (integer !== undefined) return (integer.ival ?? 0) === 0
  const boolean = as(value, 'Boolean')
  return boolean !== undefined && boolean.boolval !== true
}

/** Code that runs with its owner's rights, or outside the server's own languages, gives rights away. */
function code(options: readonly unknown[], reading: Reading, mode: Mode): undefined {
  for (const { defname, arg } of options.map((option) => as(option, 'DefElem') ?? {})) {
    if (defname === 'security' && !isOff(arg)) reading.effect(mode, 'privilege')
    const language = defname === 'language' ? as(arg, 'String')?.sval : undefined
    if (typeof language === 'string' && /^(c|internal|.*u)$/i.test(language)) {
      reading.effect(mode, 'privilege')
      reading.flag(mode, 'server_file')
    }
  }
}

function privileged(object: unknown, reading: Reading, mode: Mode): undefined {
  if (privilegedObjects.has(text(object) ?? '')) reading.effect(mode, 'privilege')
}

/** Objects named by a list of strings, of which a relation's name is the front. */
function named(object: unknown, names: unknown, reading: Reading): undefined {
  const known = relationObjects[text(object) ?? '']
  if (known !== undefined) reading.relation(strings(names).slice(0, known.below === 0 ? undefined : -1))
}

function serverFile(reading: Reading, mode: Mode): undefined {
  reading.flag(mode, 'server_file')
}
