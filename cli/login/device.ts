// Login on another device (RFC 8628): for machines without a browser. Shows a code, then asks the provider until someone entered it.
import { setTimeout as delay } from 'node:timers/promises'
import { genericGrantRequest, initiateDeviceAuthorization, ResponseBodyError, type Configuration } from 'openid-client'
import type { TokenRequest, TokenResponse } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import { safeLine } from '../../shared/text.ts'
import { clockText } from '../reviews/text.ts'
import { openProvider, providerError, scopeOf, type ProviderOptions } from './provider.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
/** RFC 8628 section 3.2: where the provider names no interval. */
const defaultIntervalSeconds = 5
/** RFC 8628 section 3.5: how much longer after each `slow_down`. */
const slowDownSeconds = 5
/** However long a provider says its code lives. */
const maxWaitSeconds = 30 * 60

export interface DeviceLoginOptions extends ProviderOptions {
  readonly exchange: (request: TokenRequest) => Promise<TokenResponse>
  readonly say: (line: string) => void
  /** Shows that somebody is waited for, where that can be seen. */
  readonly progress?: (text: () => string) => { done(): void }
  /** Waits between two questions; rejects when `signal` aborts. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/**
 * @returns the gateway's own tokens
 * @throws GatewayError cancelled (Ctrl-C, or the code ran out), unauthenticated (refused), gateway_unreachable, config_invalid
 */
export async function logInWithDevice(o: DeviceLoginOptions): Promise<TokenResponse> {
  if (!o.discovery.deviceFlow) {
    throw new GatewayError('usage', 'this gateway does not allow logging in with a device code', { hint: 'use a browser on this machine: hoop login' })
  }
  const provider = await openProvider(o)
  const { issuer } = provider.serverMetadata()
  const grant = await initiateDeviceAuthorization(provider, { scope: scopeOf(o.discovery) })
    .catch((error: unknown) => { throw providerError(error, issuer) })

  // The code on a line of its own: it is short enough for every terminal not to break it.
  o.say(`open ${safeLine(grant.verification_uri)} on any device and enter the code\n${safeLine(grant.user_code)}`)
  if (grant.verification_uri_complete !== undefined) o.say(`or open ${safeLine(grant.verification_uri_complete)} and check that it shows the same code`)
  o.say('enter it only if you started this login yourself')

  const deadline = o.now() + Math.min(grant.expires_in, maxWaitSeconds) * 1000
  const waiting = o.progress?.(() => `waiting for the code to be entered, ${clockText(deadline - o.now())} left (Ctrl-C cancels)`)
  const idToken = await poll(provider, grant.device_code, { ...o, deadline, intervalSeconds: grant.interval ?? defaultIntervalSeconds })
    .finally(() => waiting?.done())
  return o.exchange({ grant: 'id_token', idToken })
}

interface Poll {
  readonly now: () => number
  readonly wait?: DeviceLoginOptions['wait']
  readonly signal: AbortSignal
  readonly deadline: number
  readonly intervalSeconds: number
}

/** @returns the ID token */
async function poll(provider: Configuration, deviceCode: string, { now, wait, signal, deadline, intervalSeconds }: Poll): Promise<string> {
  const { issuer } = provider.serverMetadata()
  const pause = wait ?? ((milliseconds: number, abort: AbortSignal) => delay(milliseconds, undefined, { signal: abort }))
  for (let interval = intervalSeconds; ;) {
    await pause(interval * 1000, signal).catch(() => { throw new GatewayError('cancelled', 'the login was cancelled', { hint: 'start again with: hoop login --device' }) })
    if (now() >= deadline) throw expired()
    try {
      const tokens = await genericGrantRequest(provider, grantType, { device_code: deviceCode })
      if (tokens.id_token === undefined) {
        throw new GatewayError('config_invalid', `the identity provider ${safeLine(issuer)} gave no ID token`, { hint: 'ask whoever runs the gateway whether its scopes are right' })
      }
      return tokens.id_token
    } catch (error) {
      const said = error instanceof ResponseBodyError ? error.error : undefined
      if (said === 'expired_token') throw expired()
      if (said === 'authorization_pending') continue
      if (said === 'slow_down') { interval += slowDownSeconds; continue }
      const failure = providerError(error, issuer)
      // A provider that is away for a moment is asked again, less often; the code's own end bounds it.
      if (failure.code !== 'gateway_unreachable') throw failure
      interval *= 2
    }
  }
}

function expired(): GatewayError {
  return new GatewayError('cancelled', 'nobody entered the code within the time allowed', { hint: 'start again with: hoop login --device' })
}
