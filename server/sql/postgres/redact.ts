// A statement as the audit log may hold it: without constants and comments. Pure.
import { scan } from './lexer.ts'

/**
 * Constants become `?`, comments and line breaks one space; words, quoted identifiers and operators stay.
 * @param text a statement PostgreSQL's grammar accepts: only then is it certain where its constants begin and end
 * @returns undefined where the text cannot be scanned
 */
export function redact(text: string): string | undefined {
  let redacted = ''
  let previousEnd = -1
  const complete = scan(text, (kind, begin, end) => {
    if (begin > previousEnd && previousEnd >= 0) redacted += ' '
    redacted += kind === 'constant' ? '?' : text.slice(begin, end)
    previousEnd = end
    return true
  })
  return complete ? redacted : undefined
}
