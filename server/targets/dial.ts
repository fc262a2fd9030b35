// The way to one target: plain sockets, TLS on top, and the credential. Knows no protocol.
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { GatewayError } from '../../shared/errors.ts'
import type { Target } from '../../shared/model.ts'
import type { TargetConfig } from '../config.ts'
import type { Edge } from '../protocols/protocol.ts'
import type { Secrets } from '../secrets.ts'

const connectTimeoutMilliseconds = 10_000
const keepAliveMilliseconds = 60_000

/** @param settings the target's section of the configuration; secrets in it are read each time they are needed */
export function createEdge(target: Target, settings: TargetConfig, secrets: Secrets): Edge {
  const tls = typeof settings.tls === 'string' ? { mode: settings.tls } : settings.tls
  const host = hostOf(target.address)

  return {
    target,
    dial: () => dial(target),
    async secure(plain) {
      const { ca, cert, key } = { ca: undefined, cert: undefined, key: undefined, ...tls }
      const [caPem, certPem, keyPem] = await Promise.all([ca, cert, key].map((reference) =>
        reference === undefined ? undefined : readSecret(reference)))
      const serverName = 'serverName' in tls && tls.serverName !== undefined ? tls.serverName : host
      const socket = connectTls({
        socket: plain,
        ca: caPem,
        cert: certPem,
        key: keyPem,
        minVersion: 'TLSv1.2',
        ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
        ...verification(tls.mode, serverName)
      })
      await handshake(socket, target)
      return { stream: socket, peerCertificate: socket.getPeerCertificate(true).raw }
    },
    async credential() {
      const { user, password } = settings.credential
      return password === undefined ? { user } : { user, password: await readSecret(password) }
    }
  }

  async function readSecret(reference: string): Promise<string> {
    return secrets.read(reference).catch((cause: unknown) => {
      throw new GatewayError('target_refused', `the gateway cannot read a secret of target "${target.name}"`, { cause })
    })
  }
}

/**
 * libpq's sslmode: `require` checks nothing, `verify-ca` the chain, `verify-full` the name too.
 * Whatever the mode, a certificate of the system's or the configured authorities is asked for where one is checked.
 */
function verification(mode: Target['tls'], serverName: string): ConnectionOptions {
  if (mode === 'verify-full') {
    return { rejectUnauthorized: true, checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate) }
  }
  if (mode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { rejectUnauthorized: false, checkServerIdentity: () => undefined }
}

function handshake(socket: TLSSocket, target: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('no answer within 10 s')), connectTimeoutMilliseconds)
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(unreachable(target, `TLS failed (${target.tls}): ${error.message}`, error))
    }
    const closed = () => fail(new Error('the connection was closed'))
    socket.once('error', fail)
    socket.once('close', closed)
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      socket.off('close', closed)
      resolve()
    })
  })
}

function dial(target: Target): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket: Socket = target.address.startsWith('/')
      ? connect({ path: target.address })
      : connect({
          host: hostOf(target.address),
          port: portOf(target.address),
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: keepAliveMilliseconds
        })
    const timer = setTimeout(() => socket.destroy(new Error('no answer within 10 s')), connectTimeoutMilliseconds)
    const fail = (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(unreachable(target, inWords(error), error))
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function unreachable(target: Target, why: string, cause: unknown): GatewayError {
  return new GatewayError('target_unreachable', `target "${target.name}" cannot be reached: ${why}`, { cause })
}

/** Without the address, which is the operator's to know. */
function inWords({ code, message }: NodeJS.ErrnoException): string {
  return code === undefined ? message : Object.hasOwn(words, code) ? `${words[code]!} (${code})` : code
}
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOENT: 'there is no socket at its address',
  EACCES: 'the gateway may not use the socket at its address',
  ENOTFOUND: 'the host in its address is unknown',
  EAI_AGAIN: 'the host in its address cannot be looked up just now',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ETIMEDOUT: 'its address does not answer'
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
