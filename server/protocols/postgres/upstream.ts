// The gateway's own login at the server: TLS, startup, authentication, up to the first ReadyForQuery.
import { createHash, randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { asGatewayError, GatewayError, ProtocolViolation } from '../../../shared/errors.ts'
import type { Credential, Edge } from '../protocol.ts'
import { FrameReader } from './frame-reader.ts'
import { startScram, type ScramExchange } from './scram.ts'
import {
  decodeAuthentication,
  decodeBackendKeyData,
  decodeErrorFields,
  decodeNegotiateProtocolVersion,
  decodeParameterStatus,
  decodeReadyForQuery
} from './wire/backend.ts'
import { encode, protocol30 } from './wire/frontend.ts'

const maxLoginFrameBytes = 64 * 1024
const maxLoginFrames = 1_000
const maxMinor = 0xff

/** A connection that is logged in and idle. */
export interface Upstream {
  readonly stream: Duplex
  /** Minor version of protocol 3 agreed on. */
  readonly minor: number
  /** As reported by the server, in order. */
  readonly statuses: ReadonlyMap<string, string>
  readonly key: { readonly processId: number, readonly secretKey: Buffer } | undefined
  /** Whole NoticeResponse messages sent while logging in. */
  readonly notices: readonly Buffer[]
  /** What the server sent behind its first ReadyForQuery; normally nothing. */
  readonly rest: Buffer
}

/**
 * The reading of SQL in the gateway rests on these; the server is asked for them and must report them.
 */
export const pinnedSettings: ReadonlyMap<string, string> = new Map([['client_encoding', 'UTF8'], ['standard_conforming_strings', 'on']])

/** Opens the connection, with TLS as the target says. Whoever calls closes it. */
export async function openUpstream(edge: Edge): Promise<{ stream: Duplex, certificate?: Uint8Array }> {
  const plain = await edge.dial()
  plain.on('error', noticedByReading)
  if (edge.target.tls === 'disable') return { stream: plain }
  try {
    const reader = new FrameReader(plain, { maxBodyBytes: maxLoginFrameBytes }, 'the server')
    plain.write(encode.sslRequest())
    const said = await reader.byte()
    if (said !== 'S') {
      throw new GatewayError('target_unreachable', `target "${edge.target.name}" does not offer TLS, and its mode is "${edge.target.tls}"`)
    }
    // Bytes behind the answer would be read as if they had come through TLS.
    reader.requireEmpty('SSLRequest')
    const { stream, peerCertificate } = await edge.secure(plain)
    stream.on('error', noticedByReading)
    return { stream, certificate: peerCertificate }
  } catch (error) {
    plain.destroy()
    throw error
  }
}

/** A lost connection shows as its end to whoever reads; without a listener the error itself would end the process. */
function noticedByReading(): void { /* nothing more to do */ }

export interface LoginRequest {
  readonly database: string | undefined
  readonly minor: number
  readonly settings: Iterable<readonly [string, string]>
}

/**
 * @param signal closes the connection when it aborts, whatever it is waiting for
 * @throws GatewayError target_unreachable | target_refused, naming the target and never the secret; `signal`'s reason if it aborted
 */
export async function logIn(edge: Edge, request: LoginRequest, signal: AbortSignal): Promise<Upstream> {
  const { stream, certificate } = await openUpstream(edge)
  const giveUp = () => stream.destroy()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    signal.throwIfAborted()
    return await greet(edge, request, stream, certificate)
  } catch (error) {
    stream.destroy()
    if (signal.aborted) throw signal.reason
    const { code, message } = asGatewayError(error)
    if (code === 'session_ended') throw new GatewayError('target_unreachable', `target "${edge.target.name}" hung up during the login`)
    if (code === 'protocol_violation') throw new GatewayError('target_unreachable', `target "${edge.target.name}" does not speak PostgreSQL as expected: ${message}`)
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

async function greet(edge: Edge, request: LoginRequest, stream: Duplex, certificate: Uint8Array | undefined): Promise<Upstream> {
  const credential = await edge.credential()
  const reader = new FrameReader(stream, { maxBodyBytes: maxLoginFrameBytes }, 'the server')
  const parameters: (readonly [string, string])[] = [
    ['user', credential.user],
    ...(request.database === undefined ? [] : [['database', request.database] as const]),
    ...request.settings,
    ...pinnedSettings
  ]
  stream.write(encode.startup(protocol30 | request.minor, parameters))

  const login = new Login(edge, credential, certificate)
  const statuses = new Map<string, string>()
  const notices: Buffer[] = []
  let minor = request.minor
  let key: Upstream['key']
  for (let count = 0; count < maxLoginFrames; count++) {
    const { type, body, bytes } = await reader.next()
    switch (type) {
      case 'R': {
        const reply = await login.answer(body)
        if (reply !== undefined) stream.write(reply)
        break
      }
      case 'S': {
        const { name, value } = decodeParameterStatus(body)
        statuses.set(name, value)
        break
      }
      case 'K':
        if (key !== undefined) throw new ProtocolViolation('BackendKeyData', 'sent twice')
        key = decodeBackendKeyData(body)
        break
      case 'v': {
        const agreed = decodeNegotiateProtocolVersion(body)
        if (agreed.minor > minor || agreed.minor > maxMinor) throw new ProtocolViolation('NegotiateProtocolVersion', `minor version ${agreed.minor}`)
        minor = agreed.minor
        break
      }
      case 'N': notices.push(bytes); break
      case 'E': throw refusedBy(edge, body)
      case 'Z':
        if (!login.done) throw new ProtocolViolation('ReadyForQuery', 'sent before the login was done')
        decodeReadyForQuery(body)
        requirePinned(edge, statuses)
        return { stream, minor, statuses, key, notices, rest: reader.rest() }
      default: throw new ProtocolViolation('message of the server', `type ${JSON.stringify(type)} during the login`)
    }
  }
  throw new ProtocolViolation('login', `more than ${maxLoginFrames} messages`)
}

/** Answers authentication requests. One login, one of these: a server that changes its mind half-way is refused. */
class Login {
  done = false
  #scram: ScramExchange | undefined
  #scramState: 'none' | 'first' | 'final' | 'verified' = 'none'
  #answered = false

  constructor(private readonly edge: Edge, private readonly credential: Credential, private readonly certificate: Uint8Array | undefined) {}

  /** @returns the message to send, if one is wanted */
  async answer(body: Buffer): Promise<Buffer | undefined> {
    const asked = decodeAuthentication(body)
    if (this.done) throw new ProtocolViolation('Authentication', 'sent after the login was done')
    switch (asked.type) {
      case 'Ok':
        if (this.#scramState === 'first' || this.#scramState === 'final') throw new ProtocolViolation('Authentication', 'ended before SCRAM did')
        this.done = true
        return undefined
      case 'CleartextPassword':
        if (this.certificate === undefined) throw this.#refused('asks for the password in clear text without TLS')
        this.#once()
        return encode.password(this.#password())
      case 'MD5Password': {
        this.#once()
        const md5 = (...parts: (string | Buffer)[]) => parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest('hex')
        return encode.password(`md5${md5(md5(this.#password(), this.credential.user), asked.salt)}`)
      }
      case 'SASL': {
        this.#once()
        this.#scram = startScram(asked.mechanisms, this.#password(), randomBytes(18).toString('base64'), this.certificate)
        if (this.#scram === undefined) throw this.#refused(`offers none of the ways to log in known here (${asked.mechanisms.join(', ').slice(0, 100)})`)
        this.#scramState = 'first'
        return encode.saslInitialResponse(this.#scram.mechanism, Buffer.from(this.#scram.first))
      }
      case 'SASLContinue':
        if (this.#scramState !== 'first') throw new ProtocolViolation('Authentication', 'SASLContinue out of order')
        this.#scramState = 'final'
        return encode.saslResponse(Buffer.from(await this.#scram!.final(asked.data.toString('utf8'))))
      case 'SASLFinal':
        if (this.#scramState !== 'final') throw new ProtocolViolation('Authentication', 'SASLFinal out of order')
        this.#scram!.verify(asked.data.toString('utf8'))
        this.#scramState = 'verified'
        return undefined
      case 'Unsupported': throw this.#refused(`asks for a way to log in that is not known here (code ${asked.code})`)
    }
  }

  #once(): void {
    if (this.#answered) throw new ProtocolViolation('Authentication', 'asked for twice')
    this.#answered = true
  }

  #password(): string {
    const { password } = this.credential
    if (password === undefined) throw this.#refused('asks for a password, and the gateway has none for it')
    return password
  }

  #refused(what: string): GatewayError {
    return new GatewayError('target_refused', `target "${this.edge.target.name}" ${what}`)
  }
}

/** Class 28 says that the credential is wrong; its text names the upstream user, which is not the client's affair. */
function refusedBy(edge: Edge, body: Buffer): GatewayError {
  const fields = decodeErrorFields(body)
  const sqlState = /^[0-9A-Z]{5}$/.exec(fields.get('C') ?? '')?.[0] ?? 'no SQLSTATE'
  const { name } = edge.target
  if (sqlState.startsWith('28')) {
    return new GatewayError('target_refused', `target "${name}" refused the gateway's credential (${sqlState})`, {
      hint: 'the operator checks it with: hoop gateway check'
    })
  }
  return new GatewayError('target_unreachable', `target "${name}" refused the connection: ${(fields.get('M') ?? '').slice(0, 500)} (${sqlState})`)
}

function requirePinned(edge: Edge, statuses: ReadonlyMap<string, string>): void {
  for (const [name, value] of pinnedSettings) {
    if (statuses.get(name) !== value) {
      throw new GatewayError('target_refused', `target "${edge.target.name}" reports ${name} = ${statuses.get(name) ?? 'nothing'}, where ${value} is needed`)
    }
  }
}

/** "15.18 (Debian ...)" is 15, "18beta1" is 18. */
export function majorOf(upstream: Upstream): number {
  return Number(/^\d+/.exec(upstream.statuses.get('server_version') ?? '')?.[0] ?? 0)
}
