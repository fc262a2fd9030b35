// Helpers for libpg_query's trees as JSON. Pure; knows shapes, not meanings.

/**
 * An object of the tree. A node stands either under its kind, `{ SelectStmt: { ... } }`, or, where the field's type fixes
 * the kind (`relation`, `larg`, `setstmt`), bare. Kinds begin with a capital letter, fields do not. False, 0 and empty are left out.
 */
export type Tree = { readonly [field: string]: unknown }

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isKind(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 65 && first <= 90
}

/** The node under `kind`, if that is what the value is. */
export function as(value: unknown, kind: string): Tree | undefined {
  if (!isTree(value)) return undefined
  const node = value[kind]
  return isTree(node) ? node : undefined
}

/** What a tagged node is, and the node. */
export function kindOf(tree: Tree): [kind: string, node: Tree] {
  const [kind = ''] = Object.keys(tree)
  return [kind, as(tree, kind) ?? {}]
}

export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  const { items } = as(value, 'List') ?? {}
  return Array.isArray(items) ? items : []
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The strings of a list of String nodes; other kinds in it (`*`) are left out. */
export function strings(value: unknown): string[] {
  return list(value).flatMap((item) => {
    const { sval } = as(item, 'String') ?? {}
    return typeof sval === 'string' ? [sval] : []
  })
}

/** A constant's value as SET and function arguments read it, below any casts; undefined for everything else. NULL is undefined too. */
export function constant(value: unknown): string | undefined {
  const cast = as(value, 'TypeCast')
  if (cast !== undefined) return constant(cast.arg)
  const node = as(value, 'A_Const')
  if (node === undefined || node.isnull === true) return undefined
  const { sval, ival, fval, boolval } = node
  if (isTree(sval)) return text(sval.sval) ?? ''
  if (isTree(ival)) return String(typeof ival.ival === 'number' ? ival.ival : 0)
  if (isTree(fval)) return text(fval.fval)
  if (isTree(boolval)) return boolval.boolval === true ? 'true' : 'false'
  return undefined
}

/** `schema.name` as identifiers of a fact: quoted where they are not plain, so that dots in them cannot be taken for separators. */
export function nameOf(parts: readonly string[]): string {
  return parts.map((part) => isPlain(part) ? part : `"${part.replaceAll('"', '""')}"`).join('.')
}

/** PostgreSQL folds ASCII only, so any letter beyond it is as written. */
function isPlain(name: string): boolean {
  return /^[a-z_][a-z0-9_$]*$/.test(name) || (/^[\p{L}_][\p{L}\p{N}_$]*$/u.test(name) && !/[A-Z]/.test(name))
}

/** Calls back for every object at or below the value, in no particular order; stops and answers true when the callback does. */
export function some(value: unknown, found: (tree: Tree) => boolean): boolean {
  const pending = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    if (Array.isArray(next)) {
      for (const item of next) pending.push(item)
    } else if (isTree(next)) {
      if (found(next)) return true
      for (const key in next) pending.push(next[key])
    }
  }
  return false
}
