// What to protect: from a column's name and comment and a sample of its values to a suggestion. Pure. Values are counted, and forgotten.
import type { Suggestion } from '../../shared/explain.ts'
import { detect } from './detect.ts'
import { kinds, lookAlike, type KindName } from './look-alike.ts'

export interface SampledColumn {
  /** `schema.relation.column`. */
  readonly column: string
  readonly name: string
  readonly comment?: string
  /** Of the types a mask with a meaning fits. */
  readonly type: 'text' | 'integer' | 'date' | 'other'
  /** Undefined where none could be read. */
  readonly values: readonly string[] | undefined
}

/** Of the values, at least this part is to be of one kind, and this many. A name that says the same needs fewer. */
const shareWithoutName = 0.3
const shareWithName = 0.05
const leastHits = 3

/** Masks that fit no other type than this. */
const fits: Readonly<Partial<Record<string, SampledColumn['type']>>> = { last4: 'text', zip3: 'text', year: 'date', age90: 'integer' }

/** Words that many columns have and that alone say too little: what is in there has to say so too. */
const needsValues: ReadonlySet<KindName> = new Set(['zip', 'ip', 'account', 'licence', 'location'])

/** @returns undefined where nothing speaks for protecting it */
export function suggestFor({ column, name, comment, type, values = [] }: SampledColumn): Suggestion | undefined {
  const [byName, byComment] = [lookAlike(name), comment === undefined ? undefined : lookAlike(comment)]
  const counts = new Map<KindName, number>()
  for (const value of values) {
    const found = detect(value, byName ?? byComment)
    if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1)
  }
  const [byValues, hits] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [undefined, 0]
  const share = values.length === 0 ? 0 : hits / values.length
  const agrees = byValues !== undefined && (byValues === byName || byValues === byComment)
  const convincing = byValues !== undefined && hits >= leastHits && share >= (agrees ? shareWithName : shareWithoutName)
  const said = byName ?? byComment
  const kind = convincing ? byValues : said
  if (kind === undefined || (!convincing && needsValues.has(kind) && values.length > 0)) return undefined
  const mask = kinds[kind].mask
  return {
    column,
    holds: kinds[kind].name,
    mask: fits[mask] === undefined || fits[mask] === type ? mask : 'redact',
    because: [
      ...(byName === kind ? ['name' as const] : []),
      ...(byComment === kind ? ['comment' as const] : []),
      ...(convincing ? ['values' as const] : [])
    ],
    hits: counts.get(kind) ?? 0,
    sampled: values.length
  }
}
