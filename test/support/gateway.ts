// The real gateway as a child process, with its configuration, state and log in a folder of its own; and the ways into it: a login through
// the OpenID provider's pages, the HTTP API, a tunnel, the command line's local port.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import WebSocket from 'ws'
import { stringify } from 'yaml'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { paths, type Discovery, type OpenedSession, type TokenResponse } from '../../shared/api.ts'
import { readEntries } from './audit-files.ts'
import { tunnelStream } from '../../shared/tunnel.ts'
import { TestBrowser } from './browser.ts'
import { builtHoop } from './built.ts'
import { TestAuthority } from './certificates.ts'
import { configurationOf, testUsers, type TestGatewayOptions, type TestUser } from './gateway-config.ts'
import { Kept } from './kept.ts'
import { TestPerson, type TestPort } from './person.ts'
import { freePort } from './ports.ts'

export { allowEverything, testUsers, type TestGatewayOptions, type TestTarget, type TestUser } from './gateway-config.ts'

export interface ApiAnswer<T> {
  readonly status: number
  readonly body: T
}

export class TestGateway {
  readonly url: string
  readonly folder: string
  readonly configFile: string
  readonly auditDirectory: string
  /** With `tls`: the authority to trust. */
  readonly authority: TestAuthority | undefined
  readonly hoop: string
  readonly #options: TestGatewayOptions
  #process: Kept
  readonly #people = new Map<string, Promise<TestPerson>>()
  readonly #tokens = new Map<string, TokenResponse>()

  private constructor(o: {
    url: string
    folder: string
    hoop: string
    options: TestGatewayOptions
    process: Kept
    authority: TestAuthority | undefined
  }) {
    this.url = o.url
    this.folder = o.folder
    this.configFile = join(o.folder, 'hoop.yaml')
    this.auditDirectory = join(o.folder, 'audit')
    this.hoop = o.hoop
    this.authority = o.authority
    this.#options = o.options
    this.#process = o.process
  }

  static async start(options: TestGatewayOptions): Promise<TestGateway> {
    const hoop = await builtHoop()
    const folder = await mkdtemp(join(tmpdir(), 'hoop-gateway-'))
    try {
      const port = await freePort()
      await mkdir(join(folder, 'tls'))
      const authority = options.tls === true ? new TestAuthority(join(folder, 'tls')) : undefined
      const certificate = authority?.issue('localhost', 'DNS:localhost,IP:127.0.0.1')
      await writeFile(join(folder, 'hoop.yaml'), await configurationOf(folder, port, options, certificate))
      const process = await launch(hoop, folder, options)
      return new TestGateway({ url: `${authority === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, folder, hoop, options, process, authority })
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  get pid(): Promise<number> { return this.#process.pid }
  /** The operator's log so far. */
  get log(): string { return this.#process.stderr }
  get exited(): Promise<number> { return this.#process.exited }

  signal(name: Parameters<Kept['signal']>[0]): void { this.#process.signal(name) }

  /** Through the provider's own pages, with authorization code and PKCE. @returns an access token; the same one for ten minutes */
  async logIn(username: string): Promise<string> {
    const known = this.#tokens.get(username)
    if (known !== undefined) return known.accessToken
    const response = await this.logInAnew(username)
    this.#tokens.set(username, response)
    return response.accessToken
  }

  /** A login of its own. */
  async logInAnew(username: string): Promise<TokenResponse> {
    const { idToken, nonce } = await this.idToken(username)
    const { status, body } = await this.post<TokenResponse>(undefined, paths.tokens, { grant: 'id_token', idToken, nonce })
    if (status !== 200) throw new Error(`the exchange was refused with ${status}: ${JSON.stringify(body)}`)
    return body
  }

  /** What the provider says about a person, not yet shown to the gateway. */
  async idToken(username: string): Promise<{ idToken: string, nonce: string }> {
    const user = this.#user(username)
    const { body: discovery } = await this.get<Discovery>(undefined, paths.discovery)
    const { body: provider } = await this.get<Record<string, string>>(undefined, new URL(`${discovery.issuer}/.well-known/openid-configuration`).href)
    const verifier = randomBytes(32).toString('base64url')
    const nonce = randomBytes(16).toString('base64url')
    const redirectUri = `http://127.0.0.1:${await freePort()}/callback`
    const authorization = new URL(provider.authorization_endpoint!)
    authorization.search = new URLSearchParams({
      response_type: 'code',
      client_id: discovery.clientId,
      redirect_uri: redirectUri,
      scope: discovery.scopes.join(' '),
      nonce,
      state: 'state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256'
    }).toString()
    const back = await new TestBrowser(this.authority?.ca).logIn(authorization, user)
    const code = back.searchParams.get('code')
    if (code === null) throw new Error(`the provider refused: ${back.searchParams.get('error')} ${back.searchParams.get('error_description')}`)
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: discovery.clientId,
      code_verifier: verifier
    })
    const { body } = await this.#call<{ id_token?: string }>('POST', provider.token_endpoint!, undefined, form.toString(), 'application/x-www-form-urlencoded')
    if (body.id_token === undefined) throw new Error(`no ID token: ${JSON.stringify(body)}`)
    return { idToken: body.id_token, nonce }
  }

  /** @param who a test user's name, a bearer token, or nobody */
  get<T = unknown>(who: string | undefined, path: string): Promise<ApiAnswer<T>> { return this.#ask('GET', who, path) }
  post<T = unknown>(who: string | undefined, path: string, body?: unknown): Promise<ApiAnswer<T>> { return this.#ask('POST', who, path, body) }
  delete<T = unknown>(who: string | undefined, path: string, body?: unknown): Promise<ApiAnswer<T>> { return this.#ask('DELETE', who, path, body) }

  /** @throws Error with the gateway's refusal */
  async openSession(who: string, target: string): Promise<OpenedSession> {
    const { status, body } = await this.post<OpenedSession>(who, paths.sessions, { target })
    if (status < 200 || status > 299) throw new Error(`the session was refused with ${status}: ${JSON.stringify(body)}`)
    return body
  }

  /** One connection of a session, as the command line would carry it: what a native client would say goes in here. */
  async tunnel(who: string, session: string): Promise<Duplex> {
    const socket = new WebSocket(`${this.url.replace(/^http/, 'ws')}${paths.sessionConnections(session)}`, {
      headers: { authorization: `Bearer ${await this.#bearer(who)}` },
      perMessageDeflate: false,
      ...(this.authority === undefined ? {} : { ca: this.authority.ca })
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve).once('error', reject)
    })
    const stream = tunnelStream(socket)
    stream.on('error', () => undefined)
    return stream
  }

  /** A session and one connection in it, without the command line. */
  async connect(who: string, target: string): Promise<Duplex> {
    return this.tunnel(who, (await this.openSession(who, target)).id)
  }

  /** `hoop connect` as a child, logged in as the user: a port of 127.0.0.1 for native clients. */
  async openPort(username: string, target: string): Promise<TestPort> {
    return (await this.person(username)).connect(target)
  }

  /** The user at a command line, logged in once; leaves with the gateway. */
  person(username: string): Promise<TestPerson> {
    const known = this.#people.get(username)
    if (known !== undefined) return known
    const arriving = TestPerson.create(this).then(async (person) => {
      await person.keep(await this.logInAnew(username))
      return person
    })
    this.#people.set(username, arriving)
    return arriving
  }

  /** Somebody at a command line who has not logged in; the caller sees them off. */
  stranger(): Promise<TestPerson> {
    return TestPerson.create(this)
  }

  /** Every entry whose segment is on disk, in order: read from the files, not asked of the gateway. */
  async audit(): Promise<AuditEntry[]> {
    return readEntries(this.auditDirectory)
  }

  /** Writes another policy into the configuration, as an operator would; the gateway notices by itself, or on `signal('HUP')`. */
  async writePolicy(policy: readonly unknown[]): Promise<void> {
    const text = await readFile(this.configFile, 'utf8')
    await writeFile(this.configFile, text.slice(0, text.indexOf('\npolicy:')) + `\n${stringify({ policy })}`)
  }

  /** Ends the process and leaves its files; `resume` starts it again on the same port. */
  async halt(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    if (signal === 'KILL') {
      this.#process.signal('KILL')
      await this.#process.exited
    } else await this.#process.end('TERM')
  }

  async resume(): Promise<void> {
    this.#process = await launch(this.hoop, this.folder, this.#options)
  }

  /** Starts it and kills it so soon after that it may not be up yet. */
  async falter(afterMilliseconds: number): Promise<void> {
    this.#process = spawned(this.hoop, this.folder, this.#options)
    await this.#process.pid
    await new Promise((resolve) => setTimeout(resolve, afterMilliseconds))
    await this.halt('KILL')
  }

  /** Ends ports and gateway, and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all([...this.#people.values()].map((arriving) => arriving.then((person) => person.leave(), () => undefined)))
    if (this.#process.code === undefined) await this.#process.end('TERM')
    await rm(this.folder, { recursive: true, force: true })
  }

  #user(username: string): TestUser {
    const user = (this.#options.users ?? testUsers).find((known) => known.username === username)
    if (user === undefined) throw new Error(`no test user ${username}`)
    return user
  }

  async #bearer(who: string): Promise<string> {
    return (this.#options.users ?? testUsers).some(({ username }) => username === who) ? this.logIn(who) : who
  }

  async #ask<T>(method: string, who: string | undefined, path: string, body?: unknown): Promise<ApiAnswer<T>> {
    const bearer = who === undefined ? undefined : await this.#bearer(who)
    return this.#call(method, new URL(path, this.url).href, bearer, body === undefined ? undefined : JSON.stringify(body), 'application/json')
  }

  #call<T>(method: string, url: string, bearer: string | undefined, body: string | undefined, contentType: string): Promise<ApiAnswer<T>> {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest
    const headers = {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      // Of a DELETE, Node says nothing about the length by itself.
      ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
    }
    return new Promise((resolve, reject) => {
      request(url, { method, headers, ...(this.authority === undefined ? {} : { ca: this.authority.ca }) }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode!, body: (text === '' ? undefined : parsed(text)) as T }))
      }).on('error', reject).end(body)
    })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function launch(hoop: string, folder: string, options: TestGatewayOptions): Promise<Kept> {
  const child = spawned(hoop, folder, options)
  await child.line(/listening on \S+/)
  return child
}

function spawned(hoop: string, folder: string, { env = {}, wrapper = [] }: TestGatewayOptions): Kept {
  const [command, ...args] = [...wrapper, process.execPath, hoop, 'gateway', 'start', '--config', join(folder, 'hoop.yaml')]
  // NODE_EXTRA_CA_CERTS adds 55 ms to every start, and the tests bring their own authorities.
  return new Kept(command!, args, { cwd: folder, env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, ...env } })
}
