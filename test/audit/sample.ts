// Entries as the gateway writes them, and a log's folder seen by the verifier; for the tests and the benchmark of the audit log.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { frameAttachment, type Attachment } from '../../shared/audit/frame.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'

const sha256 = '3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed'

export function intent(text = 'select name, birth_date from patients where id = ?', connection = 1): EntryFacts {
  return {
    kind: 'statement.intent',
    session: '01j8zq4v6ma8k0p2r5t7w9y1b3',
    connection,
    actor: { issuer: 'https://id.example.com', subject: 'u-1042', email: 'ada@example.com', groups: ['engineering', 'on-call'], kind: 'human' },
    target: { name: 'prod-db', protocol: 'postgres', address: 'db.internal:5432', database: 'clinic' },
    statement: {
      step: 'execute',
      verb: 'SELECT',
      redacted: text,
      sha256,
      length: text.length,
      parameters: 1,
      effects: ['read'],
      relations: ['public.patients'],
      flags: []
    },
    decision: { action: 'allow', rule: 'engineers read', policy: sha256 }
  }
}

export function outcome(of: number, connection = 1): EntryFacts {
  return { kind: 'outcome', session: '01j8zq4v6ma8k0p2r5t7w9y1b3', connection, intent: of, outcome: { status: 'ok', rows: 1, bytes: 84, durationMilliseconds: 1.204 } }
}

/** A small one. */
export function beat(sessions = 0): EntryFacts {
  return { kind: 'heartbeat', sessions }
}

/** Something to attach to an entry: to the log, what it holds is bytes. */
export function attachment(bytes: Uint8Array): Attachment {
  return { frames: frameAttachment(bytes), facts: { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } }
}

export function filesIn(directory: string): LogFiles {
  const absent = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  }
  return {
    read: (path) => readFile(join(directory, path)).catch(absent),
    list: async (folder) => await readdir(join(directory, folder)).catch(absent) ?? [],
    stream: (path) => createReadStream(join(directory, path), { highWaterMark: 256 * 1024 })
  }
}
