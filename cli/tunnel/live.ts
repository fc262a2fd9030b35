// What the live part of `hoop connect` shows: connections and what they do, held statements, whether the gateway is there; and the
// lines to print above it. Lines are printed when changes are told, not one by one: the tunnel is what the machine is for.
import type { ReviewSummary } from '../../shared/api.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import type { ConnectionActivity, SessionEvent } from '../../shared/events.ts'
import { createTelling, type Told } from '../told.ts'
import type { VisitEvent } from './visit.ts'

export interface Held extends Extract<SessionEvent, { type: 'held' }> {
  readonly reasonGiven: boolean
  /** By breaking the glass. */
  readonly mayRelease: boolean
}

export interface LiveConnection {
  readonly connection: number
  /** Undefined until something was told of it. */
  readonly activity: ConnectionActivity | undefined
  /** When that was; milliseconds since 1970, by our own clock. */
  readonly at: number
}

export interface Away {
  readonly code: ErrorCode
  readonly reason: string
  readonly hint?: string
  /** Milliseconds since 1970. */
  readonly since: number
}

export interface Live {
  readonly held: readonly Held[]
  /** In the order they were opened. */
  readonly connections: readonly LiveConnection[]
  /** Undefined while the gateway is there. */
  readonly away: Away | undefined
}

export interface LiveStore extends Told<Live> {
  take(event: VisitEvent): void
  /** Names the session whose events are taken, until another takes its place: they may come before it is known to us. */
  begin(session: string): void
  /** That a reason was given, which no event says. */
  reasoned(review: string): void
  /** Finished lines. */
  print(text: string): void
  /** Where they go. @returns ends it */
  printWith(write: (text: string) => void): () => void
  /** Now, what waits for its turn. */
  flush(): void
}

export interface LiveOptions {
  /** At a review: what was decided while no event could tell, and what one may do about it oneself. */
  readonly look: (review: string) => Promise<Pick<ReviewSummary, 'state' | 'mayDecide'>>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function createLive({ look, now }: LiveOptions): LiveStore {
  let session: string | undefined
  const held = new Map<string, Held>()
  const open = new Map<number, LiveConnection>()
  let away: Away | undefined
  let lines = ''
  let write: ((text: string) => void) | undefined
  const { changed, current, flush, subscribe } = createTelling<Live>({ held: [], connections: [], away: undefined }, () => {
    if (lines !== '' && write !== undefined) {
      write(lines)
      lines = ''
    }
    return { held: [...held.values()], connections: [...open.values()], away }
  })

  function lookAt(review: string): void {
    look(review).then(({ state, mayDecide }) => {
      const hold = held.get(review)
      if (state !== 'pending') held.delete(review)
      else if (hold !== undefined) held.set(review, { ...hold, mayRelease: mayDecide })
      changed()
    }, () => undefined)
  }

  function back(to: string): void {
    away = undefined
    // A new session has nothing of the old one's.
    if (to !== session) held.clear()
    session = to
    for (const review of held.keys()) lookAt(review)
  }

  function seen(connections: readonly ConnectionActivity[], whole: boolean): void {
    if (whole) open.clear()
    for (const activity of connections) open.set(activity.connection, { connection: activity.connection, activity, at: now() })
  }

  function take(event: VisitEvent): void {
    switch (event.type) {
      case 'connection.opened': open.set(event.connection, { connection: event.connection, activity: undefined, at: now() }); return
      case 'connection.closed': open.delete(event.connection); return
      case 'activity': return seen(event.connections, event.whole === true)
      case 'held':
        held.set(event.review, { ...event, reasonGiven: false, mayRelease: false })
        return lookAt(event.review)
      case 'decided': held.delete(event.review); return
      case 'gateway.lost': {
        const { code, reason, hint } = event
        away = { code, reason, ...(hint === undefined ? {} : { hint }), since: away?.since ?? now() }
        // Which of them live on is told when the way back is found.
        open.clear()
        return
      }
      case 'gateway.back': return back(event.session)
      default:
    }
  }

  return {
    current,
    subscribe,
    take(event) {
      take(event)
      changed()
    },
    begin(opened) { session = opened },
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
