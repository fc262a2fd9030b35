// A login made now, with the browser or with a code, and kept in the place of the one before: what `hoop login` and the screen of
// `hoop connect` do. Whether one is needed is for them to say.
import type { Principal } from '../../shared/model.ts'
import { caFileFor } from '../config.ts'
import { forgetNames } from '../completion/remembered.ts'
import type { Context } from '../context.ts'
import { keptLogin } from './kept.ts'

export type LoginWay = 'browser' | 'device'

/**
 * Says who is logged in now.
 * @param signal ends it early; Ctrl-C does without
 * @throws GatewayError cancelled | unauthenticated | gateway_unreachable | config_invalid | usage where the gateway allows no codes
 */
export async function logInAnew(context: Context, url: string, way: LoginWay, signal: AbortSignal = context.signal): Promise<void> {
  const { terminal, settings, tokens, now } = context
  const kept = await keptLogin(context, url)
  const { trusted } = await import('../http.ts')
  const parts = {
    discovery: await context.discover(url),
    exchange: (request: Parameters<Context['exchange']>[0]) => context.exchange(request, url),
    say: (line: string) => terminal.say(line),
    progress: (text: () => string) => terminal.progress(text),
    signal,
    now,
    ...await trusted(caFileFor(settings, url))
  }
  const response = way === 'device'
    ? await (await import('./device.ts')).logInWithDevice(parts)
    : await (await import('./flow.ts')).logIn({ ...parts, openBrowser: (page) => context.openBrowser(page) })
  // The old login would live on at the gateway, known to nobody.
  await kept?.logOut().catch(() => undefined)
  await tokens.save(url, {
    accessToken: response.accessToken,
    ...(response.refreshToken === undefined ? {} : { refreshToken: response.refreshToken }),
    expiresAt: now() + response.expiresInSeconds * 1000,
    principal: response.principal
  })
  // They are what somebody else may have been shown.
  await forgetNames({ configDirectory: settings.configDirectory, gatewayUrl: url })
  const { groups } = response.principal
  terminal.say(`logged in to ${url} as ${nameOf(response.principal)}${groups.length === 0 ? ', in no group' : ` (${groups.join(', ')})`}`)
}

export function nameOf({ email, name, subject }: Principal): string {
  return email ?? name ?? subject
}
