// What a webhook or command is told about a review. Pure. Redacted statements only: what leaves the gateway here is read in chat rooms.
import { beginning, safeLine } from '../../shared/text.ts'
import { groupsAsked, type Review } from './review.ts'
import { nameOf } from './show.ts'

export type NoticeEvent = 'held' | 'broken'

/** The structured form; every text in it is one line of printable characters. */
export interface Notice {
  readonly text: string
  /** `broken`: somebody released what they had asked for themselves. */
  readonly event: NoticeEvent
  readonly gateway: string
  readonly show: string
  readonly approve: string
  readonly review: {
    readonly id: string
    readonly kind: Review['kind']
    readonly target: string
    readonly requester: string
    readonly requesterKind: Review['requester']['kind']
    readonly onBehalfOf?: string
    readonly rule: string
    /** Redacted. */
    readonly statement?: string
    readonly asked: readonly string[]
    readonly expiresAt: string
    readonly reason?: string
  }
}

/**
 *   full   `text`, which Slack, Mattermost and the like read, and the structured fields beside it
 *   text   `text` alone, for receivers that refuse fields they do not know (Google Chat)
 *   card   an Adaptive Card, for the workflows of Microsoft Teams
 */
export type NoticeFormat = 'full' | 'text' | 'card'

const maxStatementLength = 2_000
const maxShownStatementLength = 400

/** @param gateway the gateway's URL, for people who work with several */
export function noticeOf(review: Review, event: NoticeEvent, gateway: string): Notice {
  const { id, kind, target, requester, rule, statement } = review
  const { onBehalfOf } = requester
  const reason = event === 'broken' ? review.endReason : review.requesterReason
  return {
    text: textOf(review, event),
    event,
    gateway: safeLine(gateway),
    show: `hoop reviews show ${id}`,
    approve: `hoop reviews approve ${id}`,
    review: {
      id,
      kind,
      target: safeLine(target.name),
      requester: safeLine(requester.name ?? nameOf(requester)),
      requesterKind: requester.kind,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf: safeLine(nameOf(onBehalfOf)) }),
      rule: safeLine(rule),
      ...(statement === undefined ? {} : { statement: cut(safeLine(statement), maxStatementLength) }),
      asked: groupsAsked(review).map(safeLine),
      expiresAt: new Date(review.expiresAt).toISOString(),
      ...(reason === undefined ? {} : { reason: safeLine(reason) })
    }
  }
}

export function bodyOf(notice: Notice, format: NoticeFormat): string {
  if (format === 'text') return JSON.stringify({ text: notice.text })
  return JSON.stringify(format === 'card' ? cardOf(notice) : notice)
}

function textOf(review: Review, event: NoticeEvent): string {
  const { id, kind, target, requester, rule, statement, requesterReason, endReason, expiresAt } = review
  const behind = requester.onBehalfOf === undefined ? '' : ` for ${quoted(nameOf(requester.onBehalfOf))}`
  const who = `${requester.kind === 'human' ? '' : `${requester.kind} `}${quoted(requester.name ?? nameOf(requester))}${behind}`
  const what = kind === 'access' ? 'to open' : 'to run a statement on'
  const lines = event === 'broken'
    ? [`Break-glass: ${who} released what they had asked for themselves, ${what} ${quoted(target.name)} (rule ${quoted(rule)})`]
    : [`${who} asks ${what} ${quoted(target.name)} (rule ${quoted(rule)}); asked: ${groupsAsked(review).map(quoted).join(', ')}`]
  if (statement !== undefined) lines.push(quoted(cut(statement, maxShownStatementLength)))
  const reason = event === 'broken' ? endReason : requesterReason
  if (reason !== undefined) lines.push(`reason: ${quoted(reason)}`)
  lines.push(event === 'broken' ? `hoop reviews show ${id}` : `until ${new Date(expiresAt).toISOString()}: hoop reviews show ${id}`)
  return lines.join('\n')
}

/** In backticks chat programs look for no links, names or formatting; `<`, `>` and `&` are Slack's to escape wherever they stand. */
function quoted(text: string): string {
  const inside = safeLine(text).replace(/`/g, '\'').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
  return `\`${inside}\``
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${beginning(text, length)} ...`
}

/** Adaptive Cards, *RichTextBlock*: its runs of text are shown as they are, without Markdown. */
function cardOf({ event, review, show }: Notice): object {
  const { requester, requesterKind, onBehalfOf, target, kind, rule, statement, asked, expiresAt, reason } = review
  const line = (text: string, style: object = {}) => ({ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] })
  const title = event === 'broken' ? 'Break-glass: released by whoever asked' : `Asks for review: ${kind === 'access' ? 'opening' : 'a statement on'} ${target}`
  return {
    type: 'message',
    attachments: [{
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [
          line(title, { weight: 'Bolder' }),
          line(`who: ${requester} (${requesterKind})${onBehalfOf === undefined ? '' : ` for ${onBehalfOf}`}`),
          line(`target: ${target}`),
          line(`rule: ${rule}`),
          ...(statement === undefined ? [] : [line(statement, { fontType: 'Monospace' })]),
          ...(reason === undefined ? [] : [line(`reason: ${reason}`)]),
          line(`asked: ${asked.join(', ')}; until ${expiresAt}`),
          line(show, { fontType: 'Monospace' })
        ]
      }
    }]
  }
}
