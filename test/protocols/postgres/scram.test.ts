import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { endPointBinding, startScram } from '../../../server/protocols/postgres/scram.ts'

// RFC 7677 section 3, but that PostgreSQL sends the user name in the startup message and leaves it out here.
const nonce = 'rOprNGfwEbeRWgbNEkqO'
const serverFirst = `r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`

describe('SCRAM', () => {
  test('the proof is the same for everybody who computes it by RFC 5802', async () => {
    const exchange = startScram(['SCRAM-SHA-256'], 'pencil', nonce)!
    expect(exchange.first).toBe(`n,,n=,r=${nonce}`)
    expect(await exchange.final(serverFirst)).toMatch(/^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/)
  })

  test.each<[string, string, RegExp]>([
    ['another nonce', serverFirst.replace(nonce, 'x'.repeat(nonce.length)), /nonce/],
    ['the nonce as it was', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, /nonce/],
    ['iterations that would take hours', serverFirst.replace('4096', '999999999'), /iteration/],
    ['no iterations', serverFirst.replace('4096', '0'), /iteration/],
    ['iterations that are no number', serverFirst.replace('4096', '4e3'), /iteration/],
    ['no salt', serverFirst.replace('s=', 'x='), /lacks "s"/]
  ])('a server-first-message with %s is refused', async (_, message, expected) => {
    await expect(startScram(['SCRAM-SHA-256'], 'pencil', nonce)!.final(message)).rejects.toThrow(expected)
  })

  test('a server that does not know the password is refused', async () => {
    const exchange = startScram(['SCRAM-SHA-256'], 'pencil', nonce)!
    await exchange.final(serverFirst)
    expect(() => exchange.verify(`v=${Buffer.alloc(32).toString('base64')}`)).toThrow(/prove/)
    expect(() => exchange.verify('v=')).toThrow(/prove/)
    expect(() => exchange.verify('e=other-error')).toThrow(/lacks "v"/)
  })

  test('a final message before there was a first is refused', () => {
    expect(() => startScram(['SCRAM-SHA-256'], 'pencil', nonce)!.verify(`v=${Buffer.alloc(32).toString('base64')}`)).toThrow(/prove/)
  })

  test('without a mechanism in common there is no exchange', () => {
    expect(startScram(['SCRAM-SHA-1', 'OAUTHBEARER'], 'pencil', nonce)).toBeUndefined()
    expect(startScram(['SCRAM-SHA-256-PLUS'], 'pencil', nonce)).toBeUndefined()
  })

  describe('channel binding', () => {
    test.each([['sha256', 'sha256'], ['sha384', 'sha384'], ['sha512', 'sha512'], ['sha1', 'sha256']])('a certificate signed with %s is hashed with %s', (digest, expected) => {
      const der = certificate(['-newkey', 'rsa:2048', `-${digest}`])
      expect(endPointBinding(der)).toEqual(createHash(expected).update(der).digest())
      const exchange = startScram(['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'], 'pencil', nonce, der)!
      expect(exchange.mechanism).toBe('SCRAM-SHA-256-PLUS')
      expect(exchange.first).toMatch(/^p=tls-server-end-point,,n=,/)
    })

    test('an offer without PLUS over TLS is answered with "y", which tells an honest server of a stripped offer', () => {
      const exchange = startScram(['SCRAM-SHA-256'], 'pencil', nonce, certificate(['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']))!
      expect([exchange.mechanism, exchange.first.slice(0, 3)]).toEqual(['SCRAM-SHA-256', 'y,,'])
    })

    test('a certificate without a hash of its own is not bound', () => {
      expect(endPointBinding(certificate(['-newkey', 'ed25519']))).toBeUndefined()
    })

    test('bytes that are no certificate are refused', () => {
      expect(() => endPointBinding(Buffer.from([0x30, 0x85, 1, 2, 3]))).toThrow(/cannot be read/)
    })
  })
})

function certificate(options: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'hoop-scram-'))
  try {
    execFileSync('openssl', ['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=db', '-keyout', 'key', '-out', 'crt', ...options], { cwd: folder, stdio: 'pipe' })
    return new X509Certificate(readFileSync(join(folder, 'crt'))).raw
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
