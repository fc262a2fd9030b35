import { describe, expect, test } from 'vitest'
import { Holding } from '../../../server/protocols/postgres/holding.ts'

describe('waiting for the gate', () => {
  test('there is nothing to cancel before it begins and after it ended', () => {
    const holding = new Holding()
    expect(holding.cancel()).toBe(false)
    const gone = holding.begin()
    holding.end()
    expect(holding.cancel()).toBe(false)
    expect(gone.aborted).toBe(false)
  })

  test('a cancel ends this wait, tells whoever listens once, and leaves the next wait alone', () => {
    const holding = new Holding()
    const gone = holding.begin()
    let told = 0
    gone.addEventListener('abort', () => told++, { once: true })
    expect(holding.cancel()).toBe(true)
    expect(holding.cancel()).toBe(true)
    expect([gone.aborted, told]).toEqual([true, 1])
    expect(holding.begin().aborted).toBe(false)
  })

  test('whoever stopped listening is not told', () => {
    const holding = new Holding()
    const gone = holding.begin()
    let told = 0
    const listener = () => { told++ }
    gone.addEventListener('abort', listener, { once: true })
    gone.removeEventListener('abort', listener)
    holding.cancel()
    expect([gone.aborted, told]).toEqual([true, 0])
  })
})
