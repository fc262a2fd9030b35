// Measures what waiting costs: opening and deciding reviews, and the memory of those that wait. Prints figures, judges nothing.
// Run: node --expose-gc --import tsx test/bench/reviews.ts [REVIEWS]
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog } from '../../server/audit/log.ts'
import { createReviews, type OpenReview, type ReviewRequest } from '../../server/review/reviews.ts'
import { openState } from '../../server/state/state.ts'
import { makeId } from '../../shared/id.ts'
import { Directory, human } from '../review/sample.ts'
import { factsOf, held, request } from '../review/world.ts'
import { quantile } from './figures.ts'

const count = Number(process.argv[2] ?? 1_000)
const folder = await mkdtemp(join(tmpdir(), 'hoop-bench-reviews-'))
const [ann, dora] = [human('ann', ['engineers']), human('dora', ['dba'])]

try {
  const state = await openState({ path: join(folder, 'state.db') })
  const audit = await openAuditLog({ directory: join(folder, 'audit'), origin: 'bench.example.com', now: Date.now, heartbeat: () => ({ sessions: 0 }) })
  const reviews = createReviews({
    state,
    audit,
    identity: { person: new Directory(ann, dora).find, onRevoked: () => () => {} },
    now: Date.now,
    randomBytes,
    notify: () => {},
    limits: { pendingPerPrincipal: 10 * count, pending: 10 * count, heldBytes: 2 ** 32 },
    onBug: (error) => { throw error }
  })
  // The first of everything pays for compiling it.
  for (let i = 0; i < 50; i++) (await reviews.hold(oneKilobyte(i))).withdraw('warming up')

  const one = await timed(200, async (i) => { (await reviews.hold(oneKilobyte(i))).withdraw('measured') })
  print('hold, one after the other', spread(one))

  const before = memory()
  const began = performance.now()
  const open = await Promise.all(Array.from({ length: count }, (_, i) => reviews.hold(oneKilobyte(i))))
  print(`${count} holds of 1 KB at once`, `${(performance.now() - began).toFixed(0)} ms until all of them wait`)
  const after = memory()
  print('memory of each that waits', `${((after.rss - before.rss) / count / 1024).toFixed(1)} KiB resident, ${((after.heap - before.heap) / count / 1024).toFixed(1)} KiB of heap`)

  const cpu = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const { user, system } = process.cpuUsage(cpu)
  print(`processor while ${count} wait`, `${((user + system) / 5e4).toFixed(2)} % of one core`)
  print(`list of 100 of ${count}`, spread(await timed(50, () => Promise.resolve(reviews.list(dora, { state: 'pending' })))))

  const voted = await timed(Math.floor(count / 2), (i) => approve(open[i]!))
  print('approve and take, one after the other', spread(voted))
  const rest = performance.now()
  await Promise.all(open.slice(voted.length).map(approve))
  print(`approve and take, ${open.length - voted.length} at once`, `${(performance.now() - rest).toFixed(0)} ms for all`)
  print('still waiting', String(reviews.size))
  reviews.close()
  await audit.close()
  state.close()

  async function approve(review: OpenReview): Promise<void> {
    await reviews.decide(review.id, dora, { approve: true, binding: request().binding })
    if (review.use() === undefined) throw new Error('an approval did not count')
  }
} finally {
  await rm(folder, { recursive: true })
}

function oneKilobyte(i: number): ReviewRequest {
  const text = `UPDATE visits SET note = '${randomBytes(480).toString('hex')}' WHERE id = ${i}`
  return request({
    requester: { principal: ann, login: 'l'.repeat(26), loginEndsAt: Date.now() + 3600_000 },
    session: makeId(Date.now(), randomBytes(16)),
    statements: [held(text)],
    facts: [factsOf('UPDATE visits SET note = $1 WHERE id = $2')]
  })
}

async function timed(times: number, work: (i: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < times; i++) {
    const began = performance.now()
    await work(i)
    all.push(performance.now() - began)
  }
  return all
}

function memory(): { rss: number, heap: number } {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heap: heapUsed }
}

function spread(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`
}

function print(name: string, figure: string): void {
  console.log(`${name.padEnd(40)} ${figure}`)
}
