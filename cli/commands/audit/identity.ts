// `hoop audit identity FILE`: makes the key pair of somebody who is to read what is sealed. Needs no gateway and no login.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('identity')
    .description('Make a key pair for opening sealed statements: the private key for you, the public one for the gateway.')
    .argument('<file>', 'where the private key goes; the public one goes beside it, with .pub')
    .option('--json', 'the public key as one JSON object')
    .addHelpText('after', helpTail([
      ['hoop audit identity ~/auditor.key', 'on the auditor\'s machine; the private key never leaves it'],
      ['hoop audit open 4711 --identity ~/auditor.key', 'read what was sealed to it'],
      ['openssl genpkey -algorithm X25519 -out auditor.key', 'the same without hoop']
    ], ['hoop audit open']))
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { terminal } = await context()
      const [{ makeIdentity }, { recipientKeyId, recipientKeyLine }] =
        await Promise.all([import('../../audit/identity.ts'), import('../../../shared/audit/session-key.ts')])
      const key = await makeIdentity(file)
      const [publicKey, keyId] = [recipientKeyLine(key), recipientKeyId(key)]
      if (json === true) return terminal.json({ identity: file, publicFile: `${file}.pub`, publicKey, keyId })
      terminal.out(publicKey)
      terminal.say(`the private key is in ${file}: keep it, and a copy, where nobody else reads; without it nothing sealed to it can be opened`)
      terminal.say(`the public key above, also in ${file}.pub (id ${keyId}), goes into the gateway's configuration, under audit.sealTo`)
    })
}
