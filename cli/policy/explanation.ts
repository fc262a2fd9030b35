// What the gateway says would happen to statements, as lines. Pure.
import type { ExplainedFlow, ExplainedStatement, Explanation } from '../../shared/explain.ts'
import type { Decision } from '../../shared/model.ts'
import { section, shownAs, tableBelow } from './words.ts'

export function explanationLines({ target, protected: isProtected, statements }: Explanation): string[] {
  const lines = statements.flatMap((statement, i) => [
    ...(statements.length === 1 ? [] : [...(i === 0 ? [] : ['']), `statement ${i + 1} of ${statements.length}`]),
    ...statementLines(statement)
  ])
  return isProtected ? lines : [...lines, '', `nothing on ${target} is protected from you`]
}

function statementLines(statement: ExplainedStatement): string[] {
  const { verb, effects, flags, relations, functions, columns, flows, unproven, decision } = statement
  return [
    `${verb}: ${effects.length === 0 ? 'has no effect of its own' : effects.join(', ')}${flags.length === 0 ? '' : ` (${flags.join(', ')})`}`,
    ...(relations.length === 0 ? [] : [`relations: ${relations.join(', ')}`]),
    ...(functions.length === 0 ? [] : [`functions: ${functions.join(', ')}`]),
    ...tableBelow('columns', ['COLUMN', 'SHOWN', 'FROM'], (columns ?? []).map((column) => [column.name, shownAs(column), wayOf(column)])),
    ...section('depends on protected values', flows.map(flowLine)),
    ...section('not proven to be harmless, so it holds', unproven),
    '',
    ...decisionLines(decision)
  ]
}

function wayOf({ path, from }: NonNullable<ExplainedStatement['columns']>[number]): string {
  const way = path.join(' -> ')
  // A way that does not begin at a protected column has several beginnings.
  const others = from.filter((label) => !way.includes(label.split('.').slice(-2).join('.')))
  return [way, ...(others.length === 0 ? [] : [`with ${others.join(', ')}`])].filter((part) => part !== '').join('; ')
}

function flowLine({ kind, action, columns, into, why }: ExplainedFlow): string {
  return `${action.padEnd(5)} ${kind}: ${why} (${columns.join(', ')}${into === undefined ? '' : `, into ${into}`})`
}

function decisionLines(decision: Decision): string[] {
  const { action, rule } = decision
  if (action === 'allow') return [`it runs: ${rule}`]
  if (action === 'deny') return [`it is refused: ${rule}`, `  ${decision.reason}`]
  const { places, timeoutSeconds, requesterReason, rowsAbove } = decision.terms
  const asked = places.map(({ group, count }) => count === 1 ? group : `${count} of ${group}`).join(' and ')
  return [
    `it waits for a review: ${rule}`,
    `  by ${asked}, at most ${timeoutSeconds < 60 ? `${timeoutSeconds} s` : `${Math.round(timeoutSeconds / 60)} min`}${requesterReason ? ', with a reason of yours' : ''}`,
    ...(rowsAbove === undefined ? [] : [`  unless the database expects at most ${rowsAbove} rows`])
  ]
}
