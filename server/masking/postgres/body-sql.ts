// The statements of a function's body in SQL, and what stands in its head. Pure.
import { as, list, type Tree } from '../../sql/postgres/tree.ts'
import type { BodyContext } from './body-context.ts'
import type { OwnFunction } from './catalog.ts'

/** Parameters with their defaults, and the type it returns. Undefined where the definition cannot be read. */
export function headOf(own: OwnFunction, context: BodyContext): unknown {
  const node = created(own.definition, context)
  return node && { parameters: node.parameters, returnType: node.returnType }
}

/** Undefined where the body cannot be read. */
export function statementsOf(own: OwnFunction, context: BodyContext): unknown {
  const atomic = created(own.definition, context)?.sql_body
  if (atomic !== undefined) return atomic
  const text = own.body ?? ''
  const only = context.parse(text)
  if (only !== undefined) return only
  // Several statements make one as the body of another function. Should the text end that body early, this is not one statement.
  const whole = created(`CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC ${text}\n; END`, context)
  return whole?.sql_body
}

function created(definition: string | undefined, context: BodyContext): Tree | undefined {
  return definition === undefined ? undefined : as(context.parse(definition), 'CreateFunctionStmt')
}

/** For the parser's sake: an expression is read as a query's only column. */
export function parseExpression(text: string, context: BodyContext): Tree | undefined {
  const tree = context.parse(`SELECT ${text}`)
  const select = as(tree, 'SelectStmt')
  return select === undefined || list(select.targetList).length === 0 ? undefined : tree
}
