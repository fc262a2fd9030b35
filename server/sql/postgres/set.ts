// SET in all its forms, and set_config: which setting changes to what, and what that does. Pure.
import type { Below, Mode, Reading } from './reading.ts'
import { keepsPinned, settingKind } from './settings.ts'
import { as, constant, isTree, list, some, text, type Tree } from './tree.ts'

/** Settings that say who one is, and whether triggers and rules apply. */
const identities = new Set(['role', 'session_authorization', 'session_replication_role'])
/** Below NOTICE the server tells how it goes about things, values included. */
const chatty = /^(debug[1-5]?|log)$/i

/**
 * SET, RESET, SET LOCAL, SET TRANSACTION and the SET of a function, role, database or server.
 * @param mode `stored` where the setting applies later, whatever it is part of: only the pinned ones matter then
 */
export function set(node: Tree, reading: Reading, mode: Mode): readonly Below[] {
  const name = text(node.name) ?? ''
  if (node.kind === 'VAR_RESET_ALL') reading.effect(mode, 'session')
  else if (node.kind !== 'VAR_SET_MULTI') setTo(name, onlyConstant(node), reading, mode)
  else if (name === 'SESSION CHARACTERISTICS') reading.effect(mode, 'session')
  else reading.flag(mode, 'transaction')
  return []
}

/** ALTER ROLE, DATABASE or SYSTEM ... SET: for sessions to come. */
export function setForLater(node: Tree, reading: Reading): undefined {
  if (isTree(node.setstmt)) set(node.setstmt, reading, 'stored')
}

/** @param value undefined where it is not one constant: a list, DEFAULT, an expression */
export function setTo(name: string, value: string | undefined, reading: Reading, mode: Mode): void {
  const kind = settingKind(name)
  if (identities.has(name.toLowerCase())) reading.effect(mode, 'privilege')
  else if (kind === 'unknown' || (name.toLowerCase() === 'client_min_messages' && chatty.test(value ?? ''))) reading.effect(mode, 'unknown')
  else reading.effect(mode, 'session')
  if (kind === 'pinned' && !keepsPinned(name, value)) reading.flag(mode, 'pinned_setting')
}

/** UPDATE pg_settings is SET by another name; which one, only the rows it finds know. */
export function setByUpdate(reading: Reading, mode: Mode): void {
  reading.effect(mode, 'session', 'unknown')
  reading.flag(mode, 'pinned_setting')
}

/**
 * `SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'y'`, as pg_dump has it so that servers without the
 * setting do not fail: the one setting it is about.
 */
export function guardedSetting(select: Tree): string | undefined {
  const [from, ...more] = list(select.fromClause)
  const { relname, schemaname = 'pg_catalog' } = as(from, 'RangeVar') ?? {}
  const where = as(select.whereClause, 'A_Expr')
  if (more.length > 0 || relname !== 'pg_settings' || schemaname !== 'pg_catalog' || where?.kind !== 'AEXPR_OP') return undefined
  const equals = some(where.name, (tree) => tree.sval === '=') && isColumnName(where.lexpr)
  return equals ? constant(where.rexpr) : undefined
}

export function isColumnName(value: unknown): boolean {
  const [field, ...more] = list(as(value, 'ColumnRef')?.fields)
  return more.length === 0 && as(field, 'String')?.sval === 'name'
}

function onlyConstant(node: Tree): string | undefined {
  const values = list(node.args)
  return values.length === 1 ? constant(values[0]) : undefined
}
