import { afterEach, describe, expect, test } from 'vitest'
import { createWatched } from '../../../cli/reviews/watched.ts'
import { ReviewsScreen } from '../../../cli/screens/reviews-screen.tsx'
import { keysOnly } from '../../../cli/screens/screen.tsx'
import { cellsOf } from '../../../cli/table.ts'
import type { ReviewDetail, ReviewSummary, ReviewVote } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { detail, held, hostileDetail, hostileText, printableLine, reviewNow, summary } from '../../support/reviews.ts'
import { keys, TestScreen } from '../../support/screen.tsx'
import { until } from '../../support/until.ts'

let screen: TestScreen | undefined
afterEach(() => screen?.close())

const id = (i: number) => `01k5b2y8v4s0q9m3t7x6c1n${String(i).padStart(3, '0')}`

interface Opening {
  readonly columns?: number
  readonly rows?: number
  readonly detail?: Partial<ReviewDetail>
  /** Votes are refused so. */
  readonly refuse?: GatewayError
}

function opened(reviews: readonly ReviewSummary[], o: Opening = {}) {
  const store = createWatched()
  const votes: { id: string, approve: boolean, vote: ReviewVote }[] = []
  const seen = { quit: 0, bells: 0 }
  const details = { now: o.detail ?? {} }
  for (const review of reviews) store.take({ type: 'review', review })
  store.take({ type: 'up', known: new Set(reviews.map((review) => review.id)) })
  screen = new TestScreen(
    <ReviewsScreen
      store={store}
      fetch={async (wanted) => detail({ ...reviews.find((review) => review.id === wanted), ...details.now, id: wanted })}
      vote={async (wanted, approve, vote) => {
        if (o.refuse !== undefined) throw o.refuse
        votes.push({ id: wanted, approve, vote })
        return detail({ id: wanted, state: approve ? 'approved' : 'rejected' })
      }}
      now={() => reviewNow}
      bell={() => { seen.bells++ }}
      quit={() => { seen.quit++ }}
    />,
    o
  )
  return { screen, store, votes, seen, details }
}

const three = ['a', 'b', 'c'].map((name, i) => summary({ id: id(i + 1), statement: `DELETE FROM ${name}` }))

describe('the list', () => {
  test('without anything says so', async () => {
    const { screen } = opened([])
    expect(await screen.see(/nothing waits for a decision/)).toMatch(/q quits/)
  })

  test('shows clock, age, who, target and statement, the longest waiting first', async () => {
    const { screen } = opened([three[1]!, three[0]!])
    await screen.see(/2 wait for a decision, 2 for yours/)
    expect(screen.lines.slice(2, 4)).toEqual([
      '>  14:32   28 s  ann@example.com  prod-db  DELETE FROM a',
      '   14:32   28 s  ann@example.com  prod-db  DELETE FROM b'
    ])
  })

  test('keeps the mark on its review when another before it goes', async () => {
    const { screen, store } = opened(three)
    await screen.see(/3 wait/)
    await screen.press('j', keys.down, keys.up)
    await screen.see(/^> .*FROM b/m)
    store.take({ type: 'review', review: { ...three[0]!, state: 'expired' } })
    await screen.see(/2 wait/)
    expect(screen.text).toMatch(/^> .*FROM b/m)
  })

  test('marks what is one\'s own, and says that the gateway is lost', async () => {
    const { screen, store } = opened([summary({ mine: true, mayDecide: false })])
    store.take({ type: 'lost', error: new GatewayError('gateway_unreachable', 'nothing listens there') })
    await screen.see(/1 waits for a decision, 0 for yours\ntrying again: nothing listens there/)
    expect(screen.text).toContain('(yours) DELETE FROM visits')
    store.take({ type: 'lost', error: new GatewayError('unauthenticated', 'your login has ended', { hint: 'hoop login' }) })
    await screen.see(/trying again: your login has ended \(hoop login\)/)
  })

  test('of two hundred shows those around the mark', async () => {
    const { screen } = opened(Array.from({ length: 200 }, (_, i) => summary({ id: id(i), statement: `DELETE FROM t${i}` })))
    await screen.see(/1 to \d+ of 200/)
    await screen.press('G')
    await screen.see(/^> .*FROM t199/m)
    expect(screen.lines.length).toBeLessThan(24)
    await screen.press('g', keys.pageDown)
    await screen.see(/^> .*FROM t17/m)
  })

  test('rings for a new one', async () => {
    const { store, seen } = opened(three)
    store.take({ type: 'review', review: summary({ id: id(9) }) })
    await until('the bell', () => seen.bells === 1)
  })

  test('quits by q and by Ctrl-C', async () => {
    const { screen, seen } = opened(three)
    await screen.see(/3 wait/)
    await screen.press('q', keys.ctrlC)
    expect(seen.quit).toBe(2)
  })
})

describe('one of them', () => {
  test('is read, and approved as it was shown', async () => {
    const { screen, votes } = opened(three)
    await screen.see(/3 wait/)
    await screen.press(keys.down, keys.enter)
    const text = await screen.see(/NO WHERE: every row/)
    expect(text).toMatch(/^ann@example.com wants to run this on prod-db\n14:32 left\n *\n1 \| DELETE FROM visits\n/)
    await screen.press('a')
    await screen.see(/Approve it, as shown\?/)
    expect(votes).toEqual([])
    await screen.press('y')
    await screen.see(/is approved: it may run now, once/)
    expect(votes).toEqual([{ id: id(2), approve: true, vote: { binding: 'b1'.repeat(32) } }])
  })

  test('is shown before it can be approved from the list, and n leaves it', async () => {
    const { screen, votes } = opened(three)
    await screen.see(/3 wait/)
    await screen.press('a')
    await screen.see(/1 \| DELETE FROM visits[\s\S]*Approve it, as shown\?/)
    await screen.press(keys.enter, 'n')
    await screen.see(/a approves, r rejects/)
    await screen.press(keys.escape)
    await screen.see(/3 wait/)
    expect(votes).toEqual([])
  })

  test('is rejected with a reason, typed and corrected; controls in a paste are dropped', async () => {
    const { screen, votes } = opened(three)
    await screen.see(/3 wait/)
    await screen.press('r')
    await screen.see(/Reason \(may stay empty\): _/)
    await screen.press('u', 's', 'f', keys.backspace, 'e a\u009B2J\nmigration')
    await screen.see(/Reason \(may stay empty\): use a2J migration_/)
    await screen.press(keys.enter)
    await screen.see(/is rejected/)
    expect(votes[0]).toMatchObject({ approve: false, vote: { reason: 'use a2J migration' } })
  })

  test('that wants a reason is not decided without one', async () => {
    const { screen, votes } = opened(three, { detail: { terms: { ...detail().terms, approverReason: true } } })
    await screen.see(/3 wait/)
    await screen.press('a')
    await screen.see(/Reason: _/)
    await screen.press(keys.enter)
    await screen.see(/the rule wants a reason/)
    await screen.press('o', 'k', keys.enter)
    await screen.see(/is approved/)
    expect(votes[0]).toMatchObject({ approve: true, vote: { reason: 'ok' } })
  })

  test('whose requester has not said why, where the rule wants it, says so before a reason for the vote is typed', async () => {
    const { screen, votes } = opened(three, { detail: { terms: { ...detail().terms, requesterReason: true, approverReason: true } } })
    await screen.see(/3 wait/)
    await screen.press('a')
    await screen.see(/has not said why yet/)
    await screen.press(keys.escape, keys.enter)
    await screen.see(/a approves, r rejects/)
    await screen.press('a')
    await screen.see(/has not said why yet/)
    expect(screen.text).not.toContain('Reason: ')
    await screen.press('r')
    await screen.see(/Reason: _\nEnter rejects/)
    expect(votes).toEqual([])
  })

  test('that changed under the question is asked about again', async () => {
    const { screen, store, votes, details } = opened(three)
    await screen.see(/3 wait/)
    await screen.press('a')
    await screen.see(/Approve it, as shown\?/)
    details.now = { binding: 'c2'.repeat(32), requesterReason: 'because' }
    store.take({ type: 'review', review: { ...three[0]!, requesterReason: 'because' } })
    await screen.see(/reason {6}because/)
    await screen.see(/a approves, r rejects/)
    await screen.press('y')
    expect(votes).toEqual([])
  })

  test('that ended meanwhile cannot be decided', async () => {
    const { screen, store, votes, details } = opened(three)
    await screen.see(/3 wait/)
    await screen.press(keys.enter)
    await screen.see(/a approves/)
    details.now = { state: 'withdrawn', endReason: 'the client went away' }
    store.take({ type: 'review', review: { ...three[0]!, state: 'withdrawn' } })
    await screen.see(/withdrawn: the client went away/)
    await screen.press('a', 'y')
    expect(votes).toEqual([])
    expect(screen.text).toContain('Esc goes back')
  })

  test('whose vote the gateway refuses says why, and stays', async () => {
    const { screen } = opened(three, { refuse: new GatewayError('conflict', 'what waits is not what you were shown') })
    await screen.see(/3 wait/)
    await screen.press('a')
    await screen.see(/as shown\?/)
    await screen.press('y')
    await screen.see(/what waits is not what you were shown/)
  })

  test('of one\'s own is for others, or for breaking the glass with a reason', async () => {
    const mine = [summary({ id: id(1), mine: true, mayDecide: false })]
    const first = opened(mine)
    await first.screen.see(/1 waits/)
    await first.screen.press('a')
    await first.screen.see(/you asked for it: others decide/)
    first.screen.close()
    const second = opened([summary({ id: id(1), mine: true, mayDecide: true })])
    await second.screen.see(/1 waits/)
    await second.screen.press('a')
    await second.screen.see(/Enter BREAKS THE GLASS/)
    await second.screen.press('f', 'i', 'r', 'e', keys.enter)
    await second.screen.see(/is approved/)
    expect(second.votes[0]).toMatchObject({ approve: true, vote: { reason: 'fire', breakGlass: true } })
  })

  test('that is long says how much is below, and scrolls to its end', async () => {
    const text = Array.from({ length: 60 }, (_, i) => `-- line ${i + 1}`).join('\n') + '\nDROP TABLE visits'
    const { screen } = opened(three, { detail: { statements: [held(text)] } })
    await screen.see(/3 wait/)
    await screen.press(keys.enter)
    await screen.see(/-- \d+ more lines below/)
    expect(screen.lines.length).toBeLessThan(24)
    await screen.press(' ', ' ', ' ')
    await screen.see(/61 \| DROP TABLE visits/)
    await screen.press('G')
    await screen.see(/-- the end/)
  })
})

describe.each([[40, 12], [20, 8], [80, 24], [200, 50]])('at %i columns and %i rows', (columns, rows) => {
  const fits = (text: string) => {
    const lines = text.split('\n')
    expect(lines.length).toBeLessThan(Math.max(rows, 8))
    for (const line of lines) {
      expect(line).toMatch(printableLine)
      expect(cellsOf(line)).toBeLessThanOrEqual(columns)
    }
  }

  test('hostile text fits, and does nothing', async () => {
    const hostile = hostileDetail(hostileText)
    const both = [{ ...hostile, id: id(1) }, summary({ id: id(2), statement: hostileText })]
    const { screen, store } = opened(both, { columns, rows, detail: hostile })
    store.take({ type: 'lost', error: new GatewayError('gateway_unreachable', hostileText) })
    await screen.see(/hoop reviews: 2/)
    fits(screen.text)
    await screen.press('r')
    await screen.see(/Reason/)
    fits(screen.text)
    await screen.press(keysOnly(hostileText.slice(0, 900)))
    fits(screen.text)
    // Nothing but the colours of ours.
    expect(screen.painted.replace(/\u001B\[(?:[0-9]|[0-9]{2})m/g, '')).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E\u200B]/)
  })

  test('a review is whole, line by line', async () => {
    const { screen } = opened(three, { columns, rows })
    await screen.see(/hoop reviews: 3/)
    await screen.press(keys.enter)
    await screen.see(/ann@example/)
    fits(screen.text)
  })
})

test('another size is another layout', async () => {
  const { screen } = opened(three)
  await screen.see(/3 wait/)
  screen.resize(40, 12)
  await screen.see(/^> {2}14:32 prod-db ann@example.com\n {3}DELETE FROM a$/m)
})

test.each([
  ['jk', 'jk'],
  ['\u001B[A\u001B[1;5B\u001BOH\u001B[5~\u001B', '\u001B[A\u001B[1;5B\u001BOH\u001B[5~\u001B'],
  ['\u001B[24;80R', ''],
  ['\u001B[6n', ''],
  ['\u001B[99;5~', ''],
  ['\u001B]0;title\u0007x', 'x'],
  ['\u001B[<0;1;1My', 'y'],
  ['\u009B2J', '2J']
])('of %j the keys are %j', (typed, left) => expect(keysOnly(typed)).toBe(left))
