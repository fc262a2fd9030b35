// MERGE: a join, for each row of which the first clause whose condition it meets updates, deletes or inserts. Pure.
// As PostgreSQL docs, *MERGE*, and its parser (parse_merge.c): which names a clause sees follows from the rows it is for.
import { as, list, text, type Tree } from '../../sql/postgres/tree.ts'
import { addTo, assignments, namedColumns, rowInto } from './assignments.ts'
import type { Relation } from './catalog.ts'
import { mayFailUnless } from './expression.ts'
import { readFrom } from './from.ts'
import { readCondition } from './predicate.ts'
import { returning } from './returning.ts'
import type { Reading } from './reading.ts'
import { inside, join, noFrom, type Field, type From, type RangeItem, type Scope } from './scope.ts'
import { checkWrite, launder, type Written } from './write.ts'

/** Rows of the join: with both sides, or with one. */
type Rows = 'matched' | 'target only' | 'source only'

interface Clause {
  readonly rows: Rows | undefined
  readonly command: string
  readonly node: Tree
}

/** @param scope a level of its own, FROM still empty. @returns the columns of RETURNING; undefined without */
export function merge(node: Tree, relation: Relation, item: RangeItem, scope: Scope, reading: Reading): readonly Field[] | undefined {
  const target: From = { fields: item.fields, items: [item] }
  // The source does not see the target, not even with LATERAL.
  const source = readFrom([node.sourceRelation], scope, reading)
  const sees: Readonly<Record<Rows, From>> = { matched: join(target, source), 'target only': target, 'source only': source }
  const clauses = list(node.mergeWhenClauses).map((one) => clauseFrom(as(one, 'MergeWhenClause') ?? {}))

  // With clauses for rows of one side, the join is an outer one.
  const inner = clauses.every(({ rows }) => rows === 'matched')
  if (!reading.off('merge-join')) readCondition(node.joinCondition, inside(scope, sees.matched), reading, inner)
  for (const { rows, node: clause } of clauses) {
    if (rows === undefined) reading.unproven('a clause of MERGE is not understood')
    if (!reading.off('merge-when')) readCondition(clause.condition, inside(scope, rows === undefined ? noFrom : sees[rows]), reading, false)
  }
  // A row of the target that two of the source would change is an error.
  const changes = clauses.some(({ command }) => command === 'CMD_UPDATE' || command === 'CMD_DELETE')
  mayFailUnless(!changes || reading.off('merge-twice'), { labels: reading.rows(), path: [] }, 'MERGE', reading)

  const written = new Map<string, Written>()
  for (const clause of clauses) addTo(written, act(clause, relation, inside(scope, sees[clause.rows ?? 'matched']), reading))
  return returning(node, item, source, written, scope, reading, 'others')
}

function clauseFrom(node: Tree): Clause {
  return { rows: rowsOf(node), command: text(node.commandType) ?? '', node }
}

/** Until PostgreSQL 16 there is no clause for rows of the target only, and `matched` says it. */
function rowsOf(node: Tree): Rows | undefined {
  switch (node.matchKind) {
    case undefined: return node.matched === true ? 'matched' : 'source only'
    case 'MERGE_WHEN_MATCHED': return 'matched'
    case 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE': return 'target only'
    case 'MERGE_WHEN_NOT_MATCHED_BY_TARGET': return 'source only'
    default: return undefined
  }
}

/** @returns what it writes */
function act({ command, node }: Clause, relation: Relation, scope: Scope, reading: Reading): readonly Written[] {
  switch (command) {
    case 'CMD_NOTHING': return []
    case 'CMD_DELETE':
      checkWrite(relation, 'delete', new Map(), reading)
      return []
    case 'CMD_UPDATE': return store('update', assignments(node.targetList, scope, reading), relation, reading)
    case 'CMD_INSERT': {
      const columns = namedColumns(node.targetList, relation.columns.map(({ name }) => name), reading)
      const row = rowInto(columns, node.values, scope, reading)
      return store('insert', new Map(row.map((one) => [one.column, one])), relation, reading)
    }
    default:
      reading.unproven(`${command || 'an action'} of MERGE is not understood`)
      return []
  }
}

function store(event: 'insert' | 'update', written: ReadonlyMap<string, Written>, relation: Relation, reading: Reading): readonly Written[] {
  for (const one of written.values()) launder(relation, one, reading)
  checkWrite(relation, event, written, reading)
  return [...written.values()]
}
