// What the reviews screen shows, as lines: the list, and one review with its prompt. Pure.
import type { ReviewDetail, ReviewSummary } from '../../shared/api.ts'
import type { Watched } from '../reviews/watched.ts'
import { headLines, type Line } from '../reviews/detail.ts'
import { ageText, clockText, cutCells, requesterText, visible, wishText, wrapCells } from '../reviews/text.ts'
import { cellsOf } from '../table.ts'
import { paragraph } from './lines.ts'
import type { Size } from './screen.tsx'

/** Below this, a review takes two lines of the list. */
const narrowColumns = 64
/** Below this, what can be done without is left out. */
const lowRows = 12
const soonMilliseconds = 60_000

export interface ListFacts {
  readonly watched: Watched
  /** Of the pending ones. */
  readonly selected: number
  readonly now: number
  readonly told: string | undefined
}

export function listView({ watched, selected, now, told }: ListFacts, { columns, rows }: Size): Line[] {
  const { known, pending, lost } = watched
  const yours = pending.filter(({ mayDecide }) => mayDecide).length
  const waiting = `${pending.length} wait${pending.length === 1 ? 's' : ''} for a decision, ${yours} for yours`
  const title = pending.length > 0 ? waiting : known ? 'nothing waits for a decision' : 'asking the gateway ...'
  const head: Line[] = [
    { text: cutCells(`hoop reviews: ${title}`, columns), tone: 'strong' },
    ...(lost === undefined ? [] : paragraph(`trying again: ${lost.message}${lost.hint === undefined ? '' : ` (${lost.hint})`}`, columns, 'warning', rows < lowRows ? 1 : 2))
  ]
  const foot: Line[] = [
    ...(told === undefined ? [] : paragraph(told, columns, 'strong', 3)),
    { text: cutCells(pending.length === 0 ? 'q quits' : 'Enter reads, a approves, r rejects, q quits', columns), tone: 'dim' }
  ]
  const linesEach = columns < narrowColumns ? 2 : 1
  const room = Math.max(1, Math.floor((rows - head.length - foot.length - 2) / linesEach))
  const first = Math.max(0, Math.min(selected - Math.floor(room / 2), pending.length - room))
  const shown = pending.slice(first, first + room)
  const widths = {
    who: Math.min(28, Math.max(3, ...shown.map((review) => cellsOf(visible(requesterText(review)))))),
    target: Math.min(18, Math.max(6, ...shown.map(({ target }) => cellsOf(visible(target)))))
  }
  const list = shown.flatMap((review, i) => rowLines(review, { columns, now, widths, selected: first + i === selected }))
  const more = pending.length > shown.length ? [{ text: cutCells(`${first + 1} to ${first + shown.length} of ${pending.length}`, columns), tone: 'dim' as const }] : []
  return [...head, { text: '', tone: 'plain' }, ...list, ...more, ...(more.length === 0 ? [{ text: '', tone: 'plain' as const }] : []), ...foot]
}

interface RowFacts {
  readonly columns: number
  readonly now: number
  readonly selected: boolean
  readonly widths: { readonly who: number, readonly target: number }
}

function rowLines(review: ReviewSummary, { columns, now, selected, widths }: RowFacts): Line[] {
  const left = Date.parse(review.expiresAt) - now
  const mark = selected ? '>' : ' '
  const tone = selected ? 'strong' : !review.mayDecide ? 'dim' : left < soonMilliseconds ? 'warning' : 'plain'
  const clock = clockText(left).padStart(7)
  const who = visible(requesterText(review))
  const target = visible(review.target)
  const whose = review.mayDecide ? '' : review.mine ? '(yours) ' : '(for others) '
  const wish = whose + visible(wishText(review))
  if (columns < narrowColumns) {
    return [{ text: cutCells(`${mark}${clock} ${target} ${who}`, columns), tone }, { text: cutCells(`   ${wish}`, columns), tone }]
  }
  const cell = (text: string, width: number) => {
    const cut = cutCells(text, width)
    return cut + ' '.repeat(width - cellsOf(cut))
  }
  const age = ageText(now - Date.parse(review.createdAt)).padStart(6)
  return [{ text: cutCells(`${mark}${clock} ${age}  ${cell(who, widths.who)}  ${cell(target, widths.target)}  ${wish}`, columns), tone }]
}

export interface Prompt {
  readonly approve: boolean
  /** What has been typed as the reason. */
  readonly text: string
  readonly reasonWanted: boolean
  readonly breakGlass: boolean
}

export interface DetailFacts {
  /** Undefined while it is fetched. */
  readonly review: ReviewDetail | undefined
  /** `restLines` of it. */
  readonly rest: readonly Line[]
  readonly failure: string | undefined
  /** First line shown; clamped. */
  readonly top: number
  readonly prompt: Prompt | undefined
  readonly busy: boolean
  readonly now: number
}

export interface DetailView {
  readonly lines: readonly Line[]
  /** The furthest `top` may be, and how many lines a page has. */
  readonly last: number
  readonly page: number
}

export function detailView({ review, rest, failure, top, prompt, busy, now }: DetailFacts, { columns, rows }: Size): DetailView {
  const body = review === undefined ? [{ text: failure === undefined ? 'fetching it ...' : '', tone: 'dim' as const }] : [...headLines(review, { columns, now }), ...rest]
  const foot = [
    ...(failure === undefined ? [] : paragraph(failure, columns, 'bad', 3)),
    ...footLines(review, prompt, busy, columns)
  ]
  const page = Math.max(1, rows - foot.length - 1)
  const last = Math.max(0, body.length - page)
  const from = Math.min(top, last)
  const below = body.length - from - page
  const gauge: Line = below > 0
    ? { text: cutCells(`-- ${below} more line${below === 1 ? '' : 's'} below: down, or space`, columns), tone: 'warning' }
    : { text: from > 0 ? '-- the end' : '', tone: 'dim' }
  return { lines: [...body.slice(from, from + page), gauge, ...foot], last, page }
}

function footLines(review: ReviewDetail | undefined, prompt: Prompt | undefined, busy: boolean, columns: number): Line[] {
  const line = (text: string, tone: Line['tone'] = 'dim'): Line => ({ text: cutCells(text, columns), tone })
  if (busy) return [line('telling the gateway ...')]
  if (prompt === undefined) {
    if (review === undefined || review.state !== 'pending') return [line('Esc goes back, q quits')]
    if (!review.mayDecide) return [line(review.mine ? 'you asked for it: others decide. Esc goes back' : 'others decide. Esc goes back')]
    return [line('a approves, r rejects, Esc goes back, q quits')]
  }
  const does = prompt.approve ? prompt.breakGlass ? 'BREAKS THE GLASS' : 'approves' : 'rejects'
  if (prompt.approve && !prompt.reasonWanted) return [line('Approve it, as shown?  y approves, n goes back', 'strong')]
  const typed = wrapCells(`Reason${prompt.reasonWanted ? '' : ' (may stay empty)'}: ${visible(prompt.text)}_`, columns).slice(-3)
  return [...typed.map((text): Line => ({ text, tone: 'strong' })), line(`Enter ${does}, Esc goes back`)]
}
