// Where what a statement asks for of protected columns meets what its principal has asked for before, on all sessions.
import type { LookupBudget, LookupLimit } from '../masking/budget.ts'
import type { Exposure, Operation, Principal, Target } from '../../shared/model.ts'

/** Everybody has their own: who acts for another does not share it. */
export function accountOf({ issuer, subject }: Principal, { name }: Target): string {
  return JSON.stringify([issuer, subject, name])
}

/** Once for each statement that is to run, before it is decided: what is refused afterwards, or waits, has been asked all the same. */
export function counted(operations: readonly Operation[], spend: (asked: NonNullable<Exposure['asked']>) => ReturnType<LookupBudget['spend']>, limit: LookupLimit): readonly Operation[] {
  return operations.map((operation) => {
    if (operation.kind !== 'statement' || operation.step !== 'execute' || operation.exposure?.asked === undefined) return operation
    const { asked } = operation.exposure
    const { count, over } = spend(asked)
    return { ...operation, exposure: withCount(operation.exposure, over ? `over ${limit.distinct}` : `${count} of ${limit.distinct}`, over ? tooMany(asked, limit) : undefined) }
  })
}

function withCount(exposure: Exposure, count: string, tooMany: string | undefined): Exposure {
  const flags = exposure.flags.map((flag) => /^(lookup|constraint) /.test(flag) ? `${flag} (${count})` : flag)
  if (tooMany === undefined) return { ...exposure, flags }
  return { ...exposure, flags, action: exposure.action === 'deny' ? 'deny' : 'hold', why: [...exposure.why, tooMany] }
}

function tooMany(asked: NonNullable<Exposure['asked']>, { distinct, seconds }: LookupLimit): string {
  const columns = [...new Set(asked.flatMap((one) => one.columns))].sort().slice(0, 3).join(', ')
  if (asked.some(({ values }) => values === undefined)) return `it asks for values of ${columns} that cannot be counted`
  return `it asks for more than ${distinct} different values of protected columns within ${inWords(seconds)} (${columns})`
}

function inWords(seconds: number): string {
  if (seconds % 3600 === 0) return seconds === 3600 ? 'an hour' : `${seconds / 3600} hours`
  return seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`
}
