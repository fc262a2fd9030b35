// `30s`, `15m`, `4h` in the policy, as seconds. Pure.
import { z } from 'zod'

export const duration = (least: number, most: number) => z.string().regex(/^\d{1,5}[smh]$/, 'a duration: 30s, 15m, 4h')
  .transform((written) => Number(written.slice(0, -1)) * { s: 1, m: 60, h: 3600 }[written.at(-1) as 's' | 'm' | 'h'])
  .pipe(z.number().min(least, `at least ${least} s`).max(most, `at most ${most / 3600} h`))
