// Asking for protected values in clear: `--clear REASON`, the same on every command that opens a session, and what is told of it. Pure.
import type { OpenedSession, OpenSession } from '../shared/api.ts'
import { GatewayError } from '../shared/errors.ts'
import { maxReasonCharacters } from './reviews/vote.ts'
import { timeFrom } from './table.ts'

/** For `command.option`. */
export const clearOption = ['--clear <reason>', 'see protected values as they are, where an exemption lets you ask; the reason is in the audit log'] as const

/** What it adds to asking for a session. @throws GatewayError usage */
export function clearWish(reason: string | undefined): Pick<OpenSession, 'clear'> {
  if (reason === undefined) return {}
  if (reason.trim() === '') throw new GatewayError('usage', 'a reason is wanted, and this one is empty', { hint: '--clear "..."' })
  if (reason.length > maxReasonCharacters) throw new GatewayError('usage', `a reason has at most ${maxReasonCharacters} characters`)
  return { clear: reason }
}

/** What a session shows in clear and until when; nothing where that was not asked for. */
export function clearLines({ clear = [] }: Pick<OpenedSession, 'clear'>): string[] {
  return clear.map(({ rule, until }) =>
    `in clear: what "${rule}" protects, ${until === undefined ? 'as long as the session lives' : `until ${timeFrom(until)} UTC`}`)
}
