// What whoever decides should know of a held statement: the rows it is expected to touch, and the locks its transaction holds.
// Asked on a connection of the gateway's own, so that nothing of the client's transaction is disturbed. Pure but for that connection.
import type { HeldContext, Operation, StatementOperation } from '../../../shared/model.ts'
import { firstOwnOid } from '../../masking/postgres/build-catalog.ts'
import type { Asker } from './ask.ts'

/** What EXPLAIN takes and a person can make something of. */
const explainable = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE'])

export async function heldContext(
  asker: Asker,
  operations: readonly Operation[],
  transaction: HeldContext['transaction'],
  processId: number | undefined
): Promise<HeldContext> {
  // Planning may run functions; they are to write nothing and take no time.
  await asker.ask({ text: 'SELECT set_config(\'default_transaction_read_only\', \'on\', false), set_config(\'statement_timeout\', \'2s\', false)' })
  const locks = transaction === 'none' || processId === undefined ? [] : await locksOf(asker, processId)
  return { transaction, locks, estimatedRows: await estimate(asker, operations) }
}

async function locksOf(asker: Asker, processId: number): Promise<string[]> {
  const rows = await asker.ask({
    text: `SELECT mode || ' on ' || relation::regclass FROM pg_locks WHERE pid = ${processId} AND locktype = 'relation' AND granted`
      + ` AND relation >= ${firstOwnOid} AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1 LIMIT 50`
  })
  return rows.map(([text]) => text ?? '')
}

/** The largest of the statements; null where one of them cannot be estimated, for then the sum is anybody's guess. */
async function estimate(asker: Asker, operations: readonly Operation[]): Promise<number | null> {
  let most = 0
  for (const operation of operations) {
    if (operation.kind !== 'statement') continue
    const rows = await estimateOne(asker, operation)
    if (rows === null) return null
    most = Math.max(most, rows)
  }
  return most
}

async function estimateOne(asker: Asker, operation: StatementOperation): Promise<number | null> {
  if (operation.effects.length === 0) return 0
  // A function nobody knows could do anything when the planner calls it.
  if (!explainable.has(operation.verb) || operation.effects.includes('unknown')) return null
  try {
    const rows = await asker.ask({
      text: `EXPLAIN (FORMAT JSON) ${operation.text}`,
      parameters: operation.parameters,
      formats: operation.parameterFormats ?? []
    })
    return rowsOfPlan(JSON.parse(rows.map(([line]) => line).join('\n')))
  } catch {
    // A table the transaction has made itself, a search path set meanwhile: there is no estimate then, and that is said.
    return null
  }
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Plan Rows': number
  readonly Plans?: readonly PlanNode[]
}

/** Of EXPLAIN (FORMAT JSON). A node that modifies counts what is below it: it returns nothing itself. */
export function rowsOfPlan(plan: unknown): number | null {
  const node = (plan as readonly { readonly Plan?: PlanNode }[] | undefined)?.[0]?.Plan
  if (node === undefined) return null
  const counted = node['Node Type'] === 'ModifyTable' ? (node.Plans ?? []).reduce((sum, child) => sum + child['Plan Rows'], 0) : node['Plan Rows']
  return Number.isFinite(counted) ? counted : null
}
