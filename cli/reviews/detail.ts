// One review in lines, so that whoever has to decide can do so in ten seconds: first what, who and where, then the rest. Pure.
// Every line is printable and at most `columns` wide; used by the screen and by `hoop reviews show`.
import type { ReviewDetail } from '../../shared/api.ts'
import { timeFrom } from '../table.ts'
import {
  cutCells,
  exactLines,
  factsText,
  placesText,
  requesterText,
  rowsText,
  sizeText,
  stateText,
  transactionText,
  visible,
  warningsOf,
  windowText,
  wishText,
  wrapCells,
  wrapWords
} from './text.ts'

export type Tone = 'plain' | 'strong' | 'dim' | 'warning' | 'bad' | 'good'
export interface Line {
  readonly text: string
  readonly tone: Tone
}

export interface Layout {
  readonly columns: number
  /** Milliseconds since 1970. */
  readonly now: number
}

const titleCells = 12
const maxEarlier = 20

const minColumns = 20

export function detailLines(review: ReviewDetail, { columns, now }: Layout): Line[] {
  return [...headLines(review, { columns, now }), ...restLines(review, columns)]
}

/** All that stays as it is while the clock runs: a statement of megabytes need not be cut into lines each second. */
export function restLines(review: ReviewDetail, columns: number): Line[] {
  const width = Math.max(minColumns, columns)
  return [...wishLines(review, width), ...factLines(review, width), ...earlierLines(review, width)]
}

export function headLines(review: ReviewDetail, { columns: wanted, now }: Layout): Line[] {
  const columns = Math.max(minColumns, wanted)
  const tone: Tone = review.state === 'pending' ? 'strong' : review.state === 'approved' ? 'good' : 'bad'
  const what = review.kind === 'access' ? 'wants to open' : 'wants to run this on'
  return [
    ...flow(`${requesterText(review)} ${what} ${review.target}`, columns, 'strong'),
    ...flow(`${stateText(review, now)}${review.endReason === undefined ? '' : `: ${review.endReason}`}`, columns, tone)
  ]
}

function wishLines(review: ReviewDetail, columns: number): Line[] {
  if (review.kind === 'access') {
    const { windowSeconds } = review.terms
    return windowSeconds === undefined ? [] : [blank, ...fact('window', `${windowText(windowSeconds)} from the approval on`, columns), blank]
  }
  // Kept in memory of the gateway that holds it, and only while it is held: then only the redacted form is left.
  if (review.statements.length === 0) return [blank, ...field('statement', `${wishText(review)} (without its values)`, columns), blank]
  return review.statements.flatMap((statement, i) => {
    const gutter = String(statement.text.split('\n').length).length
    const many = review.statements.length > 1 ? [{ text: `statement ${i + 1} of ${review.statements.length}`, tone: 'dim' as const }] : []
    return [
      blank,
      ...many,
      ...exactLines(statement.text, columns - gutter - 3).map(({ number, text }): Line =>
        ({ text: `${String(number ?? '').padStart(gutter)} | ${text}`, tone: 'strong' })),
      ...statement.parameters.flatMap((parameter, at) => field(`$${at + 1}`, parameter ?? 'NULL', columns, parameter === null ? 'dim' : 'plain')),
      blank,
      ...warningsOf(statement).flatMap(({ text, loud }) => flow(text, columns, loud ? 'warning' : 'plain')),
      ...flow(factsText(statement), columns),
      ...flow(sizeText(statement), columns, 'dim')
    ]
  })
}

function factLines(review: ReviewDetail, columns: number): Line[] {
  const { requester, requesterReason, terms } = review
  const rows: readonly (readonly [string, string | undefined, Tone?])[] = [
    ['rows', rowsText(review)],
    ['reason', requesterReason ?? (terms.requesterReason && review.state === 'pending' ? 'none given yet, and the rule wants one' : 'none given'), requesterReason === undefined ? 'dim' : 'plain'],
    ['transaction', transactionText(review), review.context?.transaction === 'none' ? 'plain' : 'warning'],
    ['rule', review.rule],
    ['asked', placesText(review)],
    ['window ends', review.windowEndsAt === undefined ? undefined : `${timeFrom(review.windowEndsAt)} UTC`],
    ['who', `${requester.subject} at ${requester.issuer}${requester.kind === 'human' ? '' : `, ${requester.kind}`}`],
    ['for', requester.onBehalfOf === undefined ? undefined : `${requester.onBehalfOf.email ?? requester.onBehalfOf.subject} (${requester.onBehalfOf.subject} at ${requester.onBehalfOf.issuer})`],
    ['since', `${timeFrom(review.createdAt)} UTC, until ${timeFrom(review.expiresAt)}`],
    ['session', review.session === undefined ? undefined : `${review.session}${review.connection === undefined ? '' : `, connection ${review.connection}`}`],
    ['review', review.id],
    ['binding', `SHA-256 ${review.binding.slice(0, 16)}`]
  ]
  return rows.flatMap(([title, text, tone]) => text === undefined ? [] : fact(title, text, columns, tone))
}

function earlierLines({ earlier }: ReviewDetail, columns: number): Line[] {
  if (earlier.length === 0) return []
  const last = earlier.slice(-maxEarlier)
  const more = earlier.length - last.length
  return [
    blank,
    { text: cutCells(`earlier in this session${more === 0 ? '' : `, the last ${last.length} of ${earlier.length}`}`, columns), tone: 'dim' },
    ...last.map(({ time, statement, outcome }): Line =>
      ({ text: cutCells(visible(`${timeFrom(time).slice(11)} ${outcome === undefined ? '' : `${outcome}: `}${statement}`), columns), tone: 'dim' }))
  ]
}

const blank: Line = { text: '', tone: 'plain' }

/** As a field, of what is read and is no part of the statement. */
function fact(title: string, text: string, columns: number, tone: Tone = 'plain'): Line[] {
  return field(title, text, columns, tone, wrapWords)
}

/** A title and what belongs to it; set in where it takes more than a line, and below it where there is no room beside. */
function field(title: string, text: string, columns: number, tone: Tone = 'plain', wrap = wrapCells): Line[] {
  const name = visible(title)
  const indent = columns < 50 ? 2 : titleCells
  const pieces = exactLines(text, columns - indent, wrap).map((line) => line.text)
  if (indent < titleCells) return [{ text: cutCells(name, columns), tone: 'dim' }, ...pieces.map((piece): Line => ({ text: `  ${piece}`, tone }))]
  return pieces.map((piece, i) => ({ text: (i === 0 ? name.padEnd(titleCells - 1) + ' ' : ' '.repeat(titleCells)) + piece, tone }))
}

/** Text of ours, with words of others in it. */
function flow(text: string, columns: number, tone: Tone = 'plain'): Line[] {
  return wrapWords(visible(text), columns).map((piece) => ({ text: piece, tone }))
}
