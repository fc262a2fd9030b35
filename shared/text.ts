// Untrusted text made safe to show: in terminals, logs and pages. Pure.
// Not an encoding, but for JSON: what cannot be seen is shown as a token, and nobody turns it back.

/**
 * Everything that moves a cursor, changes direction, has no width or no shape: controls (C0, DEL, C1), format characters
 * (bidi, zero width, tags), surrogates without a partner, private use, unassigned, line separators, and letters that show nothing
 * (Hangul fillers, variation selectors). Newline and tab stay.
 */
const unsafe = /(?![\n\t])[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu
const unsafeInLine = /[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu

/** Printable characters, newline and tab pass; the rest is shown as `<U+001B>`. */
export function safeText(text: string): string {
  return text.replace(unsafe, token)
}

/** As safeText, for a place that is one line: newline and tab are shown as tokens too. */
export function safeLine(text: string): string {
  return text.replace(unsafeInLine, token)
}

/** The same value as JSON, in characters that cannot act on a terminal: JSON itself leaves C1 and bidi controls as they are. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(unsafeInLine, (character) =>
    [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''))
}

/** The first `length` UTF-16 code units, one fewer where that would leave half of a pair of surrogates: half a character is no text. */
export function beginning(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')
}

function token(character: string): string {
  return `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`
}
