// A moment in the past, as people type it. Pure.
import { GatewayError } from '../shared/errors.ts'

const milliseconds: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }

/** @returns RFC 3339 of `30m`, `2h`, `7d` ago, or of a date or time as it stands. @throws GatewayError usage */
export function sinceFrom(text: string, now: number): string {
  const ago = /^(\d{1,6})([smhdw])$/.exec(text)
  const at = ago !== null ? now - Number(ago[1]) * milliseconds[ago[2]!]! : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw new GatewayError('usage', `"${text}" is no time`, { hint: 'such as 2h, 7d, 2026-01-31 or 2026-01-31T08:00:00Z' })
  return new Date(at).toISOString()
}
