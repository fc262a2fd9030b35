// `hoop witness start`: vouches, on another machine than the gateway's, that a log only ever grows. C2SP tlog-witness.
import type { Command } from 'commander'
import { collected } from '../../collected.ts'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { readWhole } from '../../log-files.ts'
import { GatewayError } from '../../../shared/errors.ts'

interface Flags {
  readonly listen: string
  readonly log: readonly string[]
  readonly state: string
  readonly tlsCert?: string
  readonly tlsKey?: string
}

export function register(witness: Command, context: () => Promise<Context>): void {
  witness.command('start')
    .description('Run a witness: cosign each checkpoint of a log that continues the one before it.')
    .requiredOption('--state <dir>', 'its folder, from hoop witness init; never to be lost or set back')
    .requiredOption('--log <file>', 'a log\'s public key (log.pub); again for each log. After a key rotation, add the new line to the file',
      collected)
    .option('--listen <address>', 'HOST:PORT; port 0 takes a free one', '127.0.0.1:8453')
    .option('--tls-cert <file>', 'certificate, PEM; without one it listens on this machine only')
    .option('--tls-key <file>', 'and its private key')
    .addHelpText('after', helpTail([
      ['hoop witness start --state /var/lib/hoop-witness --log gateway.pub', 'on this machine, behind a proxy'],
      ['hoop witness start --state DIR --log a.pub --log b.pub', 'for two logs'],
      ['hoop witness start --state DIR --log a.pub --listen 0.0.0.0:8453 --tls-cert w.crt --tls-key w.key', 'for others']
    ], ['hoop witness init', 'hoop audit verify']))
    .action(async ({ listen, log, state, tlsCert, tlsKey }: Flags) => {
      const { terminal, signal, now } = await context()
      const [{ startWitness }, { loadWitness }, { namesOf, witnessedLogs }] = await Promise.all([
        import('../../witness/listener.ts'), import('../../witness/state.ts'), import('../../witness/judge.ts')
      ])
      if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new GatewayError('usage', '--tls-cert and --tls-key go together')
      const address = addressFrom(listen, tlsCert !== undefined)
      const key = await loadWitness(state)
      const logs = async () => witnessedLogs(await Promise.all(log.map(async (path) => ({ path, text: (await readWhole(path)).toString('utf8') }))))
      const known = namesOf(await logs())
      const tls = tlsCert === undefined
        ? {}
        : { tls: { cert: (await readWhole(tlsCert)).toString(), key: (await readWhole(tlsKey!)).toString() } }
      const listener = await startWitness({ address, ...tls, folder: state, key, logs, now, say: (line) => terminal.say(line) })
      terminal.say(`witness of ${known.join(', ')}`)
      terminal.out(`hoop witness ${key.name} listening on ${tlsCert === undefined ? 'http' : 'https'}://${bracketed(address.host)}:${listener.port}`)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      await listener.close()
    })
}

/** Pure. Anybody may read what passes without TLS, and answer in the witness's place. */
function addressFrom(text: string, secure: boolean): { host: string, port: number } {
  const [, bracket, plain, port] = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracket ?? plain
  if (host === undefined || Number(port) > 65_535) throw new GatewayError('usage', `"${text}" is no address to listen on`, { hint: 'HOST:PORT, such as 127.0.0.1:8453' })
  if (!secure && host !== 'localhost' && host !== '::1' && !/^127\.\d+\.\d+\.\d+$/.test(host)) {
    throw new GatewayError('usage', `without TLS a witness listens on this machine only, not on ${text}`, { hint: 'give --tls-cert and --tls-key, or put a proxy before it' })
  }
  return { host, port: Number(port) }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
