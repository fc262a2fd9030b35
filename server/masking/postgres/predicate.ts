// Which rows there are, by a condition: every term that depends on a protected value is a flow of some kind. Pure.
import { as, constant, list, strings } from '../../sql/postgres/tree.ts'
import { evaluate } from './expression.ts'
import type { Flow } from './finding.ts'
import { union, type Reading } from './reading.ts'
import { find, type Scope, type Value } from './scope.ts'

/**
 * WHERE, ON or HAVING.
 * @param exact whether its terms decide rows alone: not in an outer join, nor below a grouping
 */
export function readCondition(condition: unknown, scope: Scope, reading: Reading, exact: boolean): void {
  for (const term of terms(condition)) {
    const value = evaluate(term, scope, reading)
    if (value.labels.size === 0) continue
    const asked = exact ? lookup(term, scope, reading) : undefined
    const joined = exact ? joins(term, scope) : undefined
    const what = value.path.at(-1) ?? 'a protected value'
    if (asked !== undefined) reading.flow('lookup', value.labels, `${columnOf(term)} is compared with a value`, { asked })
    else if (joined !== undefined) reading.flow('join', union(joined), `rows are joined on ${joined.map(({ path }) => path[0]).join(' = ')}`)
    else reading.flow('other', value.labels, `rows depend on ${what}`)
  }
}

/** Terms of the top-level AND; each decides rows by itself, so nothing in another tells more than that. */
function terms(condition: unknown): readonly unknown[] {
  if (condition === undefined) return []
  const logical = as(condition, 'BoolExpr')
  return logical?.boolop === 'AND_EXPR' ? list(logical.args).flatMap(terms) : [condition]
}

/** `column = constant`, `column IN (constants)`, `column = ANY (constant)`: the values asked for, or undefined. */
function lookup(term: unknown, scope: Scope, reading: Reading): Flow['asked'] {
  const { kind, name, lexpr, rexpr } = as(term, 'A_Expr') ?? {}
  const operator = strings(name)
  if (operator.at(-1) !== '=' || (operator.length === 2 && operator[0] !== 'pg_catalog')) return undefined
  const isColumn = (side: unknown) => protectedColumn(side, scope, reading)
  switch (kind) {
    case 'AEXPR_OP':
      if (isColumn(lexpr)) return askedBy([rexpr])
      return isColumn(rexpr) ? askedBy([lexpr]) : undefined
    case 'AEXPR_IN': return isColumn(lexpr) ? askedBy(list(rexpr)) : undefined
    case 'AEXPR_OP_ANY': return isColumn(lexpr) ? askedByArray(rexpr) : undefined
    default: return undefined
  }
}

/** A bare column, perhaps cast to another kind of text. */
function protectedColumn(side: unknown, scope: Scope, reading: Reading): boolean {
  const cast = as(side, 'TypeCast')
  if (cast !== undefined) return protectedColumn(cast.arg, scope, reading) && evaluate(side, scope, reading).identity !== undefined
  return bareColumn(side, scope)?.identity !== undefined
}

function bareColumn(side: unknown, scope: Scope): Value | undefined {
  const fields = as(side, 'ColumnRef')?.fields
  const found = fields === undefined ? undefined : find(strings(fields), scope)
  return found?.type === 'value' ? found.value : undefined
}

function askedBy(values: readonly unknown[]): Flow['asked'] {
  const asked = values.map(askedFor)
  return asked.every((one) => one !== undefined) ? asked.flat() : undefined
}

/** NULL asks for nothing. */
export function askedFor(value: unknown): Flow['asked'] {
  const cast = as(value, 'TypeCast')
  if (cast !== undefined) return askedFor(cast.arg)
  const parameter = as(value, 'ParamRef')?.number
  if (typeof parameter === 'number') return [{ parameter }]
  if (as(value, 'A_Const')?.isnull === true) return []
  const written = constant(value)
  return written === undefined ? undefined : [written]
}

function askedByArray(value: unknown): Flow['asked'] {
  const cast = as(value, 'TypeCast')
  if (cast !== undefined) return askedByArray(cast.arg)
  const elements = as(value, 'A_ArrayExpr')?.elements
  if (elements !== undefined) return askedBy(list(elements))
  if (as(value, 'ParamRef') !== undefined) return askedFor(value)
  const written = constant(value)
  // Only the plain form of an array: no quotes, no nesting, no bounds.
  return written !== undefined && /^\{[^{}"\\]*\}$/.test(written) ? written.slice(1, -1).split(',').filter((item) => item !== '') : undefined
}

/** Two protected columns, both bare: neither is carried by one that shows. */
function joins(term: unknown, scope: Scope): readonly Value[] | undefined {
  const { kind, name, lexpr, rexpr } = as(term, 'A_Expr') ?? {}
  if (kind !== 'AEXPR_OP' || strings(name).join('.') !== '=') return undefined
  const sides = [bareColumn(lexpr, scope), bareColumn(rexpr, scope)]
  return sides.every((side) => side?.identity !== undefined) ? sides as Value[] : undefined
}

function columnOf(term: unknown): string {
  const { lexpr, rexpr } = as(term, 'A_Expr') ?? {}
  const fields = as(lexpr, 'ColumnRef')?.fields ?? as(rexpr, 'ColumnRef')?.fields ?? as(as(lexpr, 'TypeCast')?.arg, 'ColumnRef')?.fields
  return strings(fields).at(-1) ?? 'a protected column'
}
