// What the live part of `hoop connect` shows: open connections and held statements, and the lines to print above it. Changes are told,
// and lines printed, at most four times a second, however fast they come: the tunnel is what the machine is for.
import type { ReviewSummary } from '../../shared/api.ts'
import type { SessionEvent } from '../../shared/events.ts'
import type { VisitEvent } from './visit.ts'

export interface Held extends Extract<SessionEvent, { type: 'held' }> {
  readonly reasonGiven: boolean
}

export interface Holds {
  readonly held: readonly Held[]
  readonly connections: number
}

export interface HoldsStore {
  /** The same object until something changes. */
  current(): Holds
  subscribe(listener: () => void): () => void
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

const tellMilliseconds = 250

/**
 * @param session the one whose events are taken, until another takes its place
 * @param look at a review, for what was decided while no event could tell
 */
export function createHolds(session: string, look: (review: string) => Promise<Pick<ReviewSummary, 'state'>>): HoldsStore {
  const held = new Map<string, Held>()
  const open = new Set<number>()
  const listeners = new Set<() => void>()
  let lines = ''
  let write: ((text: string) => void) | undefined
  let shown: Holds = { held: [], connections: 0 }
  let timer: NodeJS.Timeout | undefined

  function publish(): void {
    clearTimeout(timer)
    timer = undefined
    if (lines !== '' && write !== undefined) {
      write(lines)
      lines = ''
    }
    shown = { held: [...held.values()], connections: open.size }
    for (const listener of listeners) listener()
  }
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
  const changed = () => { timer ??= setTimeout(publish, tellMilliseconds).unref() }

  return {
    current: () => shown,
    subscribe(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
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
    flush: publish
  }
}
