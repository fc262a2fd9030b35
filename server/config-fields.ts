// Fields that several sections of the configuration have, and what is wrong with them in words.
import { z } from 'zod'
import { secretPattern } from './secrets.ts'

export const secret = z.string().regex(secretPattern, 'a reference: "env:NAME", "file:PATH" or "exec:COMMAND"; secrets never stand in the file itself')
export const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, ".", "_" and "-", at most 63 of them')
export const hostAndPort = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'HOST:PORT, such as 127.0.0.1:8443')
/** Whoever knows the URL of a webhook can often post there: better by reference. */
export const receiverUrl = z.union([secret, z.url({ protocol: /^https?$/ })], { error: 'an https URL, or a reference to one: "env:NAME", "file:PATH" or "exec:COMMAND"' })

/** One thing wrong with a configuration: where, and what would be right. */
export interface ConfigProblem {
  /** Dotted path, e.g. `targets.prod-db.address`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}
