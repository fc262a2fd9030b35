// Who sees protected values as they are, and how long: the field `except` of a rule in `protect`. Pure.
// Whether a statement shows them is the analysis's to say; that it did, the audit log's.
import { z } from 'zod'
import { GatewayError } from '../../shared/errors.ts'
import type { Exemption, Principal, Target } from '../../shared/model.ts'
import { duration } from './duration.ts'
import { listed, matchesTarget, type About } from './match.ts'

const group = z.string().min(1).max(255)
const dayMilliseconds = 24 * 3600 * 1000

/** An instant, or a date: that day, in UTC, is the last one. Becomes milliseconds since 1970. */
const until = z.string().transform((written, context) => {
  if (z.iso.date().safeParse(written).success) return Date.parse(written) + dayMilliseconds
  if (z.iso.datetime({ offset: true }).safeParse(written).success) return Date.parse(written)
  context.addIssue('a date or a time: 2027-01-31 (that day is the last one, in UTC), 2027-01-31T18:00:00Z')
  return z.NEVER
})

export const exceptSchema = z.strictObject({
  group: z.union([group, z.array(group).min(1).max(1000)], { error: 'one group, or a list of them: an exemption is somebody\'s' }),
  /** Members see masked values unless they open a session with a reason. */
  reason: z.literal('required', { error: '"required"; leave it out where members need none' }).optional(),
  /** The same, and for so long at most from the opening on. */
  for: duration(1, 24 * 3600).optional(),
  /** Nobody is exempt any more. */
  until: until.optional()
})

export type Except = z.output<typeof exceptSchema>

/** As much of a rule in `protect` as exemptions need. */
export interface Excepting extends Pick<About, 'targets'> {
  readonly name: string
  readonly except?: Except | undefined
}

/** What one session may show in clear because it was opened with a reason: by rule, with the end, milliseconds since 1970. */
export type Grant = ReadonlyMap<string, { readonly openedAt: number, readonly endsAt: number | undefined }>

/** When one asks, and with what. */
export interface Standing {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly grant?: Grant | undefined
}

/** Without a reason nobody is told anything: these see masked values until they ask. */
export function needsReason({ reason, for: seconds }: Except): boolean {
  return reason !== undefined || seconds !== undefined
}

/**
 * Does the rule show its values to the principal now?
 * @returns until when, milliseconds since 1970: `Infinity` for as long as policy and session last; undefined where it does not
 */
export function exemptUntil({ name, except }: Excepting, principal: Principal, { now, grant }: Standing): number | undefined {
  if (except === undefined || !isMember(except, principal)) return undefined
  const granted = grant?.get(name)
  if (needsReason(except) && (granted === undefined || principal.kind !== 'human')) return undefined
  // The policy may have become stricter since; what was granted never becomes more.
  const ends = needsReason(except) ? [granted!.endsAt, endOf(except, granted!.openedAt)] : [except.until]
  const end = Math.min(...ends.map((one) => one ?? Infinity))
  return now < end ? end : undefined
}

/** Groups whose members may ask, giving a reason; none where no reason is needed, or it is over. */
export function mayAsk({ except }: Excepting, now: number): readonly string[] {
  return except === undefined || !needsReason(except) || now >= (except.until ?? Infinity) ? [] : listed(except.group)
}

/**
 * What a session opened now, with a reason, may show.
 * @throws GatewayError denied, saying who could ask, where that is nothing
 */
export function grantFor(rules: readonly Excepting[], principal: Principal, target: Target, now: number): Grant {
  const here = rules.filter((rule) => matchesTarget(rule, target))
  const refused = (why: string, hint: string) => new GatewayError('denied', `${why}, so the session was not opened`, { hint })
  if (principal.kind !== 'human') {
    throw refused('only people may ask to see protected values in clear', 'leave --clear out: values are then masked')
  }
  const open = here.flatMap(({ name, except }) => except === undefined || now >= (except.until ?? Infinity) ? [] : [{ name, except }])
  const mine = open.filter(({ except }) => isMember(except, principal))
  if (mine.length > 0) return new Map(mine.map(({ name, except }) => [name, { openedAt: now, endsAt: endOf(except, now) }]))
  const groups = [...new Set(open.flatMap(({ except }) => listed(except.group)))]
  if (groups.length === 0) throw refused(`nobody is exempt from masking on "${target.name}" now`, 'leave --clear out: values are then masked')
  throw refused(
    `you are in no group that may see protected values of "${target.name}" in clear`,
    `members of ${groups.join(' or ')} may; leave --clear out to go on with masked values`
  )
}

/** As people and the audit log are told it. */
export function exemptionsOf(grant: Grant): readonly Exemption[] {
  return [...grant].map(([rule, { endsAt }]) => ({ rule, ...(endsAt === undefined ? {} : { until: new Date(endsAt).toISOString() }) }))
}

function isMember(except: Except, { groups }: Principal): boolean {
  return listed(except.group).some((one) => groups.includes(one))
}

function endOf({ for: seconds, until }: Except, openedAt: number): number | undefined {
  const ends = [...(seconds === undefined ? [] : [openedAt + seconds * 1000]), ...(until === undefined ? [] : [until])]
  return ends.length === 0 ? undefined : Math.min(...ends)
}
