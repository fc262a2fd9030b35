// `hoop login [GATEWAY]`: logs in at the gateway's identity provider, keeps the gateway's tokens, remembers the gateway.
import type { Command } from 'commander'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import { gatewayUrlFrom, rememberGateway, type CliSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'
import { usualProfile } from '../profiles.ts'

interface Options { readonly device?: boolean, readonly force?: boolean }

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('login')
    .summary('log in to a gateway')
    .description('Log in to a gateway: in the browser, or with --device by a code entered on any other device.')
    .argument('[gateway]', 'its address, such as https://hoop.example.com; remembered for later')
    .option('--device', 'for machines without a browser: show a code to enter elsewhere')
    .option('--force', 'log in anew even if a login is still good')
    .addHelpText('after', helpTail([
      ['hoop login https://hoop.example.com', 'log in with the browser and remember the gateway'],
      ['hoop login --device', 'from a server, with a phone or another computer; --force: as somebody else'],
      ['hoop --profile staging login https://staging.example.com', 'remember a second one, by that name']
    ], ['hoop whoami', 'hoop logout', 'hoop profiles']))
    .action(async (gateway: string | undefined, options: Options) => logInTo(await context(), gateway, options))
}

async function logInTo(context: Context, gateway: string | undefined, { device = false, force = false }: Options): Promise<void> {
  const { terminal, settings } = context
  const url = gateway === undefined ? context.gatewayUrl() : gatewayUrlFrom(gateway)
  if (settings.token !== undefined) {
    throw new GatewayError('usage', 'HOOP_TOKEN is set, so a login would not be used', { hint: 'unset HOOP_TOKEN and HOOP_TOKEN_FILE first' })
  }
  const [{ keptLogin }, { logInAnew, nameOf }] = await Promise.all([import('../login/kept.ts'), import('../login/anew.ts')])
  const kept = await keptLogin(context, url)
  const before = kept === undefined || force ? undefined : await stillGood(kept.whoami())
  if (before !== undefined) {
    const lines = await remember(settings, url)
    terminal.say(`already logged in to ${url} as ${nameOf(before.principal)}; to log in anew: hoop login --force`)
    for (const line of lines) terminal.say(line)
    return
  }
  if (!device && !terminal.interactive) {
    throw new GatewayError('usage', 'logging in with a browser needs a terminal', {
      hint: 'use hoop login --device, or set HOOP_TOKEN where nobody can log in'
    })
  }

  await logInAnew(context, url, device ? 'device' : 'browser')
  for (const line of await remember(settings, url)) terminal.say(line)
}

/** @returns what is worth saying about the profile that now stands for this gateway */
async function remember(settings: CliSettings, url: string): Promise<string[]> {
  const { profile, configDirectory } = settings
  const before = await rememberGateway(settings, url)
  if (before !== undefined) return [`profile "${profile}" was ${before} before; to have both: hoop --profile NAME login ${before}`]
  if (profile === await usualProfile(configDirectory)) return []
  return [`remembered as profile "${profile}": hoop --profile ${profile} ..., or for good: hoop profiles use ${profile}`]
}

/** A login that has ended is none; any other failure is one of the gateway and told. */
async function stillGood<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (asGatewayError(error).code === 'unauthenticated') return undefined
    throw error
  })
}
