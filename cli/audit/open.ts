// Opens what is sealed with one entry: checks that it is what the entry names, unwraps the session's key, decrypts, and follows a text
// that the session had sealed before. The private key is used here and goes nowhere.
import { createHash, type KeyObject } from 'node:crypto'
import type { AuditEntry, SealedFacts } from '../../shared/audit/entry.ts'
import { openSealed, sealedKeys, type OpenedStatement } from '../../shared/audit/sealed.ts'
import { parseSessionKeyFile, unwrapSessionKey } from '../../shared/audit/session-key.ts'
import { GatewayError } from '../../shared/errors.ts'

/** What is known of one entry, from a folder or from the gateway. */
export interface SealedRecord {
  readonly entry: Uint8Array
  readonly attachment: Uint8Array
  /** The file with its session's key; absent where it is gone. */
  readonly key?: Uint8Array
  readonly redaction?: AuditEntry
}

export interface Opened {
  readonly entry: AuditEntry
  readonly statements: readonly (OpenedStatement & { readonly text: Uint8Array })[]
}

/**
 * @param record asked once for the entry, and once more for each whose text it refers to
 * @throws GatewayError that says what is wrong and what to do
 */
export async function openEntry(index: number, record: (index: number) => Promise<SealedRecord>, identity: KeyObject): Promise<Opened> {
  const found = await record(index)
  const { entry, statements } = await opened(index, found, identity)
  const whole = []
  for (const statement of statements) whole.push({ ...statement, text: statement.text ?? await textOf(statement, index, record, identity) })
  compareHashes(index, entry, whole)
  return { entry, statements: whole }
}

async function opened(index: number, { entry: bytes, attachment, key, redaction }: SealedRecord, identity: KeyObject) {
  const entry = entryFrom(bytes, index)
  const sealed = 'sealed' in entry ? entry.sealed : undefined
  if (sealed === undefined || !('session' in entry) || entry.session === undefined) throw nothingSealed(entry)
  refuseDamaged(index, attachment, sealed)
  const { session, origin } = entry
  if (key === undefined) throw keyGone(index, session, redaction)
  const file = parseSessionKeyFile(key)
  if (file.session !== session || file.origin !== origin) {
    throw new GatewayError('bad_request', `the key file of session ${session} is that of another session or log`, { hint: 'restore the file from a copy of the log' })
  }
  const sessionKey = await unwrapSessionKey(file, identity)
  try {
    return { entry, statements: openSealed(attachment, sealedKeys(sessionKey, origin, session)) }
  } finally {
    sessionKey.fill(0)
  }
}

async function textOf(
  { sha256, textIn }: OpenedStatement,
  index: number,
  record: (index: number) => Promise<SealedRecord>,
  identity: KeyObject
): Promise<Uint8Array> {
  if (textIn === undefined || textIn >= index) throw new GatewayError('bad_request', `what is sealed with entry ${index} names no text`)
  const { statements } = await opened(textIn, await record(textIn), identity)
  const text = statements.find((statement) => statement.sha256 === sha256)?.text
  if (text === undefined) throw new GatewayError('bad_request', `entry ${index} says that its text is sealed with entry ${textIn}, where it is not`)
  return text
}

/** What the log shows of it in clear has to be of the same text. */
function compareHashes(index: number, entry: AuditEntry, statements: readonly OpenedStatement[]): void {
  const listed = 'statement' in entry ? [entry.statement] : 'statements' in entry ? entry.statements : []
  for (const [i, { sha256 }] of listed.entries()) {
    if (statements[i]?.sha256 !== sha256) throw new GatewayError('bad_request', `what is sealed with entry ${index} is of another statement than the entry`)
  }
}

function entryFrom(bytes: Uint8Array, index: number): AuditEntry {
  const wrong = () => new GatewayError('bad_request', `entry ${index} is damaged: it is not the entry that belongs there`, { hint: 'hoop audit verify says more' })
  let entry: AuditEntry
  try {
    entry = JSON.parse(Buffer.from(bytes).toString()) as AuditEntry
  } catch {
    throw wrong()
  }
  if (entry.index !== index || typeof entry.kind !== 'string' || typeof entry.origin !== 'string') throw wrong()
  return entry
}

function nothingSealed(entry: AuditEntry): GatewayError {
  const { index, kind } = entry
  if (kind !== 'statement.intent' && kind !== 'decision' && kind !== 'review.held') {
    return new GatewayError('bad_request', `entry ${index} is of the kind "${kind}": nothing is sealed with such entries`, {
      hint: 'name the number of a statement, as hoop sessions show lists them under AT'
    })
  }
  return new GatewayError('bad_request', `nothing is sealed with entry ${index}: its gateway kept no exact texts (audit.sealTo), or this one went on from an entry before it`)
}

function refuseDamaged(index: number, attachment: Uint8Array, { bytes, sha256 }: SealedFacts): void {
  if (attachment.length === bytes && createHash('sha256').update(attachment).digest('hex') === sha256) return
  const how = attachment.length === bytes ? 'its hash is another than the entry names' : `it has ${attachment.length} bytes, the entry names ${bytes}`
  throw new GatewayError('bad_request', `what is sealed with entry ${index} is damaged: ${how}`, { hint: 'hoop audit verify says more; restore the log from a copy' })
}

function keyGone(index: number, session: string, redaction: AuditEntry | undefined): GatewayError {
  if (redaction?.kind !== 'redaction') {
    return new GatewayError('not_found', `the key file of session ${session} is missing, and no redaction is in the log: entry ${index} cannot be opened`, {
      hint: `restore keys/${session.slice(0, 4)}/${session} from a copy of the log`
    })
  }
  const { actor, reason, time } = redaction
  return new GatewayError('denied', `session ${session} was redacted by ${actor.email ?? actor.subject} at ${time} (entry ${redaction.index}: ${reason}); what it sealed is gone for good`)
}
