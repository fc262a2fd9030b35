// The gateway as seen with the login kept for it, whatever HOOP_TOKEN says: what `hoop login` and `hoop logout` act on.
import { caFileFor } from '../config.ts'
import type { Context } from '../context.ts'
import type { Gateway } from '../gateway.ts'

/** @returns undefined where no login is kept. Its methods throw unauthenticated once that login has ended. */
export async function keptLogin({ tokens, settings, signal, now, exchange }: Context, url: string): Promise<Gateway | undefined> {
  if (await tokens.load(url) === undefined) return undefined
  const [{ createBearer }, { openGateway }] = await Promise.all([import('../bearer.ts'), import('../gateway.ts')])
  const bearer = createBearer({
    settings: { token: undefined, configDirectory: settings.configDirectory },
    gatewayUrl: url,
    tokens,
    exchange: (request) => exchange(request, url),
    now
  })
  return openGateway({ url, ...caFileFor(settings, url), signal, bearer })
}
