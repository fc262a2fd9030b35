// One JSON request to the gateway, and what its failures mean to the person who typed the command. Knows no paths and no tokens.
import { readFile } from 'node:fs/promises'
import { request as requestPlain, type IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import type { ApiProblem } from '../shared/api.ts'
import { GatewayError, type ErrorCode } from '../shared/errors.ts'
import { didYouMean } from '../shared/nearest.ts'

/** The way to a gateway. */
export interface Way {
  /** Without a slash at the end. */
  readonly url: string
  /** PEM bundle to trust instead of the system's. */
  readonly caFile?: string
  readonly signal: AbortSignal
}

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly bearer?: string
  /** A status besides 2xx whose content is an answer and no problem. */
  readonly also?: number
}

const answerWithinMilliseconds = 30_000
/** Beyond any answer of the API; a page somebody else serves must not fill the memory. */
const maxAnswerBytes = 64 * 1024 * 1024

/** @throws GatewayError the gateway's own problem, or gateway_unreachable saying what was tried and what to check */
export async function requestJson<T>(way: Way, request: JsonRequest): Promise<T> {
  return answered(way, request, async (response) => answerFrom<T>(way, response, await textOf(response), request.also))
}

/**
 * An answer of NDJSON, taken as it comes. Breaks off with the answer, however it ends.
 * @throws GatewayError as requestJson; within the iteration gateway_unreachable where the answer is cut short
 */
export async function requestLines<T>(way: Way, request: JsonRequest): Promise<AsyncIterable<T>> {
  const response = await answered(way, request, async (arrived) => {
    if (arrived.statusCode === 200 && arrived.headers['content-type']?.startsWith('application/x-ndjson') === true) return arrived
    return answerFrom<never>(way, arrived, await textOf(arrived))
  })
  return linesOf<T>(way, response)
}

async function* linesOf<T>(way: Way, response: IncomingMessage): AsyncGenerator<T> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const stop = () => response.destroy()
  way.signal.addEventListener('abort', stop, { once: true })
  let rest = ''
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!
      if (rest.length > maxAnswerBytes) throw new GatewayError('limit_exceeded', `a line of the gateway's answer is larger than ${maxAnswerBytes >> 20} MiB`)
      for (const line of lines) yield JSON.parse(line) as T
    }
    if (rest !== '') throw new Error('the answer ends within a line')
  } catch (error) {
    if (way.signal.aborted) throw way.signal.reason
    if (error instanceof GatewayError) throw error
    throw new GatewayError('gateway_unreachable', 'the gateway broke off its answer', { hint: 'try again', cause: error })
  } finally {
    way.signal.removeEventListener('abort', stop)
    response.destroy()
  }
}

async function answered<T>(
  way: Way,
  { method, path, query = {}, body, bearer }: JsonRequest,
  take: (response: IncomingMessage) => Promise<T>
): Promise<T> {
  const url = new URL(way.url + path)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const headers = {
    accept: 'application/json',
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length })
  }
  const ca = await trusted(way)
  way.signal.throwIfAborted()
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), answerWithinMilliseconds)
  const signal = AbortSignal.any([way.signal, late.signal])
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'https:' ? requestTls : requestPlain
      send(url, { method, headers, signal, ...ca }, resolve).once('error', reject).end(payload)
    })
    return await take(response)
  } catch (error) {
    if (way.signal.aborted) throw way.signal.reason
    if (error instanceof GatewayError) throw error
    throw unreachable(way, late.signal.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error)
  } finally {
    clearTimeout(timer)
  }
}

/** Options for TLS: whom to trust. @throws GatewayError config_invalid when the file cannot be read */
export async function trusted({ caFile }: Pick<Way, 'caFile'>): Promise<{ ca?: string }> {
  if (caFile === undefined) return {}
  const pem = await readFile(caFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError('config_invalid', `the certificate file ${caFile} cannot be read (${error.code ?? 'unknown error'})`, { hint: 'check --ca or HOOP_CA' })
  })
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new GatewayError('config_invalid', `${caFile} holds no certificate in PEM form`, { hint: 'check --ca or HOOP_CA' })
  }
  return { ca: pem }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxAnswerBytes) throw new GatewayError('limit_exceeded', `the gateway's answer is larger than ${maxAnswerBytes >> 20} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Pure. What an answer holds, or the problem it tells. */
export function answerFrom<T>(
  way: Pick<Way, 'url'>,
  response: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  text: string,
  also?: number
): T {
  const status = response.statusCode ?? 0
  const type = response.headers['content-type'] ?? ''
  const content = /^application\/(problem\+)?json\b/.test(type) ? parsed(text) : undefined
  if ((status >= 200 && status < 300) || status === also) {
    if (text === '') return undefined as T
    if (content !== undefined) return content as T
  }
  if (isProblem(content)) throw problemFrom(content)
  throw notAGateway(way.url, `HTTP ${status}${type === '' ? '' : `, ${type.split(';')[0]!}`}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function isProblem(content: unknown): content is ApiProblem {
  const { code, detail } = (content ?? {}) as Partial<ApiProblem>
  return typeof code === 'string' && typeof detail === 'string'
}

/** What the other side itself said is wrong. */
export class Answered extends GatewayError {}

function problemFrom({ code, detail, hint, nearest }: ApiProblem): Answered {
  const names = Array.isArray(nearest) ? nearest.filter((name) => typeof name === 'string') : []
  const told = hint ?? (names.length > 0 ? didYouMean(names) : undefined)
  // A newer gateway may know codes this command line does not.
  return new Answered(isErrorCode(code) ? code : 'internal', detail, typeof told === 'string' ? { hint: told } : {})
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(knownCodes, code)
}
const knownCodes: Readonly<Record<ErrorCode, true>> = {
  denied: true,
  review_rejected: true,
  review_pending: true,
  review_expired: true,
  cancelled: true,
  unauthenticated: true,
  forbidden: true,
  not_found: true,
  bad_request: true,
  conflict: true,
  target_unknown: true,
  target_unreachable: true,
  target_refused: true,
  protocol_violation: true,
  limit_exceeded: true,
  audit_unavailable: true,
  state_unavailable: true,
  session_ended: true,
  gateway_unreachable: true,
  config_invalid: true,
  usage: true,
  internal: true
}

export function notAGateway(url: string, answered: string): GatewayError {
  return new GatewayError('gateway_unreachable', `${url} answers, but not as a hoop gateway does (${answered})`, {
    hint: 'check the address: HOOP_GATEWAY, --gateway, or the one you logged in to'
  })
}

interface Trouble { readonly says: (host: string) => string, readonly hint: (url: URL) => string }

const address = () => 'check the address and that the gateway runs: hoop gateway start'
const network = () => 'check the address, your network or VPN, and firewalls on the way'
const ca = () => 'if its certificate comes from your own authority, name that: --ca FILE or HOOP_CA=FILE'
const plain = (url: URL) => `if it speaks ${url.protocol === 'https:' ? 'plain HTTP, use http://' : 'TLS, use https://'}${url.host}`

/** What Node and OpenSSL call it, in words. */
const troubles: Readonly<Record<string, Trouble>> = {
  ECONNREFUSED: { says: (host) => `nothing listens at ${host}`, hint: address },
  ENOTFOUND: { says: (host) => `there is no host ${host}`, hint: network },
  EAI_AGAIN: { says: (host) => `the name ${host} cannot be looked up just now`, hint: network },
  ETIMEDOUT: { says: (host) => `${host} does not answer`, hint: network },
  EHOSTUNREACH: { says: (host) => `there is no way to ${host}`, hint: network },
  ENETUNREACH: { says: (host) => `there is no way to ${host}`, hint: network },
  ECONNRESET: { says: (host) => `${host} closed the connection without an answer`, hint: plain },
  EPROTO: { says: (host) => `${host} does not speak TLS as expected`, hint: plain },
  ERR_SSL_WRONG_VERSION_NUMBER: { says: (host) => `${host} does not speak TLS`, hint: plain },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { says: (host) => `${host} does not speak TLS`, hint: plain },
  DEPTH_ZERO_SELF_SIGNED_CERT: { says: (host) => `the certificate of ${host} is not trusted: it is self-signed`, hint: ca },
  SELF_SIGNED_CERT_IN_CHAIN: { says: (host) => `the certificate of ${host} is not trusted: its authority is unknown here`, hint: ca },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { says: (host) => `the certificate of ${host} is not trusted: its authority is unknown here`, hint: ca },
  UNABLE_TO_GET_ISSUER_CERT: { says: (host) => `the certificate of ${host} is not trusted: its authority is unknown here`, hint: ca },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { says: (host) => `the certificate of ${host} is not trusted: its authority is unknown here`, hint: ca },
  CERT_HAS_EXPIRED: { says: (host) => `the certificate of ${host} has expired`, hint: () => 'check the clock of this machine; else the gateway needs a new one' },
  CERT_NOT_YET_VALID: { says: (host) => `the certificate of ${host} is not valid yet`, hint: () => 'check the clock of this machine' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    says: (host) => `the certificate of ${host} is for another name`,
    hint: () => 'use the name that stands in the certificate, or have it issued for this one'
  }
}

/** Pure. What went wrong below HTTP: what was tried, and what to check. */
export function unreachable({ url }: Pick<Way, 'url'>, cause: unknown): GatewayError {
  const at = new URL(url)
  const { code = '', message = '' } = cause instanceof Error ? cause as NodeJS.ErrnoException : {}
  if (code.startsWith('HPE_')) return notAGateway(url, 'not HTTP')
  const trouble = troubles[code] ?? (message.includes('socket hang up') ? troubles.ECONNRESET! : undefined)
  const said = trouble?.says(at.host) ?? `the connection to ${at.host} failed (${code === '' ? message : code})`
  return new GatewayError('gateway_unreachable', `the gateway ${url} cannot be reached: ${said}`, { hint: trouble?.hint(at) ?? network(), cause })
}
