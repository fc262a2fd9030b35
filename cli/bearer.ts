// Which token is shown to the gateway, and how it is renewed when it ends. Stores nothing itself; never prints a token.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TokenRequest, TokenResponse } from '../shared/api.ts'
import { GatewayError } from '../shared/errors.ts'
import { readTokenFile, type CliSettings } from './config.ts'
import { withLock } from './lock.ts'
import type { StoredTokens, TokenStore } from './login/tokens.ts'

export interface Bearer {
  /** A token that should be good now. @throws GatewayError unauthenticated with hint "hoop login" */
  current(): Promise<string>
  /** A token other than `rejected`, which the gateway has refused. @throws GatewayError unauthenticated when there is none */
  renew(rejected: string): Promise<string>
}

/** Renewed this long before its end: clocks differ, and a request takes time. */
const earlyMilliseconds = 30_000

export interface BearerOptions {
  readonly settings: Pick<CliSettings, 'token' | 'tokenFile' | 'configDirectory'>
  readonly gatewayUrl: string
  readonly tokens: TokenStore
  readonly exchange: (request: TokenRequest) => Promise<TokenResponse>
  readonly now: () => number
}

export function createBearer(options: BearerOptions): Bearer {
  const { token } = options.settings
  if (token === undefined) return storedBearer(options)
  if (token.startsWith('hoop_st_')) return serviceTokenBearer(options, token)
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return workloadBearer(options, token)
  throw new GatewayError('unauthenticated', 'HOOP_TOKEN holds neither a service token nor an OIDC token', {
    hint: 'a service token begins with hoop_st_ and comes from: hoop tokens create NAME --target TARGET'
  })
}

/** A service token is the bearer itself; nothing renews it, but a file may hold a new one. */
function serviceTokenBearer({ settings }: BearerOptions, token: string): Bearer {
  return {
    current: async () => token,
    async renew(rejected) {
      const next = settings.tokenFile === undefined ? rejected : await readTokenFile(settings.tokenFile)
      if (next === rejected) throw refusedToken()
      return token = next
    }
  }
}

/** A workload's OIDC token is exchanged for one of the gateway's own, again whenever that one ends. */
function workloadBearer({ settings, exchange, now }: BearerOptions, token: string): Bearer {
  let held: { token: string, expiresAt: number } | undefined
  let running: Promise<string> | undefined
  async function fetch(): Promise<string> {
    const idToken = settings.tokenFile === undefined ? token : await readTokenFile(settings.tokenFile)
    const { accessToken, expiresInSeconds } = await exchange({ grant: 'workload', idToken })
    held = { token: accessToken, expiresAt: now() + expiresInSeconds * 1000 }
    return accessToken
  }
  const once = () => running ??= fetch().finally(() => { running = undefined })
  return {
    current: async () => held !== undefined && held.expiresAt - earlyMilliseconds > now() ? held.token : once(),
    renew: async (rejected) => held !== undefined && held.token !== rejected ? held.token : once()
  }
}

/**
 * A person's login. The refresh token can be used once, and a second use ends the login: processes that share the store take turns,
 * and each looks first whether another has already renewed.
 */
function storedBearer({ settings, gatewayUrl, tokens, exchange, now }: BearerOptions): Bearer {
  const lock = join(settings.configDirectory, `refresh-${createHash('sha256').update(gatewayUrl).digest('hex').slice(0, 16)}.lock`)
  let held: StoredTokens | undefined
  let running: Promise<string> | undefined
  /** A refresh token the gateway has refused: shown again, it would look like a stolen one each time. */
  let refused: string | undefined

  const good = (found: StoredTokens | undefined, rejected?: string) =>
    found !== undefined && found.accessToken !== rejected && found.expiresAt - earlyMilliseconds > now()

  async function load(): Promise<StoredTokens> {
    const found = await tokens.load(gatewayUrl)
    if (found === undefined) throw new GatewayError('unauthenticated', `you are not logged in to ${gatewayUrl}`, { hint: `hoop login ${gatewayUrl}` })
    return held = found
  }

  async function fetch(rejected?: string): Promise<string> {
    const found = await load()
    if (good(found, rejected)) return found.accessToken
    return withLock(lock, async () => {
      const latest = await load()
      if (good(latest, rejected)) return latest.accessToken
      const { refreshToken } = latest
      if (refreshToken === undefined || refreshToken === refused) throw ended(gatewayUrl)
      const answer = await exchange({ grant: 'refresh', refreshToken }).catch((error: unknown) => {
        if (!(error instanceof GatewayError) || error.code !== 'unauthenticated') throw error
        refused = refreshToken
        throw ended(gatewayUrl)
      })
      held = {
        accessToken: answer.accessToken,
        ...(answer.refreshToken === undefined ? {} : { refreshToken: answer.refreshToken }),
        expiresAt: now() + answer.expiresInSeconds * 1000,
        principal: answer.principal
      }
      await tokens.save(gatewayUrl, held)
      return held.accessToken
    })
  }

  const once = (rejected?: string) => running ??= fetch(rejected).finally(() => { running = undefined })
  return {
    current: async () => good(held) ? held!.accessToken : once(),
    renew: async (rejected) => good(held, rejected) ? held!.accessToken : once(rejected)
  }
}

function ended(gatewayUrl: string): GatewayError {
  return new GatewayError('unauthenticated', 'your login has ended', { hint: `hoop login ${gatewayUrl}` })
}

function refusedToken(): GatewayError {
  return new GatewayError('unauthenticated', 'the gateway does not accept HOOP_TOKEN', {
    hint: 'it may have expired or been revoked, or its owner disabled: hoop tokens list'
  })
}
