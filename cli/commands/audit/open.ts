// `hoop audit open N --identity FILE`: the exact text and parameters of one statement, for whoever holds a key they were sealed to.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { wholeNumber } from '../../whole-number.ts'
import type { SealedRecord } from '../../audit/open.ts'
import { sessionKeyPath } from '../../../shared/audit/session-key.ts'
import { GatewayError } from '../../../shared/errors.ts'

interface Flags {
  readonly identity: string
  readonly dir?: string
  readonly json?: boolean
  readonly raw?: boolean
}

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('open')
    .description('Show the exact text and parameters of one statement, opened with your private key on this machine.')
    .argument('<entry>', 'its number in the audit log, as hoop sessions show lists it under AT', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .requiredOption('--identity <file>', 'your private key, one that it was sealed to')
    .option('--dir <dir>', 'the log\'s folder, or a copy of it; without, the gateway is asked, which writes down that you did')
    .option('--raw', 'the text alone, byte for byte')
    .option('--json', 'one JSON object: the entry, texts, and parameters in base64')
    .addHelpText('after', helpTail([
      ['hoop audit open 4711 --identity ~/auditor.key', 'ask the gateway; auditors and admins may'],
      ['hoop audit open 4711 --identity ~/auditor.key --dir ./audit', 'from a copy of the log, without a gateway'],
      ['hoop audit open 4711 --identity ~/auditor.key --raw | sha256sum', 'the hash that stands in the log']
    ], ['hoop audit identity', 'hoop sessions show', 'hoop audit redact']))
    .action(async (index: number, { identity: file, dir, json, raw }: Flags) => {
      if (json === true && raw === true) throw new GatewayError('usage', '--json and --raw exclude each other')
      const { terminal, gateway } = await context()
      const [{ readIdentity }, { openEntry }, { openedJson, openedLines, textFrom }] =
        await Promise.all([import('../../audit/identity.ts'), import('../../audit/open.ts'), import('../../audit/shown.ts')])
      const identity = await readIdentity(file)
      const opened = await openEntry(index, dir === undefined ? await fromGateway(await gateway()) : await fromFolder(dir), identity)
      if (json === true) return terminal.json(openedJson(opened))
      if (raw !== true) return openedLines(opened).forEach((line) => terminal.out(line))
      if (opened.statements.length !== 1) {
        throw new GatewayError('bad_request', `${opened.statements.length} statements are sealed with entry ${index}`, { hint: '--json shows them all' })
      }
      terminal.exact(textFrom(opened.statements[0]!.text))
    })
}

async function fromGateway(client: Awaited<ReturnType<Context['gateway']>>): Promise<(index: number) => Promise<SealedRecord>> {
  return async (index) => {
    const { entry, attachment, key, redaction } = await client.sealedEntry(index)
    return {
      entry: Buffer.from(entry, 'base64'),
      attachment: Buffer.from(attachment, 'base64'),
      ...(key === undefined ? {} : { key: Buffer.from(key, 'base64') }),
      ...(redaction === undefined ? {} : { redaction })
    }
  }
}

async function fromFolder(directory: string): Promise<(index: number) => Promise<SealedRecord>> {
  const [{ openLogFiles }, { recordIn, redactionIn }] = await Promise.all([import('../../log-files.ts'), import('../../audit/records.ts')])
  const files = await openLogFiles(directory)
  return async (index) => {
    const record = await recordIn(files, index)
    const session = record.attachment.length === 0 ? undefined : sessionOf(record.entry)
    if (session === undefined) return record
    const key = await files.read(sessionKeyPath(session))
    if (key !== undefined) return { ...record, key }
    const redaction = await redactionIn(files, session, index)
    return { ...record, ...(redaction === undefined ? {} : { redaction }) }
  }
}

/** Only what is an id becomes part of a path. */
function sessionOf(entry: Uint8Array): string | undefined {
  return /"session":"([a-z0-9]{26})"/.exec(Buffer.from(entry).toString())?.[1]
}
