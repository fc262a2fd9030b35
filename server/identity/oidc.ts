// The keys of an OpenID provider, from its discovery document. The one file of identity that does network I/O.
// Keys are kept for ten minutes; an unknown key id asks again, but not more often than every thirty seconds.
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { GatewayError } from '../../shared/errors.ts'

const keepMilliseconds = 10 * 60_000
const cooldownMilliseconds = 30_000
/** A provider that is down is asked again soon, but not by every login at once. */
const retryMilliseconds = 2_000
const requestMilliseconds = 5_000
const maxDocumentBytes = 256 * 1024

export interface ProviderOptions {
  readonly issuer: string
  /** PEM bundle trusted instead of the system's. */
  readonly ca?: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Fetched { readonly keys: JWTVerifyGetKey, readonly at: number }

/**
 * Looks up the key a token names. Nothing is fetched before the first token comes, so that a gateway starts while its provider is down.
 * @throws GatewayError unauthenticated when the provider cannot be asked: it says nothing of the token
 */
export function providerKeys({ issuer, ca, now }: ProviderOptions): JWTVerifyGetKey {
  let fetched: Fetched | undefined
  let fetching: Promise<Fetched> | undefined
  let failed: { readonly error: GatewayError, readonly at: number } | undefined

  const refresh = (): Promise<Fetched> => {
    if (failed !== undefined && now() - failed.at < retryMilliseconds) return Promise.reject(failed.error)
    fetching ??= fetchKeys(issuer, ca).then(
      (keys) => {
        failed = undefined
        return fetched = { keys: createLocalJWKSet(keys), at: now() }
      }
    ).catch((cause: unknown) => {
      const error = unreachable(issuer, cause)
      failed = { error, at: now() }
      throw error
    }).finally(() => { fetching = undefined })
    return fetching
  }

  return async (header, token) => {
    const current = fetched !== undefined && now() - fetched.at < keepMilliseconds ? fetched : await refresh()
    try {
      return await current.keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || now() - current.at < cooldownMilliseconds) throw error
      return (await refresh()).keys(header, token)
    }
  }
}

async function fetchKeys(issuer: string, ca: string | undefined): Promise<JSONWebKeySet> {
  const discovery = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, ca) as { issuer?: unknown, jwks_uri?: unknown }
  if (discovery.issuer !== issuer) throw new Error('its discovery document names another issuer')
  if (typeof discovery.jwks_uri !== 'string') throw new Error('its discovery document names no keys')
  // Plain HTTP between machines would let anybody on the way hand out keys; a remote issuer never sends us back to this machine.
  if (isLoopback(new URL(discovery.jwks_uri)) && !isLoopback(new URL(issuer))) throw new Error('its keys are said to be on this machine')
  return await fetchJson(discovery.jwks_uri, ca) as JSONWebKeySet
}

/** A JSON object, by HTTPS (or by HTTP from this machine), from exactly that URL: no redirects. */
function fetchJson(text: string, ca: string | undefined): Promise<object> {
  const url = new URL(text)
  const plain = url.protocol === 'http:'
  if (plain ? !isLoopback(url) : url.protocol !== 'https:') return Promise.reject(new Error(`${url.origin} is not an https URL`))
  return new Promise((resolve, reject) => {
    const options = { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(requestMilliseconds), agent: false as const }
    const request = plain ? httpRequest(url, options) : httpsRequest(url, { ...options, ...(ca === undefined ? {} : { ca }) })
    request.on('error', reject)
    request.on('response', (response) => {
      if (response.statusCode !== 200) {
        response.destroy()
        reject(new Error(`${url.href} answered ${response.statusCode ?? 'nothing'}`))
        return
      }
      const chunks: Buffer[] = []
      let size = 0
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > maxDocumentBytes) response.destroy(new Error(`${url.href} answered with more than 256 KiB`))
        else chunks.push(chunk)
      })
      response.on('end', () => {
        try {
          const document = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
          if (typeof document !== 'object' || document === null) throw new TypeError()
          resolve(document)
        } catch {
          reject(new Error(`${url.href} answered with something that is not JSON`))
        }
      })
    })
    request.end()
  })
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

function unreachable(issuer: string, cause: unknown): GatewayError {
  const { message, code, name } = cause as NodeJS.ErrnoException
  const timedOut = name === 'AbortError' || name === 'TimeoutError'
  // The system's errors are best known by their codes, Node's and jose's by their words.
  const why = timedOut ? 'it took longer than 5 s' : code === undefined || code.startsWith('ERR_') ? message : code
  return new GatewayError('unauthenticated', `the gateway cannot get the keys of ${issuer}: ${why}`, {
    hint: 'try again in a moment; if it stays, ask whoever runs the gateway to check the identity provider',
    cause
  })
}
