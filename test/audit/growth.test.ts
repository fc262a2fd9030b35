import { expect, test } from 'vitest'
import { Growth } from '../../server/audit/growth.ts'

/** Waits for the number to be at least `least`. */
function scene() {
  const growth = new Growth()
  const asked: number[] = []
  const woken: number[] = []
  let now = 0
  return {
    asked,
    woken,
    wait: (least: number, signal = new AbortController().signal) => growth.until(() => { asked.push(least); return now >= least }, signal)
      .then(() => { woken.push(least) }),
    async tell(next: number) {
      now = next
      asked.length = 0
      growth.tell()
      await Promise.resolve()
      await Promise.resolve()
    }
  }
}

test('whoever waits is woken once what they wait for is there, and no earlier', async () => {
  const { wait, woken, asked, tell } = scene()
  void wait(1)
  void wait(3)
  await tell(0)
  expect(woken).toEqual([])
  await tell(2)
  expect([woken, asked]).toEqual([[1], [1, 3]])
  await tell(3)
  expect([woken, asked]).toEqual([[1, 3], [3]])
  await tell(4)
  expect(asked).toEqual([])
})

test('what is there already is not waited for', async () => {
  const { wait, woken } = scene()
  await wait(0)
  expect(woken).toEqual([0])
})

test('whoever stops waiting is woken, and is not asked any more', async () => {
  const { wait, woken, asked, tell } = scene()
  const controller = new AbortController()
  const waiting = wait(1, controller.signal)
  controller.abort()
  await waiting
  await wait(1, controller.signal)
  expect(woken).toEqual([1, 1])
  await tell(1)
  expect(asked).toEqual([])
})
