// What auditors ask of the audit log through the gateway, how far its export is, and what admins may take away from it. Who opened
// something is in the log, durable, before they are answered.
import { z } from 'zod'
import type { ExportStatus, Redact, Redacted, SealedEntry } from '../../../shared/api.ts'
import type { AuditEntry } from '../../../shared/audit/entry.ts'
import { GatewayError } from '../../../shared/errors.ts'
import { actorOf } from '../../identity/principal.ts'
import { personsText } from '../input.ts'
import type { ApiParts, Call } from '../route.ts'

/** A larger attachment is opened from the log's files: an answer is held in memory whole, and more than once. */
const maxAttachmentBytes = 16 * 1024 * 1024

export const redactSession: z.ZodType<Redact> = z.strictObject({
  reason: personsText.max(1_000).refine((text) => text.trim() !== '', 'say why')
})

export function auditHandlers({ audit, exports, sessionKeys, redactions, sessions }: ApiParts) {
  return {
    exports: (): ExportStatus[] => exports.status(),

    async sealedEntry({ who, id }: Call): Promise<SealedEntry> {
      const index = Number(id)
      const { entry, attachment } = await audit.record(index)
      const facts = JSON.parse(Buffer.from(entry).toString()) as AuditEntry
      const session = 'session' in facts ? facts.session : undefined
      await audit.append([{
        kind: 'audit.read',
        actor: actorOf(who.principal),
        action: 'open',
        entry: index,
        ...(session === undefined ? {} : { detail: `session ${session}` })
      }])
      if (attachment.length > maxAttachmentBytes) {
        const what = `${attachment.length} bytes are sealed with it, and at most ${maxAttachmentBytes} are sent`
        throw new GatewayError('limit_exceeded', what, {
          hint: 'open it from the log\'s folder, or a copy of it: hoop audit open --dir'
        })
      }
      const about = attachment.length === 0 ? undefined : session
      const key = about === undefined ? undefined : await sessionKeys.read(about)
      const redaction = about === undefined || key !== undefined ? undefined : await redactionOf(about, index)
      return {
        entry: base64(entry),
        attachment: base64(attachment),
        ...(key === undefined ? {} : { key: base64(key.bytes) }),
        ...(redaction === undefined ? {} : { redaction })
      }
    },

    async redact({ who, id, body }: Call<Redact>): Promise<Redacted> {
      if (sessions.owner(id) === undefined) throw new GatewayError('not_found', 'there is no such session', { hint: 'hoop sessions lists them' })
      if (sessions.isOpen(id)) {
        throw new GatewayError('conflict', 'the session is open, and goes on sealing', { hint: 'wait for its end, or end it, then redact it' })
      }
      return { entry: await redactions.redact(id, actorOf(who.principal), body.reason.trim()) }
    }
  }

  /** Rarely asked for; so it is looked for, and not remembered. */
  async function redactionOf(session: string, after: number): Promise<AuditEntry | undefined> {
    for await (const entry of audit.read({ from: after })) if (entry.kind === 'redaction' && entry.session === session) return entry
    return undefined
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
