// What is left of a server's error when the statement reached a protected column. Pure.
// Every text in an error can hold a value, so none is kept: the condition's name takes the place of the message, and objects are named
// only where the catalog knows the name.
import { conditionNames } from './sqlstates.ts'

/**
 * Letter of the field, what becomes of it. Fields that are not here are dropped, those of later versions included.
 *   S V  severity, as the server's language has it, and as it is in English
 *   C    SQLSTATE: a function can raise any, so only known ones stay
 *   P    position in the client's own text
 *   s t c n  schema, table, column, constraint: a function can raise any text as these
 * Dropped: D detail, H hint, W where, q the inner query, p its position, d type, F L R place in the server's source.
 * @see PostgreSQL docs, Error and Notice Message Fields
 */
const fieldRules: Readonly<Record<string, 'severity' | 'state' | 'number' | 'name'>> = {
  S: 'severity',
  V: 'severity',
  C: 'state',
  P: 'number',
  s: 'name',
  t: 'name',
  c: 'name',
  n: 'name'
}

const severities = /^(?:ERROR|FATAL|PANIC)$/

/** What a code that is not known becomes: raise_exception, since it was made up by somebody who raised it. */
const raised = 'P0001'

/**
 * @param fields of an ErrorResponse, by their letter
 * @param knownNames of schemas, relations, columns and constraints; whether a name is one must not depend on a protected value
 * @returns the fields to send instead, in the order the server sends them
 */
export function scrub(fields: ReadonlyMap<string, string>, knownNames: Pick<ReadonlySet<string>, 'has'>): Map<string, string> {
  const severity = [fields.get('V'), fields.get('S')].find((text) => text !== undefined && severities.test(text)) ?? 'ERROR'
  const state = conditionNames.has(fields.get('C') ?? '') ? fields.get('C')! : raised
  const scrubbed = new Map([['S', severity], ['V', severity], ['C', state], ['M', conditionNames.get(state)!]])
  for (const [letter, text] of fields) {
    const rule = fieldRules[letter]
    if ((rule === 'number' && /^\d{1,10}$/.test(text)) || (rule === 'name' && knownNames.has(text))) scrubbed.set(letter, text)
  }
  return scrubbed
}
