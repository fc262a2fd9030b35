// What of a review is told in words: clocks, people, facts. Pure.
// Nothing here is safe for a terminal yet but what `exactLines` gives: whoever prints passes it on through the terminal, or `safeLine`.
import type { HeldStatement, ReviewDetail, ReviewSummary } from '../../shared/api.ts'
import type { ReviewState, StatementFlag } from '../../shared/model.ts'
import { safeLine } from '../../shared/text.ts'
import { hung } from '../hung.ts'
import { cellsOf } from '../table.ts'

/** `4:05` minutes and seconds, `1:00:00` from an hour on; never below zero. */
export function clockText(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const two = (count: number) => String(count).padStart(2, '0')
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest.replace(/^0/, '')
}

/** `12 s`, `4 min`, `3 h`, `2 d`: how long ago, in one word. */
export function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

/** The human behind an agent or a service stands with it. */
export function requesterText({ requester: { email, name, subject, kind, onBehalfOf } }: Pick<ReviewSummary, 'requester'>): string {
  const who = email ?? name ?? subject
  if (kind === 'human') return who
  return `${who} (${kind} of ${onBehalfOf?.email ?? onBehalfOf?.subject ?? 'nobody known'})`
}

export function stateText({ state, expiresAt, endedAt }: ReviewSummary, now: number): string {
  if (state === 'pending') return `${clockText(Date.parse(expiresAt) - now)} left`
  return endedAt === undefined ? state : `${state} ${ageText(now - Date.parse(endedAt))} ago`
}

/** What is asked for, on one line. */
export function wishText({ kind, target, statement }: ReviewSummary): string {
  if (kind === 'access') return `open ${target}`
  return statement ?? 'a statement that cannot be shown without its values'
}

/** How a review ended, as a sentence begins: `rejected by bob@example.com: "no"`. */
export function endText(state: ReviewState, by?: string, reason?: string): string {
  return `${state}${by === undefined ? '' : ` by ${by}`}${reason === undefined || reason === '' ? '' : `: ${reason}`}`
}

/** How long what was approved may be opened. */
export function windowText(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${Math.round(seconds / 60)} min`
}

export function placesText({ terms, votes }: Pick<ReviewDetail, 'terms' | 'votes'>): string {
  const asked = terms.places.map(({ group, count }) => count === 1 ? `one of ${group}` : `${count} of ${group}`).join(' and ')
  const said = votes.map(({ by, approve, breakGlass, reason }) =>
    `${by} ${approve ? breakGlass ? 'BROKE THE GLASS' : 'approved' : 'rejected'}${reason === undefined ? '' : ` ("${reason}")`}`)
  return [asked === '' ? 'nobody' : asked, ...said].join('; ')
}

/** Facts an approver must not overlook, in plain words. */
const warnings: Partial<Record<StatementFlag, string>> = {
  no_where: 'NO WHERE: every row',
  cascade: 'CASCADE: what depends on it goes too',
  server_file: 'reads or writes files or programs on the server',
  syntax_error: 'does not parse',
  pinned_setting: 'changes a setting the gateway rests on',
  locks: 'takes explicit locks',
  multiple: 'one of several in a string',
  transaction: 'begins or ends a transaction'
}
const loud: ReadonlySet<StatementFlag> = new Set(['no_where', 'cascade', 'server_file', 'syntax_error', 'pinned_setting'])

export function factsText({ verb, effects, relations }: HeldStatement): string {
  const does = effects.length === 0 ? '' : `: ${effects.join(', ')}`
  return `${verb}${does}${relations.length === 0 ? '' : ` on ${relations.join(', ')}`}`
}

export function warningsOf({ flags, text }: Pick<HeldStatement, 'flags' | 'text'>): { readonly text: string, readonly loud: boolean }[] {
  const told = flags.flatMap((flag) => warnings[flag] === undefined ? [] : [{ text: warnings[flag], loud: loud.has(flag) }])
  const strange = [...new Set(text.match(/[^\x20-\x7E\n\t]/gu) ?? [])]
  if (strange.length === 0) return told
  const shown = strange.slice(0, 5).map((character) => {
    const token = safeLine(character)
    return token === character ? `${character} U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}` : token
  })
  return [...told, { text: `not plain ASCII: ${shown.join(', ')}${strange.length > 5 ? ` and ${strange.length - 5} more` : ''}`, loud: true }]
}

/** Size and fingerprint, to compare with what another window shows. */
export function sizeText({ text, length, sha256 }: Pick<HeldStatement, 'text' | 'length' | 'sha256'>): string {
  const lines = text.split('\n').length
  return `${length.toLocaleString('en')} bytes in ${lines === 1 ? '1 line' : `${lines.toLocaleString('en')} lines`}, SHA-256 ${sha256.slice(0, 16)}`
}

export function transactionText({ context }: Pick<ReviewDetail, 'context'>): string | undefined {
  if (context === undefined) return undefined
  const { transaction, locks } = context
  const open = transaction === 'none' ? 'none is open' : transaction === 'open' ? 'open' : 'open, and failed'
  return locks.length === 0 ? open : `${open}; holds ${locks.join(', ')}`
}

/** The database's estimate; undefined where nobody asked it. */
export function rowsText({ context }: Pick<ReviewDetail, 'context'>): string | undefined {
  if (context === undefined) return undefined
  return context.estimatedRows === null ? 'the database gives no estimate' : `about ${Math.round(context.estimatedRows).toLocaleString('en')}, by the database's estimate`
}

const longBlank = 24
const longSilence = 3
/** More combining marks than any script stacks would paint over the lines around. */
const marks = /(\p{M}{3})(\p{M}+)/gu

/**
 * The exact text as lines of printable characters, each at most `columns` cells wide. What could push a part of it out of sight (blanks
 * and empty lines without end) is counted instead of shown; `number` is set on each line's first piece.
 * @param wrap `wrapWords` where it is to be read and need not be exact
 */
export function exactLines(text: string, columns: number, wrap = wrapCells): { readonly number?: number, readonly text: string }[] {
  const lines = text.split('\n')
  const shown: { number?: number, text: string }[] = []
  for (let at = 0; at < lines.length; at++) {
    let empty = 0
    while (at + empty < lines.length && lines[at + empty]!.trim() === '') empty++
    if (empty > longSilence) {
      for (const piece of wrapCells(`<${empty} empty lines>`, columns)) shown.push({ text: piece })
      at += empty - 1
      continue
    }
    wrap(visible(lines[at]!), columns).forEach((piece, i) => shown.push(i === 0 ? { number: at + 1, text: piece } : { text: piece }))
  }
  return shown
}

/** One line, printable, and nothing in it that hides or paints over the rest. */
export function visible(line: string): string {
  const indented = line.replace(/^[\t ]+/, (blanks) => blanks.length > longBlank ? blanks : blanks.replaceAll('\t', '  '))
  return unstacked(safeLine(indented)
    .replace(/ {2,}/g, (blanks) => blanks.length > longBlank ? `<${blanks.length} spaces>` : blanks)
    .replace(/(?:<U\+0009>){9,}/g, (tabs) => `<${tabs.length / 8} tabs>`))
}

/** With more marks on one character than any script has shown as tokens. */
export function unstacked(line: string): string {
  return line.replace(marks, (_, first: string, more: string) => first + [...more].map((mark) => `<U+${mark.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`).join(''))
}

/** Cut where it is full, not at words, but never within a token like `<U+001B>`: what is exact stays exact. At least one piece. */
export function wrapCells(line: string, columns: number): string[] {
  const pieces: string[] = []
  if (/^[\x20-;=-\x7E]*$/.test(line)) {
    for (let from = 0; from === 0 || from < line.length; from += columns) pieces.push(line.slice(from, from + columns))
    return pieces
  }
  let piece = ''
  let cells = 0
  for (const character of line.match(units) ?? []) {
    const width = cellsOf(character)
    if (cells + width > columns && piece !== '') {
      pieces.push(piece)
      piece = ''
      cells = 0
    }
    piece += character
    cells += width
  }
  return [...pieces, piece]
}

/** Broken at words, for what is read and not run: an id, or a number, stays whole where it has room. At least one piece. */
export function wrapWords(line: string, columns: number): string[] {
  return hung(line, columns, 0).flatMap((piece) => wrapCells(piece, columns))
}

const units = /<(?:U\+[0-9A-F]{4,6}|\d{1,7} (?:spaces|tabs))>|[^]/gu

/** At most `columns` cells; what is cut off is marked. */
export function cutCells(line: string, columns: number): string {
  if (cellsOf(line) <= columns) return line
  return columns <= 1 ? '~'.slice(0, columns) : wrapCells(line, columns - 1)[0]! + '~'
}
