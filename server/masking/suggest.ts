// What to protect: from a column's name and comment and a sample of its values to a suggestion. Pure. Values are counted, and forgotten.
import type { Suggestion } from '../../shared/explain.ts'
import { defaultKinds, Detector, type DetectorKind } from './detectors.ts'
import { kinds, lookAlike, type KindName } from './look-alike.ts'

export interface SampledColumn {
  /** As the configuration writes it. */
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

const namedBy: Readonly<Record<DetectorKind, KindName>> = {
  ssn: 'ssn',
  email: 'email',
  phone: 'phone',
  'credit-card': 'card',
  iban: 'iban',
  mrn: 'record',
  'health-plan': 'beneficiary',
  account: 'account',
  license: 'licence',
  vin: 'vehicle',
  device: 'device',
  url: 'url',
  ip: 'ip',
  'date-of-birth': 'birth',
  date: 'birth',
  zip: 'zip'
}

/** Masks that fit no other type than this. */
const fits: Readonly<Partial<Record<string, SampledColumn['type']>>> = { last4: 'text', zip3: 'text', year: 'date', age90: 'integer' }

/** Words that many columns have and that alone say too little: what is in there has to say so too. */
const needsValues: ReadonlySet<KindName> = new Set(['zip', 'ip', 'account', 'licence', 'location'])

/** @returns undefined where nothing speaks for protecting it */
export function suggestFor({ column, name, comment, type, values = [] }: SampledColumn): Suggestion | undefined {
  const [byName, byComment] = [lookAlike(name), comment === undefined ? undefined : lookAlike(comment)]
  const said = byName ?? byComment
  const counts = countedIn(values, name, said)
  const [byValues, hits] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [undefined, 0]
  const share = values.length === 0 ? 0 : hits / values.length
  const agrees = byValues !== undefined && (byValues === byName || byValues === byComment)
  const convincing = byValues !== undefined && hits >= leastHits && share >= (agrees ? shareWithName : shareWithoutName)
  const kind = convincing ? byValues : said
  if (kind === undefined || (!convincing && needsValues.has(kind) && values.length > 0)) return undefined
  const { name: holds, mask } = kinds[kind]
  return {
    column,
    holds,
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

/** How many values have something of a kind in them. Dates and five digits are in most texts: looked for only where the name says so. */
function countedIn(values: readonly string[], name: string, said: KindName | undefined): Map<KindName, number> {
  const more: readonly DetectorKind[] = said === 'zip' ? ['zip'] : said === 'birth' ? ['date'] : []
  const detector = new Detector([...defaultKinds, ...more], name)
  const counts = new Map<KindName, number>()
  for (const value of values) {
    const found = new Set(detector.find(Buffer.from(value)).map((hit) => namedBy[hit.kind]))
    for (const kind of found) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}
