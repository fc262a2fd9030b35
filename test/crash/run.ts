// kill -9, again and again: `npm run test:crash -- [CYCLES] [--seed N] [--entries N]`. Prints what each cycle did, and exits with 1 where a
// statement reached the database before the log said so, a log does not verify, or a restart went wrong. CYCLES is 1,000 unless
// HOOP_TEST_CYCLES says otherwise; after them the gateway is killed a few times on a log of a million entries (--entries 0: not).
import { parseArgs } from 'node:util'
import { CrashTest, sumOf, type Cycle } from './crash.ts'
import { fill } from './fill.ts'

/** One log, one database; then new ones, so that reading all of a log each time stays short. */
const cyclesOfRound = 25
const cyclesOfLargeLog = 5
const restartGoalMilliseconds = 2_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, entries: { type: 'string' } }
})
const total = Number(positionals[0] ?? process.env.HOOP_TEST_CYCLES ?? 1_000)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const entries = Number(values.entries ?? 1_000_000)
if (![total, seed, entries].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error('usage: npm run test:crash -- [CYCLES] [--seed N] [--entries N]')
  process.exit(64)
}

const cycles: Cycle[] = []
const began = performance.now()
let matched = 0
let wrong = 0
console.log(`${total} cycles, seed ${seed}`)
for (let round = 0, going = true; going && cycles.length < total; round++) {
  going = await withCrash(seed + round, async (crash) => {
    for (let i = 0; i < cyclesOfRound && cycles.length < total; i++) {
      const cycle = await crash.cycle()
      cycles.push(cycle)
      tell(`cycle ${cycles.length} (seed ${seed + round})`, cycle)
    }
    await audit(crash)
  })
}
const small = restartTimes(cycles)
if (entries > 0) {
  await withCrash(seed, async (crash) => {
    await fill(crash.gateway, entries)
    const large: Cycle[] = []
    for (let i = 0; i < cyclesOfLargeLog; i++) {
      const cycle = await crash.cycle(false)
      large.push(cycle)
      tell(`on ${cycle.entries} entries`, cycle)
    }
    cycles.push(...large)
    await audit(crash)
    const times = large.map(({ restartMilliseconds }) => restartMilliseconds).sort((a, b) => a - b)
    console.log(`restart with ${large[0]!.entries} entries and more: ${restartTimes(large)}; the goal is ${restartGoalMilliseconds} ms`)
    // Whatever else uses the machine makes some of them slower: the fastest is what it takes.
    if (times[0]! >= restartGoalMilliseconds) complain('restarts take too long')
  })
}
const of = (count: (cycle: Cycle) => number) => cycles.reduce((sum, cycle) => sum + count(cycle), 0)
console.log(`${cycles.length} kills in ${((performance.now() - began) / 1000).toFixed(0)} s, of them ${of(({ faltered }) => Number(faltered))} with another one during the restart, ${of(({ tornBytes }) => Number(tornBytes > 0))} with a torn write`)
console.log(`lines of the database's log compared: ${of(({ compared }) => compared)}, of them statements that ran: ${of(({ ran }) => ran)}; the gateway's own questions: ${of(({ own }) => own)}`)
console.log(`pieces of work: ${Object.entries(sumOf(cycles)).map(([kind, count]) => `${kind} ${count}`).join(', ')}`)
console.log(`hoop audit reconcile: ${matched} on both sides`)
console.log(`restart: ${small}`)
console.log(`wrong: ${wrong}`)

/** @returns false where it could not be finished; what was found until then still counts */
async function withCrash(ownSeed: number, use: (crash: CrashTest) => Promise<void>): Promise<boolean> {
  const crash = await CrashTest.start(ownSeed)
  try {
    await use(crash)
    return true
  } catch (error) {
    complain(`with the seed ${ownSeed}: ${(error as Error).stack}${(error as Error).cause === undefined ? '' : `\n${String((error as Error).cause)}`}`)
    return false
  } finally {
    await crash.stop()
  }
}

async function audit(crash: CrashTest): Promise<void> {
  const audited = await crash.audit()
  matched += audited.matched
  audited.wrong.forEach(complain)
}

function tell(name: string, cycle: Cycle): void {
  const { loadMilliseconds, ran, restartMilliseconds, tornBytes, faltered, entries: size } = cycle
  const more = [...(tornBytes > 0 ? [`${tornBytes} bytes torn`] : []), ...(faltered ? ['killed while it started'] : [])]
  console.log(`${name}: killed after ${loadMilliseconds} ms, ${ran} statements ran, ${size} entries, back in ${restartMilliseconds} ms${more.map((text) => `, ${text}`).join('')}`)
  cycle.wrong.forEach(complain)
}

function complain(what: string): void {
  wrong++
  process.exitCode = 1
  console.log(`  WRONG: ${what}`)
}

function restartTimes(of: readonly Cycle[]): string {
  const times = of.map(({ restartMilliseconds }) => restartMilliseconds).sort((a, b) => a - b)
  return times.length === 0 ? 'none' : `median ${times[times.length >> 1]} ms, slowest ${times.at(-1)} ms`
}
