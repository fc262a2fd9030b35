// RETURNING: the columns of a change, of the row as it was written or as it was. Pure.
import { as, isTree, list, text, type Tree } from '../../sql/postgres/tree.ts'
import { targetFields } from './query.ts'
import { union, type Reading } from './reading.ts'
import { inside, join, type Field, type From, type RangeItem, type Scope } from './scope.ts'
import type { Written } from './write.ts'

export function returned(node: Tree): readonly unknown[] | undefined {
  if (node.returningList !== undefined) return list(node.returningList)
  return isTree(node.returningClause) ? list(node.returningClause.exprs) : undefined
}

/**
 * A column that was written shows what was written into it, whatever its own name says.
 * @param others what else it can name. @param first whose columns come first in `*`
 * @returns undefined without RETURNING
 */
export function returning(
  node: Tree,
  item: RangeItem,
  others: From,
  written: ReadonlyMap<string, Written>,
  scope: Scope,
  reading: Reading,
  first: 'target' | 'others' = 'target'
): readonly Field[] | undefined {
  const targets = returned(node)
  if (targets === undefined) return undefined
  const fields = item.fields.map((field): Field => {
    const value = written.get(field.name)?.value
    if (value === undefined || value.labels.size === 0 || reading.off('returning')) return field
    const { identity, ...rest } = field
    const same = identity !== undefined && identity === value.identity
    return { ...rest, labels: union([field, value]), path: value.path, ...(same ? { identity } : {}) }
  })
  const now = { ...item, fields }
  const versions = ['old', 'new', ...versionNames(node)].map((name) => ({ ...now, name }))
  const isShadowed = (name: string) => [now, ...others.items].some((one) => one.name === name)
  // PostgreSQL 18: RETURNING old.x, new.x.
  const items = reading.world.catalog.major >= 18 ? [now, ...versions.filter(({ name }) => !isShadowed(name))] : [now]
  const target = { fields, items }
  const level = inside(scope, first === 'target' ? join(target, others) : join(others, target))
  return targets.flatMap((one) => targetFields(as(one, 'ResTarget') ?? {}, level, reading))
}

function versionNames(node: Tree): readonly string[] {
  const clause = isTree(node.returningClause) ? node.returningClause : {}
  return list(clause.options).flatMap((option) => text(as(option, 'ReturningOption')?.value) ?? [])
}
