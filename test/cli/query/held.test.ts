// Whose word counts when the answers of the gateway and of the database come in either order.
import { expect, test } from 'vitest'
import { createHolding, NotWaited, type Held } from '../../../cli/query/held.ts'
import type { Terminal } from '../../../cli/terminal.ts'
import { GatewayError } from '../../../shared/errors.ts'

const held: Held = {
  type: 'held',
  connection: 1,
  review: '01m8atkjjx1pbb0drhj40s9apa',
  rule: 'writes need the DBAs',
  asked: ['dba'],
  statement: 'DELETE FROM visits',
  expiresAt: '2026-01-01T00:10:00.000Z',
  reasonWanted: false
}

function scene(withdrawn: Promise<void>) {
  const holding = createHolding({
    gateway: {
      withdrawReview: () => withdrawn,
      giveReason: () => Promise.resolve(),
      review: () => Promise.reject(new GatewayError('gateway_unreachable', 'not asked here'))
    },
    terminal: {} as Terminal,
    wait: false,
    now: () => 0
  })
  holding.tell(held)
  holding.tell({ type: 'decided', connection: 1, review: held.review, state: 'withdrawn', reason: 'whoever asked for it withdrew it' })
  return holding
}

test('a statement that was taken back failed of that, though its end is here before the answer to the withdrawal', async () => {
  let answer!: () => void
  const holding = scene(new Promise((resolve) => { answer = resolve }))
  const explained = holding.explain(new Error('57014'))
  answer()
  expect(await explained).toBeInstanceOf(NotWaited)
})

test('where the withdrawal was refused, the decision it was too late for is told', async () => {
  const refused = Promise.reject(new GatewayError('conflict', 'it was decided before'))
  expect(await scene(refused).explain(new Error('57014'))).toMatchObject({ code: 'cancelled', message: 'withdrawn: whoever asked for it withdrew it' })
})
