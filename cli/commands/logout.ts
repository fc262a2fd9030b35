// `hoop logout`: ends the login at the gateway, sessions included, then forgets it here.
import type { Command } from 'commander'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import { forgetNames } from '../completion/remembered.ts'
import { gatewayUrlFrom } from '../config.ts'
import type { Context } from '../context.ts'
import { helpTail } from '../help.ts'

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('logout')
    .summary('end the login')
    .description('End the login at the gateway, and forget it on this machine.')
    .argument('[gateway]', 'its address; the remembered one unless given')
    .addHelpText('after', helpTail([
      ['hoop logout', 'end the login at the remembered gateway'],
      ['hoop logout https://hoop.example.com', 'end it at another one'],
      ['hoop --profile staging logout', 'end the one of another profile']
    ], ['hoop login', 'hoop whoami', 'hoop tokens revoke']))
    .action(async (gateway: string | undefined) => logOutOf(await context(), gateway))
}

async function logOutOf(context: Context, gateway: string | undefined): Promise<void> {
  const { terminal, tokens } = context
  const url = gateway === undefined ? context.gatewayUrl() : gatewayUrlFrom(gateway)
  const { keptLogin } = await import('../login/kept.ts')
  const kept = await keptLogin(context, url).catch((error: unknown) => {
    // A token file that cannot be trusted is removed below; nothing in it may be shown to a gateway.
    terminal.say(`warning: ${asGatewayError(error).message}`)
    return undefined
  })
  const failure = kept === undefined ? undefined : await kept.logOut().then(() => undefined, asGatewayError)
  await tokens.remove(url)
  await forgetNames({ configDirectory: context.settings.configDirectory, gatewayUrl: url })
  // A login that had ended anyway is what was asked for.
  if (failure !== undefined && failure.code !== 'unauthenticated') {
    throw new GatewayError(failure.code, `the login is forgotten here, but could not be ended at the gateway: ${failure.message}`, {
      hint: 'it ends there by itself; an admin can end it now: hoop users disable',
      cause: failure
    })
  }
  terminal.say(kept === undefined ? `not logged in to ${url}` : `logged out of ${url}`)
  if (context.settings.token !== undefined) terminal.say('HOOP_TOKEN is set and still in use; to end a service token: hoop tokens revoke')
}
