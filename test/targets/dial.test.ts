import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSecrets } from '../../server/secrets.ts'
import { createEdge } from '../../server/targets/dial.ts'
import type { TargetConfig } from '../../server/config.ts'
import type { TlsMode } from '../../shared/model.ts'

let folder: string
let server: Server
let address: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-dial-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=db.internal',
    '-addext', 'subjectAltName=DNS:db.internal', '-keyout', 'db.key', '-out', 'db.crt')
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=other',
    '-keyout', 'other.key', '-out', 'other.crt')
  server = createTlsServer({ key: readFileSync(join(folder, 'db.key')), cert: readFileSync(join(folder, 'db.crt')) }, (socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

function edge(tls: Exclude<TargetConfig['tls'], string>, to = address) {
  const settings: TargetConfig = { protocol: 'any', address: to, tls, credential: { user: 'u', password: 'file:none' }, labels: {} }
  return createEdge({ name: 'db', protocol: 'any', address: to, tls: tls.mode, labels: {} }, settings, createSecrets(folder, {}, []))
}

async function secured(mode: TlsMode, more: { ca?: string, serverName?: string } = {}): Promise<string> {
  const way = edge({ mode, ...more })
  const { stream, peerCertificate } = await way.secure(await way.dial())
  try {
    expect(peerCertificate.length).toBeGreaterThan(100)
    return await new Promise((resolve, reject) => {
      stream.once('error', reject).once('data', (chunk: Buffer) => resolve(chunk.toString()))
      stream.write('echo')
    })
  } finally {
    stream.destroy()
  }
}

describe('TLS to a target', () => {
  test.each<[string, TlsMode, { ca?: string, serverName?: string }, RegExp]>([
    ['verify-full with the wrong name', 'verify-full', { ca: 'file:db.crt' }, /verify-full.*127\.0\.0\.1/],
    ['verify-full with an unknown authority', 'verify-full', { serverName: 'db.internal' }, /self-signed/],
    ['verify-ca with another authority', 'verify-ca', { ca: 'file:other.crt' }, /certificate/]
  ])('%s is refused, saying which check failed', async (_, mode, more, expected) => {
    await expect(secured(mode, more)).rejects.toMatchObject({ code: 'target_unreachable', message: expect.stringMatching(expected) as string })
  })

  test.each<[TlsMode, { ca?: string, serverName?: string }]>([
    ['verify-full', { ca: 'file:db.crt', serverName: 'db.internal' }],
    ['verify-ca', { ca: 'file:db.crt' }],
    ['require', {}]
  ])('%s lets the right certificate pass', async (mode, more) => {
    expect(await secured(mode, more)).toBe('echo')
  })

  test('a server that hangs up in the handshake is told as unreachable', async () => {
    const rude = createServer((socket) => socket.once('data', () => socket.destroy()))
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
    const way = edge({ mode: 'require' }, `127.0.0.1:${(rude.address() as AddressInfo).port}`)
    await expect(way.dial().then((plain) => way.secure(plain))).rejects.toMatchObject({ code: 'target_unreachable' })
    rude.close()
  })
})

describe('a target that is not there', () => {
  test('a refused port names the target and the reason', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    await expect(edge({ mode: 'disable' }, `127.0.0.1:${port}`).dial()).rejects.toMatchObject({
      code: 'target_unreachable', message: 'target "db" cannot be reached: nothing listens at its address (ECONNREFUSED)'
    })
  })

  test('a secret that cannot be read never shows where it stands or what it is', async () => {
    await expect(edge({ mode: 'disable' }).credential()).rejects.toMatchObject({
      code: 'target_refused', message: 'the gateway cannot read a secret of target "db"'
    })
  })
})
