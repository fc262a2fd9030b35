// Conditions that are true for every row however they are dressed up. Pure. Finds the usual disguises, not every one: a
// condition it does not find may still be true everywhere, so nothing rests on this but a flag.
import { as, constant, list, some, strings } from './tree.ts'

/** @param where a WHERE clause, or undefined for none */
export function alwaysTrue(where: unknown): boolean {
  if (where === undefined) return true
  const logical = as(where, 'BoolExpr')
  if (logical !== undefined) {
    const terms = list(logical.args)
    if (logical.boolop === 'OR_EXPR') return terms.some(alwaysTrue) || complementary(terms)
    if (logical.boolop === 'AND_EXPR') return terms.every(alwaysTrue)
  }
  return ofNoRow(where) || comparesWithItself(where)
}

/** Without a column it does not look at the row: 1 = 1, true, NOT false, $1, length('x') > 0. If it is false, nothing is lost. */
function ofNoRow(condition: unknown): boolean {
  return !some(condition, (tree) => 'ColumnRef' in tree || 'CurrentOfExpr' in tree)
}

/** id = id, id >= id, id IS NOT DISTINCT FROM id, id IN (id), id BETWEEN id AND id, id LIKE id */
function comparesWithItself(condition: unknown): boolean {
  const comparison = as(condition, 'A_Expr')
  if (comparison === undefined) return false
  const { kind, lexpr, rexpr } = comparison
  const operator = strings(comparison.name).at(-1)
  if (kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_BETWEEN_SYM') return list(rexpr).every((bound) => same(lexpr, bound))
  if (kind === 'AEXPR_IN') return operator === '=' && list(rexpr).some((candidate) => same(lexpr, candidate))
  if (kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') return operator?.startsWith('~~') === true && (constant(rexpr) === '%' || same(lexpr, rexpr))
  if (kind === 'AEXPR_NOT_DISTINCT') return same(lexpr, rexpr)
  return kind === 'AEXPR_OP' && ['=', '<=', '>='].includes(operator ?? '') && same(lexpr, rexpr)
}

/** id IS NULL OR id IS NOT NULL */
function complementary(terms: readonly unknown[]): boolean {
  const tests = terms.map((term) => as(term, 'NullTest')).filter((test) => test !== undefined)
  return tests.some((one, i) => tests.slice(i + 1).some((other) => one.nulltesttype !== other.nulltesttype && same(one.arg, other.arg)))
}

/** Alike but for where they stand in the text. */
function same(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a, withoutPlace) === JSON.stringify(b, withoutPlace)
}

function withoutPlace(key: string, value: unknown): unknown {
  return key === 'location' ? undefined : value
}
