// When a rule holds: hours of the day and days of the week, by the clock of a place. Pure.
import { z } from 'zod'

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
type Day = typeof days[number]

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 18:00')

export const hoursSchema = z.strictObject({
  from: time,
  /** Before `from`: the hours go past midnight, and belong to the day on which they began. */
  to: time,
  zone: z.string().refine(isZone, 'a time zone such as Europe/Berlin').default('UTC'),
  days: z.array(z.enum(days)).min(1).optional()
}).refine(({ from, to }) => from !== to, '"from" and "to" are the same time; leave "hours" out to mean always')

export type Hours = z.output<typeof hoursSchema>

const clocks = new WeakMap<Hours, (now: number) => boolean>()

/** @returns whether a moment (milliseconds since 1970) is within the hours: `[from, to)`. Made once: a time format is costly to make */
export function within(hours: Hours): (now: number) => boolean {
  let clock = clocks.get(hours)
  if (clock === undefined) clocks.set(hours, clock = clockOf(hours))
  return clock
}

function clockOf({ from, to, zone, days: only }: Hours): (now: number) => boolean {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const [begin, end] = [minutesOf(from), minutesOf(to)]
  const isOn = (day: number) => only === undefined || only.includes(days[(day + 7) % 7]!)
  return (now) => {
    const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]))
    const minute = minutesOf(`${parts.hour}:${parts.minute}`)
    const day = days.indexOf(parts.weekday!.toLowerCase() as Day)
    if (begin < end) return minute >= begin && minute < end && isOn(day)
    return (minute >= begin && isOn(day)) || (minute < end && isOn(day - 1))
  }
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
