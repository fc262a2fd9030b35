// Indexes that give rows in the order of protected values, though no statement names the column. Pure.
import { inSlices, type Sliced } from '../slices.ts'
import type { Catalog, Index, Oid, Protected } from './catalog.ts'
import type { Label } from './finding.ts'

/**
 * How an index gives rows in the order of protected values, and so what a session must switch off.
 *   index-only  only a scan that reads nothing but the index: enable_indexonlyscan
 *   index       any scan, since other columns are in its key, too, or the index is partial: enable_indexscan as well
 */
export type OrderHazard = 'index-only' | 'index'

/** Settings to switch off for each. */
export const scansOff: Readonly<Record<OrderHazard, readonly string[]>> = {
  'index-only': ['enable_indexonlyscan'],
  index: ['enable_indexonlyscan', 'enable_indexscan']
}

/** By relation, where one of its indexes does. */
export function* orderedOf(catalog: Catalog, found: Protected): Sliced<Map<Oid, OrderHazard>> {
  const ordered = new Map<Oid, OrderHazard>()
  yield* inSlices(found, ([oid, marked]) => {
    for (const index of catalog.relations.get(oid)!.indexes) {
      const hazard = orderHazard(index, marked)
      if (hazard !== undefined && ordered.get(oid) !== 'index') ordered.set(oid, hazard)
    }
  })
  return ordered
}

function orderHazard({ keys, columns, expression, partial }: Index, marked: ReadonlyMap<number, Label>): OrderHazard | undefined {
  const isMarked = (attnum: number) => marked.has(attnum)
  // Which column which expression mentions is not known, only those of all expressions and the predicate.
  const marksExpression = expression && columns.some(isMarked)
  if (!marksExpression && !keys.some(isMarked)) return undefined
  // A plain scan is for conditions on any of the keys, and for what a predicate already says.
  return partial || !(keys.length === 1 || keys.every(isMarked)) ? 'index' : 'index-only'
}
