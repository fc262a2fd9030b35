// The identity provider as the login flows see it: its metadata, read from the issuer the gateway names, and HTTP that trusts a CA given.
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import {
  allowInsecureRequests,
  ClientError,
  clockSkew,
  customFetch,
  discovery as discover,
  None,
  ResponseBodyError,
  type Configuration,
  type CustomFetch
} from 'openid-client'
import type { Discovery } from '../../shared/api.ts'
import { GatewayError } from '../../shared/errors.ts'
import { safeLine } from '../../shared/text.ts'
import { isWebUrl } from './browser.ts'

const maxAnswerBytes = 1024 * 1024
const timeoutSeconds = 15

/** What both ways of logging in need. */
export interface ProviderOptions {
  readonly discovery: Discovery
  readonly now: () => number
  readonly signal: AbortSignal
  /** PEM; trusted besides the certificates that come with Node, since the provider may be a public one behind a private gateway. */
  readonly ca?: string
}

/**
 * @throws GatewayError gateway_unreachable when the provider does not answer, config_invalid when it is not one or its address is not safe
 */
export async function openProvider({ discovery, now, signal, ca }: ProviderOptions): Promise<Configuration> {
  if (!isWebUrl(discovery.issuer)) {
    throw new GatewayError('config_invalid', `the gateway names an identity provider that cannot be trusted: ${safeLine(discovery.issuer)}`, {
      hint: 'its address must be https, or http on this machine; ask whoever runs the gateway'
    })
  }
  const issuer = new URL(discovery.issuer)
  const skewSeconds = Math.round((now() - Date.now()) / 1000)
  return discover(issuer, discovery.clientId, { [clockSkew]: skewSeconds }, None(), {
    [customFetch]: fetchTrusting(ca, signal),
    timeout: timeoutSeconds,
    ...(issuer.protocol === 'http:' ? { execute: [allowInsecureRequests] } : {})
  }).catch((error: unknown) => { throw providerError(error, discovery.issuer) })
}

/** Scopes to ask for; an ID token comes only with `openid`. */
export function scopeOf(discovery: Discovery): string {
  return [...new Set(['openid', ...discovery.scopes])].join(' ')
}

/** The library's errors in our words; a provider's own text is shown, its tokens never are. */
export function providerError(error: unknown, issuer: string): GatewayError {
  const name = safeLine(issuer)
  const ours = causes(error).find((cause) => cause instanceof GatewayError)
  if (ours !== undefined) return ours
  if (error instanceof ResponseBodyError) {
    const why = error.error_description ?? error.error
    return new GatewayError('unauthenticated', `${name} refused the login: ${safeLine(why)}`, { hint: 'start again with: hoop login', cause: error })
  }
  const code = causes(error).map((cause) => (cause as NodeJS.ErrnoException).code).find((code) => typeof code === 'string' && networkCodes.test(code))
  if (code !== undefined) {
    const why = code === 'ABORT_ERR' ? `no answer within ${timeoutSeconds} s` : code
    return new GatewayError('gateway_unreachable', `the identity provider ${name} cannot be reached: ${why}`, {
      hint: certificateCodes.test(code) ? 'its certificate is not trusted here: check --ca or HOOP_CA' : 'check the network, then run hoop login again',
      cause: error
    })
  }
  const detail = error instanceof ClientError ? error.message : 'an answer that cannot be understood'
  return new GatewayError('config_invalid', `the identity provider ${name} gave ${detail}`, {
    hint: 'ask whoever runs the gateway whether its issuer and clientId are right',
    cause: error
  })
}

const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/
const networkCodes = /^(E[A-Z]+|ABORT_ERR|OAUTH_TIMEOUT|ERR_TLS.*|ERR_SSL.*|.*CERT.*|.*SELF_SIGNED.*|UNABLE_TO_VERIFY.*|HPE_.*)$/

/** An error and what caused it, outermost first. */
function causes(error: unknown): Error[] {
  const found: Error[] = []
  for (let at = error; at instanceof Error && found.length < 5; at = at.cause) found.push(at)
  return found
}

/**
 * `fetch` as the library needs it. Node 20's own cannot be given a CA without another package.
 * Redirects are handed back, not followed; answers are bounded.
 */
export function fetchTrusting(ca: string | undefined, cancelled: AbortSignal): CustomFetch {
  const trust = ca === undefined ? {} : { ca: [...rootCertificates, ca] }
  return async (target, { method, headers, body, signal }) => {
    const url = new URL(target)
    const content = body === undefined || body === null ? undefined : await bytesOf(body)
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
        ...trust,
        method,
        headers: { ...headers, ...(content === undefined ? {} : { 'content-length': content.byteLength }) },
        agent: false,
        signal: AbortSignal.any(signal === undefined ? [cancelled] : [cancelled, signal])
      }, resolve)
      request.once('error', (error) => reject(cancelled.aborted ? new GatewayError('cancelled', 'the login was cancelled') : error))
      request.end(content)
    })
    const chunks: Uint8Array<ArrayBuffer>[] = []
    let size = 0
    for await (const chunk of answer as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      size += chunk.byteLength
      if (size > maxAnswerBytes) throw new GatewayError('limit_exceeded', `${url.host} answered with more than 1 MiB`)
      chunks.push(chunk)
    }
    const bodyless = answer.statusCode === 204 || answer.statusCode === 304
    return new Response(bodyless ? null : new Blob(chunks), { status: answer.statusCode!, headers: headersFrom(answer) })
  }
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body as ConstructorParameters<typeof Response>[0]).arrayBuffer())
}

function headersFrom(answer: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i < answer.rawHeaders.length; i += 2) headers.append(answer.rawHeaders[i]!, answer.rawHeaders[i + 1]!)
  return headers
}
