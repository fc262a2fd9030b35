// How long listings take with 100,000 sessions. Run: node --import tsx test/bench/state.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionFilter } from '../../server/state/sessions.ts'
import { openState } from '../../server/state/state.ts'
import { fillWithSessions, firstMinute as start } from '../support/many-sessions.ts'

const count = 100_000
const folder = mkdtempSync(join(tmpdir(), 'hoop-bench-state-'))
const path = join(folder, 'state.db')

const state = await openState({ path })
const ids = fillWithSessions(state, count)

const last = start + count * 60_000
const listings: [string, SessionFilter][] = [
  ['first page', {}],
  ['page in the middle', { before: ids[count / 2]! }],
  ['one target', { target: 'target-7' }],
  ['one person by e-mail', { user: 'person-77@example.com' }],
  ['one person on one target', { user: 'person-77', target: 'target-17' }],
  ['one principal', { issuer: 'https://idp.example', subject: 'person-77' }],
  ['the last hour', { since: last - 3600_000 }],
  ['a day in the middle', { since: start + 50_000 * 60_000, until: start + 51_440 * 60_000 }],
  ['until the first day', { until: start + 1440 * 60_000 }],
  ['the open ones', { status: 'open' }],
  ['the open ones on one target', { status: 'open', target: 'target-7' }],
  ['ended, of one person', { status: 'ended', user: 'person-77@example.com' }],
  ['nobody, ever', { user: 'nobody', since: start }],
  ['everything since the beginning', { since: start }]
]
console.log(`${count} sessions, pages of 100; milliseconds, median and worst of 50`)
for (const [name, filter] of listings) {
  const times = Array.from({ length: 50 }, () => {
    const began = performance.now()
    state.sessions.list(filter)
    return performance.now() - began
  }).sort((a, b) => a - b)
  console.log(`${name.padEnd(32)} ${times[25]!.toFixed(2).padStart(8)} ${times[49]!.toFixed(2).padStart(8)}`)
}
state.close()
const began = performance.now()
const again = await openState({ path })
console.log(`opening the file${' '.repeat(16)} ${(performance.now() - began).toFixed(2).padStart(8)}`)
again.close()
rmSync(folder, { recursive: true, force: true })
