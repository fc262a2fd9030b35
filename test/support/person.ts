// A person at a command line: a configuration folder of their own, `hoop` run in it as scripts run it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTokenStore } from '../../cli/login/tokens.ts'
import type { TokenResponse } from '../../shared/api.ts'
import { TestBrowser, type Credentials } from './browser.ts'
import { Kept } from './kept.ts'
import { Tmux, type TmuxOptions } from './tmux.ts'

/** Where the gateway is, which `hoop` to run, and whom to trust. */
export interface GatewayFacts {
  readonly url: string
  readonly hoop: string
  readonly authority: { readonly ca: string, readonly caFile: string } | undefined
}

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `hoop connect` as it runs: the port of this machine that native clients use. */
export interface TestPort {
  readonly host: string
  readonly port: number
  /** For native clients; without a password. */
  readonly url: string
  readonly socket: string | undefined
  readonly session: string
  /** Process id of `hoop connect`. */
  readonly pid: number
  /** Its events so far, one JSON object a line of its stdout. */
  events(): Record<string, unknown>[]
  /** Ctrl-C. @returns its exit code */
  close(): Promise<number>
  readonly process: Kept
}

export class TestPerson {
  readonly configDirectory: string
  readonly #gateway: GatewayFacts
  readonly #running = new Set<Kept>()

  private constructor(gateway: GatewayFacts, configDirectory: string) {
    this.#gateway = gateway
    this.configDirectory = configDirectory
  }

  /** Not logged in yet. */
  static async create(gateway: GatewayFacts): Promise<TestPerson> {
    return new TestPerson(gateway, await mkdtemp(join(tmpdir(), 'hoop-person-')))
  }

  /** What `hoop` finds in its environment. */
  get environment(): Readonly<Record<string, string>> {
    const { url, authority } = this.#gateway
    return {
      HOOP_CONFIG_DIR: this.configDirectory,
      HOOP_GATEWAY: url,
      HOOP_KEYCHAIN: 'off',
      XDG_RUNTIME_DIR: this.configDirectory,
      ...(authority === undefined ? {} : { HOOP_CA: authority.caFile })
    }
  }

  /** `hoop` in a terminal, as a person has it; the caller closes that. */
  terminal(args: readonly string[], { env = {}, ...size }: Omit<TmuxOptions, 'cwd'> = {}): Promise<Tmux> {
    return Tmux.start([process.execPath, this.#gateway.hoop, ...args], {
      ...size,
      cwd: this.configDirectory,
      env: { ...this.environment, ...env }
    })
  }

  /** Runs `hoop`; ended with the person at the latest. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Kept {
    const child = new Kept(process.execPath, [this.#gateway.hoop, ...args], {
      cwd: this.configDirectory,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, ...this.environment, ...env }
    })
    this.#running.add(child)
    void child.exited.then(() => this.#running.delete(child))
    return child
  }

  /** Runs `hoop` to its end. */
  async finish(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const child = this.run(args, env)
    const code = await child.exited
    return { code, stdout: child.stdout, stderr: child.stderr }
  }

  /** As `hoop login` leaves it: the gateway's tokens in the store of this folder. */
  async keep(tokens: TokenResponse): Promise<void> {
    const store = await openTokenStore({ directory: this.configDirectory, keychain: 'off', say: () => undefined })
    const { accessToken, refreshToken, expiresInSeconds, principal } = tokens
    await store.save(this.#gateway.url, {
      accessToken,
      principal,
      expiresAt: Date.now() + expiresInSeconds * 1000,
      ...(refreshToken === undefined ? {} : { refreshToken })
    })
  }

  /**
   * `hoop login --device`, with the person's side of it done in a browser without JavaScript. Takes more than five seconds: the
   * interval at which a device may ask (RFC 8628 section 3.5).
   */
  async logInWithDevice(user: Credentials): Promise<void> {
    const login = this.run(['login', '--device'])
    const [, verification] = await login.line(/(https?:\/\/\S+)/, { of: 'stderr' })
    const [, code] = await login.line(/\b([A-Z0-9]{4}-[A-Z0-9]{4})\b/, { of: 'stderr' })
    await new TestBrowser(this.#gateway.authority?.ca).confirmDevice(verification!, code!, user)
    if (await login.exited !== 0) throw new Error(`hoop login --device ended with ${login.code}:\n${login.stderr}`)
  }

  /** `hoop connect TARGET --json` on any free port. */
  async connect(target: string, env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Promise<TestPort> {
    const child = this.run(['connect', target, '--port', '0', '--json', ...flags], env)
    await child.line(/"type":"ready".*\n/)
    const lines = () => child.stdout.split('\n').slice(0, -1)
    const events = () => lines().map((line) => JSON.parse(line) as Record<string, unknown>)
    const ready = events().find(({ type }) => type === 'ready') as unknown as TestPort
    const { host, port, url, socket, session } = ready
    const pid = await child.pid
    return { host, port, url, socket, session, pid, events, close: () => child.end('INT'), process: child }
  }

  /** Ends what still runs and removes the folder. */
  async leave(): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.end('INT', 5000)))
    await rm(this.configDirectory, { recursive: true, force: true })
  }
}
