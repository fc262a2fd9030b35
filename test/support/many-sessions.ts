// A state with very many sessions of a year, a minute apart, most of them over: what a listing has to be fast with.
import type { State } from '../../server/state/state.ts'
import { makeId } from '../../shared/id.ts'
import type { Principal } from '../../shared/model.ts'

export const firstMinute = Date.UTC(2026, 0, 1)
const openOnes = 50
const atOnce = 5000

const random = (n: number) => Uint8Array.from({ length: 16 }, (_, i) => (n * 31 + i * 17) & 255)

const people: readonly Principal[] = Array.from({ length: 500 }, (_, n) =>
  ({ issuer: 'https://idp.example', subject: `person-${n}`, email: `person-${n}@example.com`, groups: [], kind: 'human' }))

/** Of 500 people on 20 targets; 50 besides are open, the oldest of them from long ago. @returns the ids of the others, oldest first */
export function fillWithSessions(state: State, count: number): string[] {
  const ids: string[] = []
  for (let n = 0; n < count;) {
    state.transaction(() => {
      for (const end = Math.min(count, n + atOnce); n < end; n++) {
        const startedAt = firstMinute + n * 60_000
        const id = makeId(startedAt, random(n))
        ids.push(id)
        state.sessions.insert({ id, principal: people[n % people.length]!, target: `target-${n % 20}`, startedAt, firstEntry: n })
      }
    })
  }
  state.sessions.endOrphans(firstMinute, 'bench')
  state.transaction(() => {
    for (let n = 0; n < openOnes; n++) {
      const startedAt = firstMinute + n * Math.floor(count / openOnes) * 60_000 + 30_000
      state.sessions.insert({ id: makeId(startedAt, random(count + n)), principal: people[n]!, target: `target-${n % 20}`, startedAt, firstEntry: count + n })
    }
  })
  return ids
}
