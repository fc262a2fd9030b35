// The command line's composition root: what a command is given. Parts are made when first asked for, so that help stays fast.
import type { Discovery, Health, TokenRequest, TokenResponse } from '../shared/api.ts'
import { GatewayError } from '../shared/errors.ts'
import { caFileFor, type CliSettings } from './config.ts'
import type { Gateway } from './gateway.ts'
import type { TokenStore } from './login/tokens.ts'
import type { Terminal } from './terminal.ts'

export interface Context {
  readonly terminal: Terminal
  readonly settings: CliSettings
  /** Ctrl-C, SIGTERM, SIGHUP; its reason is the GatewayError cancelled to fail with. */
  readonly signal: AbortSignal
  readonly tokens: TokenStore
  /** The gateway's address. @throws GatewayError usage when none was given, with the hint how */
  gatewayUrl(): string
  /** What may be asked without a login; of another gateway than the settings', where `gatewayUrl` says so. */
  discover(gatewayUrl?: string): Promise<Discovery>
  /** Whether it takes statements; likewise without a login. */
  health(): Promise<Health>
  exchange(request: TokenRequest, gatewayUrl?: string): Promise<TokenResponse>
  /** The authenticated client; renews its token by itself. @throws GatewayError unauthenticated with hint "hoop login" */
  gateway(): Promise<Gateway>
  /** False where there is no browser, or no person in front of it. */
  openBrowser(url: string): Promise<boolean>
  /** Milliseconds since 1970. */
  now(): number
  /** The exit code if nothing fails: 0 unless said otherwise. */
  exitWith(code: number): void
  /** As the first Ctrl-C: a screen that reads keys itself gets no signal for it. */
  interrupt(): void
  /** Until the returned function is called, signals go to `listener` and do not abort `signal`: a wrapped command is in charge. */
  divertSignals(listener: (signal: NodeJS.Signals) => void): () => void
}

export interface ContextParts {
  readonly terminal: Terminal
  readonly settings: CliSettings
  readonly signal: AbortSignal
  readonly now?: () => number
  readonly exitWith?: (code: number) => void
  readonly divertSignals?: Context['divertSignals']
  readonly interrupt?: () => void
}

export async function createContext({ terminal, settings, signal, now = Date.now, ...parts }: ContextParts): Promise<Context> {
  const { openTokenStore } = await import('./login/tokens.ts')
  const tokens = await openTokenStore({
    directory: settings.configDirectory,
    keychain: settings.keychain,
    say: (line) => terminal.say(line)
  })
  const api = () => import('./gateway.ts')
  const wayTo = (url: string) => ({ url, ...caFileFor(settings, url), signal })
  let client: Promise<Gateway> | undefined

  function gatewayUrl(): string {
    if (settings.gatewayUrl !== undefined) return settings.gatewayUrl
    throw settings.gatewayMissing ?? new GatewayError('usage', 'no gateway is named')
  }

  return {
    terminal,
    settings,
    signal,
    tokens,
    gatewayUrl,
    async discover(url = gatewayUrl()) { return (await api()).discover(wayTo(url)) },
    async health() { return (await api()).health(wayTo(gatewayUrl())) },
    async exchange(request, url = gatewayUrl()) { return (await api()).exchange(wayTo(url), request) },
    gateway() {
      client ??= (async () => {
        const [{ openGateway, exchange }, { createBearer }] = await Promise.all([api(), import('./bearer.ts')])
        const at = wayTo(gatewayUrl())
        const bearer = createBearer({ settings, gatewayUrl: at.url, tokens, exchange: (request) => exchange(at, request), now })
        // Asked for now, so that a missing login is told before anything else is tried.
        await bearer.current()
        return openGateway({ ...at, bearer })
      })()
      client.catch(() => { client = undefined })
      return client
    },
    async openBrowser(url) {
      if (!terminal.interactive) return false
      return (await import('./login/browser.ts')).openBrowser(url)
    },
    now,
    exitWith: parts.exitWith ?? (() => undefined),
    interrupt: parts.interrupt ?? (() => undefined),
    divertSignals: parts.divertSignals ?? (() => () => undefined)
  }
}
