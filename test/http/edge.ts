// A whole gateway edge for tests: real state, identity, audit log and registry behind the real listener; only the database is missing,
// its place taken by a protocol that echoes lines. Logins are real exchanges of ID tokens signed by a provider of the test's own.
import { afterEach } from 'vitest'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as requestPlain, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import WebSocket from 'ws'
import { nodeDisk } from '../../server/audit/disk.ts'
import { openAuditLog, type AuditLog } from '../../server/audit/log.ts'
import { openRedactions } from '../../server/audit/redactions.ts'
import { SessionKeys } from '../../server/audit/session-keys.ts'
import { createRetention } from '../../server/audit/retention.ts'
import { openRecordings } from '../../server/recording/recordings.ts'
import { startHttp, type EdgeLimits, type HttpListener, type HttpOptions } from '../../server/http/listener.ts'
import { openIdentity, type Identity } from '../../server/identity/identity.ts'
import type { Log } from '../../server/log.ts'
import { parsePolicy, policySchema } from '../../server/policy/rules.ts'
import type { Protocol, Session } from '../../server/protocols/protocol.ts'
import { createReviews, type Reviews } from '../../server/review/reviews.ts'
import { createSecrets } from '../../server/secrets.ts'
import { createRegistry, type RegistryOptions, type SessionRegistry } from '../../server/session/registry.ts'
import { openState, type State } from '../../server/state/state.ts'
import { createCatalog } from '../../server/targets/catalog.ts'
import { paths, type ApiProblem, type OpenedSession, type TokenResponse } from '../../shared/api.ts'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { tunnelStream } from '../../shared/tunnel.ts'

const issuer = 'https://idp.example'
const clientId = 'hoop-cli'

export interface EdgeOptions {
  readonly port?: number
  readonly limits?: Partial<EdgeLimits>
  readonly sessionLimits?: RegistryOptions['limits']
  readonly tls?: HttpOptions['tls']
  readonly embedded?: HttpOptions['embedded']
  readonly protocol?: Partial<Protocol>
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: unknown
}

export interface Ask {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: OutgoingHttpHeaders
}

export class Edge {
  /** Moves when a test moves it, and otherwise with the real one. */
  skipped = 0
  readonly logged: { level: string, facts: Record<string, unknown>, message: string }[] = []
  readonly #cleanups: (() => unknown)[] = []
  #sign!: (claims: Record<string, unknown>, subject: string) => Promise<string>
  state!: State
  audit!: AuditLog
  /** Why a strict sink of the audit export keeps statements waiting. */
  exportBlocks: string | undefined
  identity!: Identity
  sessions!: SessionRegistry
  reviews!: Reviews
  listener!: HttpListener
  #options!: EdgeOptions

  static async start(options: EdgeOptions = {}): Promise<Edge> {
    const edge = new Edge()
    try {
      await edge.#start(options)
    } catch (error) {
      await edge.stop()
      throw error
    }
    return edge
  }

  readonly now = (): number => Date.now() + this.skipped

  async #start(options: EdgeOptions): Promise<void> {
    this.#options = options
    const folder = await mkdtemp(join(tmpdir(), 'hoop-edge-'))
    this.#cleanups.push(() => rm(folder, { recursive: true, force: true }))
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    this.#sign = (claims, subject) => {
      const at = Math.floor(this.now() / 1000)
      // Exchanged once each: two logins within a second must not look alike.
      return new SignJWT({ ...claims, jti: randomBytes(8).toString('hex') }).setProtectedHeader({ alg: 'ES256' })
        .setIssuer(issuer).setAudience(clientId).setSubject(subject).setIssuedAt(at).setExpirationTime(at + 300).sign(privateKey)
    }

    this.state = await openState({ path: join(folder, 'state.db') })
    this.#cleanups.push(() => this.state.close())
    const directory = join(folder, 'audit')
    this.audit = await openAuditLog({ directory, origin: 'edge.test', now: this.now, heartbeat: () => ({ sessions: 0 }) })
    this.#cleanups.push(() => this.audit.close().catch(() => {}))
    this.identity = await openIdentity({
      settings: { issuer, clientId, groupsClaim: 'groups', adminGroup: 'admins', auditorGroup: 'auditors', loginHours: 12, accessMinutes: 10, workloads: [] },
      state: this.state,
      note: (facts) => this.audit.note(facts),
      now: this.now,
      randomBytes,
      issuerKeys: { keys: [await exportJWK(publicKey)] }
    })
    const target = { protocol: 'echo', address: 'localhost:1', tls: 'disable' as const, credential: { user: 'nobody' }, labels: { env: 'test' } }
    const protocol = { ...echo, ...options.protocol }
    const labelled = (env: string) => ({ ...target, labels: { env } })
    const targets = { 'prod-db': target, 'prod-dw': target, secret: labelled('secret'), vault: labelled('vault') }
    const catalog = createCatalog(targets, [protocol], createSecrets(folder, {}, []))
    const policy = parsePolicy(policySchema.parse([
      { name: 'engineers read', who: { group: 'engineers' }, targets: { env: 'test' }, effects: ['read'], then: 'allow' },
      { name: 'engineers read the vault', who: { group: 'engineers' }, targets: { env: 'vault' }, effects: ['read'], then: 'allow' },
      {
        name: 'the vault opens after a review',
        who: { group: 'engineers' },
        targets: { env: 'vault' },
        on: 'open',
        then: 'hold',
        approvers: { group: 'deciders' },
        window: '1h'
      }
    ]))
    const log = this.#log()
    this.reviews = createReviews({
      state: this.state,
      audit: this.audit,
      identity: this.identity,
      now: this.now,
      randomBytes,
      notify: () => {},
      limits: { pendingPerPrincipal: 2_000, pending: 5_000, heldBytes: 2 ** 24 },
      onBug: (error, facts) => log.error({ error, ...facts }, 'bug')
    })
    this.#cleanups.push(() => this.reviews.close())
    const recordings = await openRecordings({
      directory: join(folder, 'recordings'),
      key: randomBytes(32),
      limits: { perOperationBytes: 1_000, perSessionBytes: 10_000 },
      randomBytes
    })
    this.sessions = createRegistry({
      recordings,
      reviews: this.reviews,
      audit: this.audit,
      state: this.state,
      catalog,
      identity: this.identity,
      limits: options.sessionLimits ?? { sessionsPerPrincipal: 50, connectionsPerSession: 100 },
      now: this.now,
      policy: () => policy,
      elapsed: () => performance.now() + this.skipped,
      onBug: (error, facts) => log.error({ error, ...facts }, 'bug')
    })
    this.#cleanups.push(() => this.sessions.close())
    const sessionKeys = new SessionKeys(directory, nodeDisk)
    this.listener = await startHttp({
      address: { host: '127.0.0.1', port: options.port ?? 0 },
      identity: this.identity,
      sessions: this.sessions,
      durably: this.state.durably,
      sessionKeys,
      redactions: await openRedactions({ directory, audit: this.audit, keys: sessionKeys, recordings, disk: nodeDisk }),
      reviews: this.reviews,
      catalog,
      log,
      now: this.now,
      version: '0.0.0',
      audit: this.audit,
      exports: { status: () => [], blocking: () => this.exportBlocks },
      witnesses: { status: () => [] },
      retention: createRetention({
        audit: this.audit,
        note: (facts) => this.audit.note(facts),
        days: 30,
        now: this.now,
        randomBytes,
        unsent: () => undefined,
        standing: ({ issuer, subject }) => {
          const person = this.identity.person(issuer, subject)
          return person !== undefined && person.admin && !person.disabled
        }
      }),
      discovery: { product: 'hoop', version: '0.0.0', issuer, clientId, scopes: ['openid'], deviceFlow: false },
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.embedded === undefined ? {} : { embedded: options.embedded })
    })
    this.#cleanups.push(() => this.listener.close())
  }

  #log(): Log {
    const at = (level: string) => (facts: object, message: string) => {
      this.logged.push({ level, facts: facts as Record<string, unknown>, message })
    }
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }

  get bugs() { return this.logged.filter(({ level }) => level === 'error') }

  /** @returns the access token of a new login */
  async logIn(subject: string, groups: readonly string[] = ['engineers']): Promise<string> {
    const idToken = await this.#sign({ email: `${subject}@example.com`, groups }, subject)
    const { status, body, text } = await this.ask('POST', paths.tokens, { body: { grant: 'id_token', idToken } })
    if (status !== 200) throw new Error(`login failed: ${text}`)
    return (body as TokenResponse).accessToken
  }

  /** The id identity knows a person by. */
  userId(subject: string): string {
    return this.state.users.list().find((user) => user.subject === subject)!.id
  }

  async open(token: string, target = 'prod-db'): Promise<string> {
    const { body, status, text } = await this.ask('POST', paths.sessions, { token, body: { target } })
    if (status !== 201) throw new Error(`open failed: ${text}`, { cause: this.bugs.at(-1)?.facts.error })
    return (body as OpenedSession).id
  }

  ask(method: string, path: string, { token, body, headers = {} }: Ask = {}): Promise<Reply> {
    const payload = body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    return this.exchange(method, path, {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers
    }, payload)
  }

  exchange(method: string, path: string, headers: OutgoingHttpHeaders, payload?: string | Buffer): Promise<Reply> {
    const send = this.#options.tls === undefined ? requestPlain : requestTls
    return new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port: this.listener.port, method, path, headers, agent: false, rejectUnauthorized: false }
      const request = send(to, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(replyOf(response.statusCode!, response.headers, Buffer.concat(chunks).toString())))
      })
      request.on('upgrade', (_, socket) => {
        socket.destroy()
        reject(new Error('upgraded'))
      })
      request.on('error', reject)
      request.end(payload)
    })
  }

  /** Resolves once open. @throws Reply when the upgrade is refused */
  async webSocket(path: string, token: string | undefined, options: WebSocket.ClientOptions = {}): Promise<WebSocket> {
    const scheme = this.#options.tls === undefined ? 'ws' : 'wss'
    const socket = new WebSocket(`${scheme}://127.0.0.1:${this.listener.port}${path}`, {
      perMessageDeflate: false,
      rejectUnauthorized: false,
      ...options,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...options.headers }
    })
    this.#cleanups.push(() => socket.terminate())
    const refused = new Promise<never>((_, reject) => {
      socket.on('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => reject(replyOf(response.statusCode!, response.headers, Buffer.concat(chunks).toString())))
      })
      socket.on('error', reject)
    })
    await Promise.race([once(socket, 'open'), refused])
    refused.catch(() => {})
    return socket
  }

  async refusal(path: string, token: string | undefined, options: WebSocket.ClientOptions = {}): Promise<Reply> {
    return this.webSocket(path, token, options).then(() => { throw new Error('not refused') }, (reply: unknown) => reply as Reply)
  }

  async connect(id: string, token: string): Promise<Duplex> {
    return tunnelStream(await this.webSocket(paths.sessionConnections(id), token)).on('error', () => {})
  }

  /** A plain connection for what no HTTP client would send. */
  async raw(): Promise<Socket> {
    const socket = connectTcp(this.listener.port, '127.0.0.1')
    socket.on('error', () => {})
    this.#cleanups.push(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  async entries(): Promise<AuditEntry[]> {
    const found: AuditEntry[] = []
    for await (const entry of this.audit.read({})) found.push(entry)
    return found
  }

  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup()
  }
}

function replyOf(status: number, headers: IncomingMessage['headers'], text: string): Reply {
  const json = /json/.test(headers['content-type'] ?? '')
  return { status, headers, text, body: json ? JSON.parse(text) as ApiProblem : undefined }
}

/** Gives each chunk back once the gate has let it through; `DROP` is a schema change. */
const echo: Protocol = {
  name: 'echo',
  check: () => {},
  usage: () => ({
    url: 'echo://{host}:{port}',
    command: 'echo',
    environment: {},
    offline: { probes: [], errors: { unauthenticated: '', gateway_unreachable: '', session_ended: '' } }
  }),
  probe: () => Promise.resolve('echo 1'),
  explain: (_edge, { statement }) => Promise.resolve([{
    operation: {
      kind: 'statement',
      step: 'execute',
      text: statement,
      redacted: 'redacted',
      sha256: '0'.repeat(64),
      parameters: [],
      effects: ['read'],
      relations: [],
      functions: [],
      flags: [],
      verb: 'SELECT'
    },
    shows: { flows: [], unproven: [] }
  }]),
  async serve(client: Duplex, session: Session) {
    const goodbye = () => client.end(`FATAL ${(session.signal.reason as Error).message}\n`)
    session.signal.addEventListener('abort', goodbye, { once: true })
    try {
      for await (const chunk of client.iterator({ destroyOnReturn: false })) {
        const text = String(chunk)
        const schema = text.startsWith('DROP')
        const [permit] = await session.authorize([{
          kind: 'statement',
          step: 'execute',
          text,
          redacted: text,
          sha256: '0'.repeat(64),
          parameters: [],
          effects: [schema ? 'schema' : 'read'],
          relations: [],
          functions: [],
          flags: [],
          verb: schema ? 'DROP' : 'SELECT'
        }])
        if (!client.write(chunk)) await once(client, 'drain', { signal: session.signal })
        permit!.settle({ status: 'ok' })
      }
      client.end()
    } finally {
      session.signal.removeEventListener('abort', goodbye)
    }
  }
}

/** @returns starts an edge that ends with the test */
export function startingEdges(): (options?: EdgeOptions) => Promise<Edge> {
  const started: Edge[] = []
  afterEach(async () => {
    for (const one of started.splice(0)) await one.stop()
  })
  return async (options = {}) => {
    const one = await Edge.start(options)
    started.push(one)
    return one
  }
}
