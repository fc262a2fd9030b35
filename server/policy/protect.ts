// Which columns are protected, how they are masked and for whom, and what may depend on them: the sections `protect` and `masking`. Pure.
import { z } from 'zod'
import { defaultFlows, type Action } from '../masking/postgres/judge.ts'
import { defaultKinds, detectorKinds, type DetectorKind } from '../masking/detect/hits.ts'
import type { FlowKind } from '../masking/postgres/finding.ts'
import type { MaskName } from '../masking/postgres/values.ts'
import type { VouchedFor } from '../masking/postgres/vouch.ts'
import type { Principal, ReviewTerms, Target } from '../../shared/model.ts'
import { duration } from './duration.ts'
import { exceptSchema, exemptUntil, mayAsk, type Standing } from './exempt.ts'
import { matchesTarget } from './match.ts'
import { defaultTimeoutSeconds } from './terms.ts'

const masks = ['redact', 'null', 'last4', 'domain', 'hash', 'year', 'zip3', 'age90', 'fake'] as const satisfies readonly MaskName[]
const actions = ['allow', 'hold', 'deny'] as const satisfies readonly Action[]
const flowKinds = Object.keys(defaultFlows) as [FlowKind, ...FlowKind[]]
const text = (max: number) => z.string().min(1).max(max)
const oneOrMore = <Item extends z.ZodType<string>>(item: Item) => z.union([item, z.array(item).min(1).max(1000)])

export const protectSchema = z.array(z.strictObject({
  /** Stands in explanations and audit entries. */
  name: text(100).regex(/^[^\p{Cc}]*$/u, 'one line'),
  /** `schema.table.column`, `*` for any characters. */
  columns: z.array(text(255).regex(/^[^\s]+$/, 'schema.table.column; "*" stands for any characters')).max(1000).default([]),
  /** Every column whose comment has this in it. */
  comment: text(255).optional(),
  /** Every column with a security label that has this in it. */
  securityLabel: text(255).optional(),
  mask: z.enum(masks).default('redact'),
  targets: z.record(text(63), oneOrMore(text(255))).optional(),
  /** Who sees the values as they are; the audit log says when. */
  except: exceptSchema.optional()
}).refine((rule) => rule.columns.length > 0 || rule.comment !== undefined || rule.securityLabel !== undefined, 'protects nothing: give it columns, a comment or a securityLabel'))

export const maskingSchema = z.strictObject({
  /** What may happen to statements where something else than a cell depends on a protected value. */
  flows: z.partialRecord(z.enum(flowKinds), z.enum(actions)).default({}),
  /** Who decides what is held for its protected columns; without, it is refused. */
  approvers: z.strictObject({ group: text(255), count: z.number().int().min(1).max(10).default(1) }).optional(),
  /** Functions, views and tables with row security whose code somebody has looked at: `hoop policy check` prints the hash. */
  trust: z.array(z.strictObject({
    name: text(255).regex(/^[^\s.]+\.[^\s.]+$/, 'schema.name'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'the hash that hoop policy check prints')
  })).max(1000).default([]),
  /** How many different values of protected columns one may ask for, on one target; what goes beyond is held. */
  lookups: z.strictObject({
    distinct: z.number().int().min(0).max(10_000).default(20),
    per: duration(60, 24 * 3600).prefault('1h')
  }).prefault({}).transform(({ distinct, per }) => ({ distinct, seconds: per })),
  /** Searches the text nobody has marked. */
  detect: z.strictObject({
    kinds: z.array(z.enum(detectorKinds)).min(1).default([...defaultKinds]),
    /** What is found is replaced, or shown; either way it is reported. */
    action: z.enum(['mask', 'report']),
    targets: z.record(text(63), oneOrMore(text(255))).optional()
  }).optional()
}).prefault({})

export interface ProtectionPolicy {
  readonly rules: z.output<typeof protectSchema>
  readonly masking: z.output<typeof maskingSchema>
}

/** What is protected from one principal on one target. */
export interface Protection {
  readonly rules: readonly ProtectedColumns[]
  readonly flows: Readonly<Record<FlowKind, Action>>
  readonly trust: readonly VouchedFor[]
  /** When it is to be asked for anew, since an exemption ends; milliseconds since 1970. */
  readonly until?: number
}

export interface ProtectedColumns {
  readonly name: string
  readonly columns: readonly string[]
  readonly byComment?: string
  readonly bySecurityLabel?: string
  readonly mask: MaskName
  /** The principal sees the values, and the audit log says so. */
  readonly exempt: boolean
  /** When that ends, if ever: milliseconds since 1970. */
  readonly exemptUntil?: number
  /** Groups whose members may see the values in a session they give a reason for. */
  readonly mayAsk?: readonly string[]
}

/** @returns undefined where nothing is protected on this target */
export function protectionFor(
  { rules, masking }: ProtectionPolicy,
  principal: Principal,
  target: Target,
  standing: Standing
): Protection | undefined {
  const here = rules.filter((rule) => matchesTarget(rule, target))
  if (here.length === 0) return undefined
  const protects = here.map((rule) => protectedColumns(rule, principal, standing))
  const until = Math.min(...protects.map(({ exemptUntil }) => exemptUntil ?? Infinity))
  return {
    rules: protects,
    flows: { ...defaultFlows, ...masking.flows },
    trust: masking.trust,
    ...(until === Infinity ? {} : { until })
  }
}

function protectedColumns(rule: ProtectionPolicy['rules'][number], principal: Principal, standing: Standing): ProtectedColumns {
  const { name, columns, comment, securityLabel, mask } = rule
  const until = exemptUntil(rule, principal, standing)
  const askable = mayAsk(rule, standing.now)
  return {
    name,
    columns,
    mask,
    ...(comment === undefined ? {} : { byComment: comment }),
    ...(securityLabel === undefined ? {} : { bySecurityLabel: securityLabel }),
    exempt: until !== undefined,
    ...(until === undefined || until === Infinity ? {} : { exemptUntil: until }),
    ...(askable.length === 0 ? {} : { mayAsk: askable })
  }
}

/** Whether two differ only in who is exempt, and in what may happen to flows: what depends on which column is the same by both. */
export function marksTheSame(a: Protection, b: Protection): boolean {
  return a === b || JSON.stringify(marksOf(a)) === JSON.stringify(marksOf(b))
}

function marksOf({ rules, trust }: Protection) {
  return { trust, rules: rules.map(({ exempt: _, exemptUntil: __, mayAsk: ___, ...marks }) => marks) }
}

/** What is looked for in text that nobody has marked. */
export interface Detection {
  readonly kinds: readonly DetectorKind[]
  readonly action: 'mask' | 'report'
}

/** @returns undefined where nothing is looked for on this target */
export function detectionFor({ masking: { detect } }: ProtectionPolicy, target: Target): Detection | undefined {
  return detect !== undefined && matchesTarget(detect, target) ? { kinds: detect.kinds, action: detect.action } : undefined
}

/** Terms of what is held for its protected columns; undefined where nobody can be asked. */
export function exposureTerms({ masking }: ProtectionPolicy): ReviewTerms | undefined {
  const { approvers } = masking
  if (approvers === undefined) return undefined
  return { places: [approvers], timeoutSeconds: defaultTimeoutSeconds, requesterReason: false, approverReason: false, breakGlass: [] }
}
