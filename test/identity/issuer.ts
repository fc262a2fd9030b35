// A provider that does what a test says, wrong things included: real HTTP, real keys, any token. For what a good provider never signs.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose'
import { listen } from './listen.ts'

export interface SigningKey {
  readonly alg: string
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, kid, privateKey, publicJwk: { ...await exportJWK(publicKey), kid, alg, use: 'sig' } }
}

export class TestIssuer {
  readonly requests: string[] = []
  /** What is served as keys; changed by tests that rotate. */
  keys: JWK[] = []
  /** Answers in place of the good provider, for as long as it returns true. */
  interfere: (req: IncomingMessage, res: ServerResponse) => boolean = () => false
  #close: () => Promise<void> = async () => undefined
  origin = ''

  static async start(...keys: SigningKey[]): Promise<TestIssuer> {
    const issuer = new TestIssuer()
    issuer.keys = keys.map((key) => key.publicJwk)
    const { origin, close } = await listen(createServer((req, res) => { issuer.#answer(req, res) }))
    issuer.origin = origin
    issuer.#close = close
    return issuer
  }

  close(): Promise<void> { return this.#close() }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    this.requests.push(req.url!)
    if (this.interfere(req, res)) return
    res.setHeader('content-type', 'application/json')
    if (req.url === '/.well-known/openid-configuration') res.end(JSON.stringify({ issuer: this.origin, jwks_uri: `${this.origin}/keys` }))
    else if (req.url === '/keys') res.end(JSON.stringify({ keys: this.keys }))
    else res.writeHead(404).end()
  }
}

/** Signs any claims; `undefined` leaves one out. */
export function sign(key: SigningKey, claims: Record<string, unknown>, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
  const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
  return new SignJWT(present).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey)
}
