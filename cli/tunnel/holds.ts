// What the live part of `hoop connect` shows: open connections and held statements, and the lines to print above it. Lines are printed
// when changes are told, not one by one: the tunnel is what the machine is for.
import type { ReviewSummary } from '../../shared/api.ts'
import type { SessionEvent } from '../../shared/events.ts'
import { createTelling, type Told } from '../told.ts'
import type { VisitEvent } from './visit.ts'

export interface Held extends Extract<SessionEvent, { type: 'held' }> {
  readonly reasonGiven: boolean
}

export interface Holds {
  readonly held: readonly Held[]
  readonly connections: number
}

export interface HoldsStore extends Told<Holds> {
  take(event: VisitEvent): void
  /** That a reason was given, which no event says. */
  reasoned(review: string): void
  /** Finished lines. */
  print(text: string): void
  /** Where they go. @returns ends it */
  printWith(write: (text: string) => void): () => void
  /** Now, what waits for its turn. */
  flush(): void
}

/**
 * @param session the one whose events are taken, until another takes its place
 * @param look at a review, for what was decided while no event could tell
 */
export function createHolds(session: string, look: (review: string) => Promise<Pick<ReviewSummary, 'state'>>): HoldsStore {
  const held = new Map<string, Held>()
  const open = new Set<number>()
  let lines = ''
  let write: ((text: string) => void) | undefined
  const { changed, current, flush, subscribe } = createTelling<Holds>({ held: [], connections: 0 }, () => {
    if (lines !== '' && write !== undefined) {
      write(lines)
      lines = ''
    }
    return { held: [...held.values()], connections: open.size }
  })

  function back(now: string): void {
    if (now !== session) {
      // A new session has nothing of the old one's.
      session = now
      open.clear()
      held.clear()
    }
    for (const review of held.keys()) {
      look(review).then(({ state }) => {
        if (state !== 'pending') held.delete(review)
        changed()
      }, () => undefined)
    }
  }

  return {
    current,
    subscribe,
    take(event) {
      if (event.type === 'connection.opened') open.add(event.connection)
      else if (event.type === 'connection.closed') open.delete(event.connection)
      else if (event.type === 'held') held.set(event.review, { ...event, reasonGiven: false })
      else if (event.type === 'decided') held.delete(event.review)
      else if (event.type === 'gateway.back') back(event.session)
      changed()
    },
    reasoned(review) {
      const hold = held.get(review)
      if (hold !== undefined) held.set(review, { ...hold, reasonGiven: true })
      changed()
    },
    print(text) {
      lines += text
      changed()
    },
    printWith(writer) {
      write = writer
      changed()
      return () => { write = undefined }
    },
    flush
  }
}
