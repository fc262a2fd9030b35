// `hoop reviews watch` on a terminal: the list of what waits, one of them to read, and the keys to decide.
import { useInput } from 'ink'
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore, type ReactElement } from 'react'
import type { ReviewDetail, ReviewVote } from '../../shared/api.ts'
import { asGatewayError } from '../../shared/errors.ts'
import type { Id } from '../../shared/model.ts'
import type { Context } from '../context.ts'
import { restLines } from '../reviews/detail.ts'
import { followReviews } from '../reviews/follow.ts'
import { afterText, maxReasonCharacters, unexplained } from '../reviews/vote.ts'
import { createWatched, type WatchedStore } from '../reviews/watched.ts'
import { detailView, listView, type Prompt } from './reviews-view.ts'
import { edited, Lines, show, useLatest, useNow, useSize } from './screen.tsx'

export interface ReviewsScreenProps {
  readonly store: WatchedStore
  readonly fetch: (id: Id) => Promise<ReviewDetail>
  readonly vote: (id: Id, approve: boolean, vote: ReviewVote) => Promise<ReviewDetail>
  readonly now: () => number
  readonly bell: () => void
  /** q, or Ctrl-C. */
  readonly quit: () => void
}

interface State {
  /** The one under the mark: by id, so that what comes and goes above it does not move the mark to another. */
  readonly selected: Id | undefined
  /** Where it stood, for when it is gone. */
  readonly at: number
  readonly told: string | undefined
  readonly open: Open | undefined
}
interface Open {
  readonly id: Id
  readonly review: ReviewDetail | undefined
  readonly failure: string | undefined
  readonly top: number
  readonly prompt: Prompt | undefined
  /** Asked for in the list, where there is nothing to read yet: follows once there is. */
  readonly wish: 'approve' | 'reject' | undefined
  readonly busy: boolean
}

const fresh: State = { selected: undefined, at: 0, told: undefined, open: undefined }

export function ReviewsScreen({ store, fetch, vote, now, bell, quit }: ReviewsScreenProps): ReactElement {
  const size = useSize()
  const time = useNow(now)
  const watched = useSyncExternalStore(store.subscribe, store.current)
  const [read, change] = useLatest<State>(fresh)
  const { open, told } = read()
  const mark = () => {
    const { selected, at } = read()
    const { pending } = store.current()
    const found = pending.findIndex(({ id }) => id === selected)
    return found >= 0 ? found : Math.max(0, Math.min(at, pending.length - 1))
  }

  /** Of the opened one only, and only while it is that one. */
  const changeOpen = useCallback((id: Id, by: Partial<Open> | ((open: Open) => Partial<Open>)) => change(({ open: old }) =>
    old?.id === id ? { open: { ...old, ...(typeof by === 'function' ? by(old) : by) } } : {}), [change])

  const arrived = useRef(0)
  useEffect(() => {
    if (watched.arrived > arrived.current) bell()
    arrived.current = watched.arrived
  }, [watched.arrived, bell])

  // Read again whenever it changed: a reason was given, somebody voted, it ended.
  const summary = open === undefined ? undefined : watched.pending.find(({ id }) => id === open.id) ?? watched.ended.get(open.id)
  useEffect(() => {
    if (open === undefined) return
    const { id } = open
    fetch(id).then(
      (review) => changeOpen(id, (old) => ({
        review,
        failure: obstacleTo(review, old.review === undefined ? old.wish : undefined),
        wish: undefined,
        // What is agreed to is what stands there: another binding asks again.
        prompt: old.review === undefined ? promptFor(review, old.wish) : old.review.binding === review.binding ? old.prompt : undefined
      })),
      (error: unknown) => changeOpen(id, { failure: asGatewayError(error).message })
    )
  }, [open?.id, summary, fetch, changeOpen])

  const review = open?.review
  const rest = useMemo(() => review === undefined ? [] : restLines(review, size.columns), [review, size.columns])
  const viewOf = (one: Open) => detailView({ ...one, rest, now: time }, size)

  function openSelected(wish?: Open['wish']): void {
    const at = mark()
    const one = store.current().pending[at]
    if (one === undefined) return
    change({
      selected: one.id,
      at,
      told: undefined,
      open: { id: one.id, review: undefined, failure: undefined, top: 0, prompt: undefined, wish, busy: false }
    })
  }

  function cast({ id, review }: Open, { approve, text, breakGlass }: Prompt): void {
    if (review === undefined) return
    const reason = text.trim()
    changeOpen(id, { busy: true, prompt: undefined })
    vote(id, approve, { binding: review.binding, ...(reason === '' ? {} : { reason }), ...(breakGlass ? { breakGlass } : {}) }).then(
      (after) => change(({ open: now }) => ({ told: afterText(after, approve), ...(now?.id === id ? { open: undefined } : {}) })),
      (error: unknown) => changeOpen(id, { busy: false, failure: asGatewayError(error).message })
    )
  }

  useInput((input, key) => {
    if (key.ctrl && input === 'c') return quit()
    const { open } = read()
    if (open === undefined) {
      const { pending } = store.current()
      const selected = mark()
      const move = (to: number) => {
        const at = Math.max(0, Math.min(to, pending.length - 1))
        change({ at, selected: pending[at]?.id, told: undefined })
      }
      if (input === 'q') return quit()
      if (key.upArrow || input === 'k') return move(selected - 1)
      if (key.downArrow || input === 'j') return move(selected + 1)
      if (key.pageUp) return move(selected - size.rows + 6)
      if (key.pageDown || input === ' ') return move(selected + size.rows - 6)
      if (key.home || input === 'g') return move(0)
      if (key.end || input === 'G') return move(pending.length - 1)
      if (key.return || key.rightArrow) return openSelected()
      if (input === 'a') return openSelected('approve')
      if (input === 'r') return openSelected('reject')
      return
    }
    const { id, prompt, busy, review } = open
    if (busy) return
    if (prompt !== undefined) {
      if (key.escape) return changeOpen(id, { prompt: undefined })
      if (prompt.approve && !prompt.reasonWanted) {
        if (input === 'y') return cast(open, prompt)
        if (input === 'n') changeOpen(id, { prompt: undefined })
        return
      }
      if (!key.return) return changeOpen(id, { prompt: { ...prompt, text: edited(prompt.text, input, key, maxReasonCharacters) } })
      if (prompt.reasonWanted && prompt.text.trim() === '') return changeOpen(id, { failure: 'the rule wants a reason' })
      return cast(open, prompt)
    }
    const view = viewOf(open)
    const scroll = (by: number) => changeOpen(id, ({ top }) => ({ top: Math.max(0, Math.min(Math.min(top, view.last) + by, view.last)) }))
    if (input === 'q') return quit()
    if (key.escape || key.leftArrow || key.backspace) return change({ open: undefined })
    if (key.upArrow || input === 'k') return scroll(-1)
    if (key.downArrow || input === 'j') return scroll(1)
    if (key.pageUp || input === 'b') return scroll(-view.page)
    if (key.pageDown || input === ' ') return scroll(view.page)
    if (key.home || input === 'g') return scroll(-view.last)
    if (key.end || input === 'G') return scroll(view.last)
    if (review !== undefined && (input === 'a' || input === 'r')) {
      const wish = input === 'a' ? 'approve' : 'reject'
      changeOpen(id, { failure: obstacleTo(review, wish), prompt: promptFor(review, wish) })
    }
  })

  const lines = open === undefined ? listView({ watched, selected: mark(), now: time, told }, size) : viewOf(open).lines
  return <Lines lines={lines} />
}

function promptFor(review: ReviewDetail, wish: Open['wish']): Prompt | undefined {
  if (wish === undefined || review.state !== 'pending' || !review.mayDecide) return undefined
  if (obstacleTo(review, wish) !== undefined) return undefined
  const breakGlass = breaks(review, wish)
  return { approve: wish === 'approve', text: '', reasonWanted: review.terms.approverReason || breakGlass, breakGlass }
}

/** What would be refused once a reason has been typed. */
function obstacleTo(review: ReviewDetail, wish: Open['wish']): string | undefined {
  const { state, mayDecide } = review
  if (wish !== 'approve' || state !== 'pending' || !mayDecide || breaks(review, wish)) return undefined
  return unexplained(review)
}

/** Whoever may decide what they asked for themselves may only by breaking the glass. */
function breaks({ mine }: ReviewDetail, wish: Open['wish']): boolean {
  return mine && wish === 'approve'
}

export async function watchReviews(context: Context): Promise<void> {
  const { terminal, signal, now } = context
  const store = createWatched()
  const gateway = () => context.gateway()
  const said: string[] = []
  const screen = show(terminal, ({ bell }) => (
    <ReviewsScreen
      store={store}
      fetch={async (id) => (await gateway()).review(id)}
      vote={async (id, approve, vote) => approve ? (await gateway()).approveReview(id, vote) : (await gateway()).rejectReview(id, vote)}
      now={now}
      bell={bell}
      quit={() => screen.close()}
    />
  ), (text) => said.push(text), { full: true })
  const stop = new AbortController()
  const following = followReviews({ gateway, tell: store.take, signal: AbortSignal.any([signal, stop.signal]) })
  try {
    await Promise.race([screen.over, following])
  } finally {
    stop.abort()
    screen.close()
    await screen.over
    // What was said behind the screen.
    for (const text of said) terminal.say(text.replace(/^hoop: /, '').trimEnd())
  }
}
