// Reads the public keys that sessions' keys are wrapped for, and makes sure that each can be used before anybody relies on it.
import { recipientKeyFrom, wrapSessionKey, type Recipient } from '../../shared/audit/session-key.ts'
import { GatewayError } from '../../shared/errors.ts'

export interface RecipientSource {
  readonly name: string
  /** PEM, or its one line. */
  readonly key: () => Promise<string>
}

/** In order. @throws GatewayError config_invalid naming the field */
export async function readRecipients(sources: readonly RecipientSource[]): Promise<Recipient[]> {
  const recipients: Recipient[] = []
  for (const [i, { name, key }] of sources.entries()) {
    const text = await key()
    try {
      const publicKey = recipientKeyFrom(text)
      await wrapSessionKey(new Uint8Array(32), [{ name, publicKey }], 'trial', 'trial')
      recipients.push({ name, publicKey })
    } catch (error) {
      const why = /^is /.test((error as Error).message) ? (error as Error).message : 'is a key that nothing can be encrypted to'
      throw new GatewayError('config_invalid', `audit.sealTo.${i}.key (${name}): ${why}`, { hint: 'the auditor makes a pair with: hoop audit identity FILE' })
    }
  }
  return recipients
}
