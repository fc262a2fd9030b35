// Serves one protocol on a local port with a session whose gate is scripted by the test: what is asked, allowed, settled, in order.
import { randomBytes } from 'node:crypto'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TargetConfig } from '../../server/config.ts'
import type { Detection, Protection } from '../../server/policy/protect.ts'
import type { Protocol, ShownCounts, Waiting } from '../../server/protocols/protocol.ts'
import { createSecrets } from '../../server/secrets.ts'
import { createEdge } from '../../server/targets/dial.ts'
import { asGatewayError, Denied, GatewayError } from '../../shared/errors.ts'
import { makeId } from '../../shared/id.ts'
import type { Operation, Outcome, Permit, Target } from '../../shared/model.ts'

export interface HarnessOptions {
  readonly address: string
  readonly database?: string
  readonly tls?: TargetConfig['tls']
  readonly user?: string
  readonly password?: string
  readonly clientPassword?: string
  /** Who it is; alice unless given. */
  readonly subject?: string
  readonly protection?: Protection
  readonly detection?: Detection
  /** Certificate files of `tls` start here. */
  readonly folder?: string
}

/** Text to refuse with, or undefined to allow; a promise keeps the operation waiting as a review would. */
export type Gate = (operation: Operation, all: readonly Operation[]) => string | undefined | Promise<string | undefined>

/** As the real gate decides where everything is allowed and there is nobody to ask: by what a statement would expose. */
export const byExposure: Gate = (operation) => {
  const exposure = 'exposure' in operation ? operation.exposure : undefined
  return exposure === undefined || exposure.action === 'allow' ? undefined : exposure.why.join('; ')
}

export class ProtocolHarness {
  /** Decides each operation; allows everything until a test says otherwise. */
  gate: Gate = () => undefined
  /** Keeps operations waiting as a review does: the client is told, and may go. Resolves with the refusal, or undefined to release. */
  hold: ((operations: readonly Operation[]) => Promise<GatewayError | undefined>) | undefined
  /** Runs in place of the gate where a whole call is to fail. */
  failure: GatewayError | undefined
  /** What is protected, until a test says otherwise: another object is another protection. */
  protection: Protection | undefined
  /** Each call of `authorize`. */
  readonly asked: (readonly Operation[])[] = []
  readonly settled: { readonly operation: Operation, readonly outcome: Outcome }[] = []
  /** How each connection ended: undefined for well. */
  readonly ends: (GatewayError | undefined)[] = []
  /** What clients called themselves, with what they have been shown. */
  readonly introduced: { readonly name: string | undefined, readonly shown: ShownCounts }[] = []
  readonly target: Target
  readonly #server: Server
  readonly #session = new AbortController()
  readonly #sockets = new Set<Socket>()
  readonly #runs = new Set<Promise<void>>()
  #connections = 0

  private constructor(protocol: Protocol, options: HarnessOptions) {
    const tls = options.tls ?? 'disable'
    this.protection = options.protection
    this.target = {
      name: 'db',
      protocol: protocol.name,
      address: options.address,
      tls: typeof tls === 'string' ? tls : tls.mode,
      labels: {},
      ...(options.database === undefined ? {} : { database: options.database })
    }
    const environment: NodeJS.ProcessEnv = options.password === undefined ? {} : { UPSTREAM: options.password }
    const credential = { user: options.user ?? 'postgres', ...(options.password === undefined ? {} : { password: 'env:UPSTREAM' }) }
    const secrets = createSecrets(options.folder ?? '.', environment, ['env:UPSTREAM'])
    const edge = createEdge(this.target, { protocol: protocol.name, address: options.address, tls, credential, labels: {} }, secrets)
    const id = makeId(Date.now(), randomBytes(16))
    protocol.check(this.target)
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      const run = protocol.serve(socket, {
        ...edge,
        id,
        connection: ++this.#connections,
        principal: { issuer: 'https://idp.test', subject: options.subject ?? 'alice', groups: [], kind: 'human' },
        ...(options.clientPassword === undefined ? {} : { clientPassword: options.clientPassword }),
        signal: this.#session.signal,
        protection: () => this.protection,
        detection: () => options.detection,
        authorize: (operations, waiting) => this.#authorize(operations, waiting),
        introduce: (name, shown) => { this.introduced.push({ name, shown }) }
      }).then(() => { this.ends.push(undefined) }, (error: unknown) => { this.ends.push(asGatewayError(error)) }).finally(() => {
        this.#sockets.delete(socket)
        this.#runs.delete(run)
        socket.destroy()
      })
      this.#runs.add(run)
    })
  }

  static async start(protocol: Protocol, options: HarnessOptions): Promise<ProtocolHarness> {
    const harness = new ProtocolHarness(protocol, options)
    await new Promise<void>((resolve) => harness.#server.listen(0, '127.0.0.1', resolve))
    return harness
  }

  get port(): number { return (this.#server.address() as AddressInfo).port }
  get to(): { host: string, port: number } { return { host: '127.0.0.1', port: this.port } }
  /** Everything asked for, flat. */
  get operations(): Operation[] { return this.asked.flat() }
  get open(): number { return this.#runs.size }

  /** As the registry would on revocation or kill. */
  kill(reason: GatewayError): void {
    this.#session.abort(reason)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#runs)
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #authorize(operations: readonly Operation[], waiting?: Waiting): Promise<readonly Permit[]> {
    this.asked.push(operations)
    if (this.failure !== undefined) throw this.failure
    if (this.hold !== undefined) await this.#wait(this.hold(operations), waiting!)
    const answers = await Promise.all(operations.map((operation) => this.gate(operation, operations)))
    const refused = answers.findIndex((answer) => answer !== undefined)
    if (refused >= 0) throw new Denied('the rule of the test', answers[refused]!, refused)
    return operations.map((operation, entry) => {
      let settled = false
      return {
        decision: { action: 'allow', rule: 'everything', masks: [] },
        entry,
        settle: (outcome: Outcome) => {
          if (settled) return
          settled = true
          this.settled.push({ operation, outcome })
        }
      }
    })
  }

  async #wait(decided: Promise<GatewayError | undefined>, waiting: Waiting): Promise<void> {
    waiting.held({ review: 'r'.repeat(26), rule: 'the rule of the test', asked: ['dba'], expiresAt: Date.now() + 60_000, timeoutSeconds: 60, reasonWanted: false })
    const gone = new Promise<GatewayError>((resolve) => {
      waiting.gone.addEventListener('abort', () => resolve(new GatewayError('cancelled', 'cancelled while it waited')), { once: true })
    })
    const refused = await Promise.race([decided, gone])
    if (refused !== undefined) throw refused
  }
}
