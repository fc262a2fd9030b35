// The gateway's bundle, for commands that run beside its configuration. Loaded when such a command is run, and not before.
import type { AuditEntry } from '../shared/audit/entry.ts'
import type { Suggestions, Survey } from '../shared/explain.ts'
import type { ReplayedLog, TestedCase } from '../shared/policy-check.ts'
import type { Context } from './context.ts'

/** Where it shows what it has to say; `progress` while something takes long. */
interface GatewayIo {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  readonly progress: (text: string) => { done(): void }
}

/** What of it the command line uses. */
export interface ServerModule {
  /** Of these three the exit code, what is wrong having been told. */
  init(file: string, io: GatewayIo): Promise<number>
  check(configFile: string, json: boolean, io: GatewayIo): Promise<number>
  start(configFile: string, once: { readonly acceptLoss: boolean, readonly rotateKey: boolean }, io: GatewayIo): Promise<number>
  /** @throws GatewayError, of the configuration or an unknown target; what is wrong with one target stands in its place */
  survey(configFile: string, target: string | undefined): Promise<readonly SurveyedTarget[]>
  /** @param connect whether targets may be asked for their catalogs. @throws GatewayError */
  testPolicy(configFile: string, casesFile: string, connect: boolean): Promise<readonly TestedCase[]>
  /** Takes the entries of a log in their order. @throws GatewayError, of either configuration */
  replayPolicies(before: string, after: string): Promise<{ take(entries: readonly AuditEntry[]): void, end(): ReplayedLog }>
  suggest(configFile: string, target: string, rows: number): Promise<Suggestions>
}

/** Of one target; or why nothing can be said of it. */
export type SurveyedTarget = Survey | { readonly target: string, readonly error: string, readonly hint?: string }

export async function serverModule(): Promise<ServerModule> {
  // Beside the built command line; computed, so that neither bundle takes in the other.
  return await import(new URL(import.meta.url.endsWith('.ts') ? '../server/main.ts' : './server.js', import.meta.url).href) as ServerModule
}

/** One of the gateway's own commands, on this terminal. It stops in its own order, and has its own second Ctrl-C. */
export async function runGateway(
  { terminal, exitWith, divertSignals }: Pick<Context, 'terminal' | 'exitWith' | 'divertSignals'>,
  run: (server: ServerModule, io: GatewayIo) => Promise<number>
): Promise<void> {
  const server = await serverModule()
  const restore = divertSignals(() => undefined)
  try {
    exitWith(await run(server, {
      out: (line) => terminal.out(line.trimEnd()),
      progress: (text) => terminal.progress(text),
      err: (line) => terminal.say(line.replace(/^hoop: /, '').trimEnd())
    }))
  } finally {
    restore()
  }
}
