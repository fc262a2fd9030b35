import { describe, expect, test } from 'vitest'
import { Holding } from '../../../server/protocols/postgres/holding.ts'

describe('waiting for the gate', () => {
  test('before it begins and after it ended, the server is to be asked', () => {
    const holding = new Holding()
    expect(holding.cancel()).toBe('server')
    const gone = holding.begin()
    holding.end()
    expect(holding.cancel()).toBe('server')
    expect(gone.aborted).toBe(false)
  })

  test('while the server runs something as well, it is to be asked, too', () => {
    const holding = new Holding()
    let runs = true
    holding.serverRuns = () => runs
    const gone = holding.begin()
    expect([holding.cancel(), gone.aborted]).toEqual(['server', true])
    runs = false
    expect(holding.cancel()).toBe('done')
  })

  test('a cancel ends this wait, tells whoever listens once, and leaves the next wait alone', () => {
    const holding = new Holding()
    const gone = holding.begin()
    let told = 0
    gone.addEventListener('abort', () => told++, { once: true })
    expect(holding.cancel()).toBe('done')
    expect(holding.cancel()).toBe('done')
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
