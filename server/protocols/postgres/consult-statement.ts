// What statements would show and do, by the same analysis and verdict as if they were run. They go nowhere.
import { GatewayError } from '../../../shared/errors.ts'
import type { ExplainedColumn, ExplainedFlow, ExplainRequest } from '../../../shared/explain.ts'
import type { Exemption, Exposure, StatementOperation } from '../../../shared/model.ts'
import type { Column, Finding, Flow } from '../../masking/postgres/finding.ts'
import { judge, type Cell, type MaskingPolicy } from '../../masking/postgres/judge.ts'
import { tells } from '../../masking/postgres/tells.ts'
import type { Protection } from '../../policy/protect.ts'
import { loadAnalyzer, type AnalyzedStatement, type Analyzer } from '../../sql/postgres/index.ts'
import { majors } from '../../sql/postgres/parser.ts'
import type { Edge, Explained } from '../protocol.ts'
import { consult, nothingProtected, type ConsultParts } from './consult.ts'
import type { Guards, NamedFindings } from './guard.ts'
import { statementOperation } from './statement-operation.ts'

const nothingNamed: NamedFindings = { prepared: () => undefined, cursors: new Map() }

export function explainStatements(
  parts: ConsultParts,
  edge: Edge,
  { statement: text, database }: ExplainRequest,
  protection: Protection | undefined,
  signal: AbortSignal
): Promise<readonly Explained[]> {
  return consult(parts, edge, { protection: protection ?? nothingProtected, database, signal }, async ({ analyzer, guards }) => {
    const statements = statementsIn(analyzer, text)
    return statements.map((statement) => explained(statement, statements.length === 1, protection === undefined ? undefined : guards))
  })
}

/** Without a server: read as the newest one would. */
export async function readStatements(text: string): Promise<readonly StatementOperation[]> {
  return statementsIn(await loadAnalyzer(majors.at(-1)!), text).map((statement) => operationFrom(statement))
}

function statementsIn(analyzer: Analyzer, text: string): readonly AnalyzedStatement[] {
  const analysis = analyzer.analyze(text)
  if (analysis.type === 'syntax_error') {
    throw new GatewayError('bad_request', 'the statement does not parse', { hint: 'run it: the server\'s own parser says where' })
  }
  if (analysis.statements.length === 0) throw new GatewayError('bad_request', 'there is no statement in it')
  return analysis.statements
}

function explained(statement: AnalyzedStatement, alone: boolean, guards: Guards | undefined): Explained {
  const finding = guards?.find(statement, nothingNamed)
  const guard = finding === undefined ? undefined : guards!.guard(statement, finding, alone)
  return {
    operation: operationFrom(statement, guard?.exposure),
    shows: finding === undefined ? { flows: [], unproven: [] } : shown(finding, guards!)
  }
}

/** As if it were run now, without parameters. */
function operationFrom(statement: AnalyzedStatement, exposure?: Exposure): StatementOperation {
  return statementOperation(statement, 'execute', { parameters: [] }, exposure)
}

function shown(finding: Finding, guards: Guards): Explained['shows'] {
  const { policy } = guards
  const { cells } = judge(finding, policy)
  const columns = finding.columns?.map((column, i) => columnOf(column, cells![i]!, guards))
  return {
    ...(columns === undefined ? {} : { columns }),
    flows: finding.flows.flatMap((flow) => flowOf(flow, finding, policy) ?? []),
    unproven: finding.opaque
  }
}

function columnOf({ name, labels, path }: Column, cell: Cell, guards: Guards): ExplainedColumn {
  const known = { name, from: [...labels].sort(), path }
  if (cell === 'pass') return labels.size === 0 ? { ...known, shown: 'clean' } : { ...known, shown: 'clear', exemptions: exemptionsOf(labels, guards) }
  const groups = groupsToAsk(labels, guards)
  const told = { ...known, ...(groups.length === 0 ? {} : { mayAsk: groups }) }
  if (cell === 'redact' || cell.mask === 'redact') return { ...told, shown: cell === 'redact' ? 'redacted' : 'masked', ...(cell === 'redact' ? {} : { mask: 'redact' }) }
  const telling = tells[cell.mask]
  return { ...told, shown: 'masked', mask: cell.mask, ...(telling === undefined ? {} : { tells: telling }) }
}

function exemptionsOf(labels: Column['labels'], { setting: { policy, protection } }: Guards): readonly Exemption[] {
  const names = new Set([...labels].flatMap((label) => policy.exempt.get(label) ?? []))
  return protection.rules.filter(({ name }) => names.has(name)).map(({ name, exemptUntil }) =>
    ({ rule: name, ...(exemptUntil === undefined ? {} : { until: new Date(exemptUntil).toISOString() }) }))
}

/** None where it would stay masked for some of what it depends on. */
function groupsToAsk(labels: Column['labels'], { setting: { policy, askable } }: Guards): readonly string[] {
  const masked = [...labels].filter((label) => !policy.exempt.has(label)).map((label) => askable.get(label) ?? [])
  return masked.every((groups) => groups.length > 0) ? [...new Set(masked.flat())].sort() : []
}

/** Judged as if it were the only one. @returns undefined where all of it is exempt */
function flowOf(flow: Flow, finding: Finding, policy: MaskingPolicy): ExplainedFlow | undefined {
  const columns = [...flow.labels].filter((label) => !policy.exempt.has(label)).sort()
  if (columns.length === 0) return undefined
  const { action } = judge({ ...finding, flows: [flow], opaque: [] }, policy)
  return { kind: flow.kind, action, columns, ...(flow.into === undefined ? {} : { into: flow.into }), why: flow.why }
}
