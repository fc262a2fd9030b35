// An open port: a visit at the gateway and a local listener that carries connections to it. What `hoop connect` is around.
import { join } from 'node:path'
import type { OpenedSession } from '../../shared/api.ts'
import type { GatewayError } from '../../shared/errors.ts'
import type { SessionId } from '../../shared/model.ts'
import type { CliSettings } from '../config.ts'
import type { Gateway } from '../gateway.ts'
import { localGuard } from './guard.ts'
import { openListener } from './listener.ts'
import { fillUsage, type FilledUsage } from './usage.ts'
import { openVisit, type VisitEvent } from './visit.ts'

export interface PortOptions {
  readonly target: string
  /** Why protected values are to be seen in clear. */
  readonly clear?: string
  /** Undefined: the target's sticky one; 0: any free one. */
  readonly port?: number
  readonly gatewayUrl: string
  readonly gateway: () => Promise<Gateway>
  readonly settings: Pick<CliSettings, 'configDirectory' | 'runtimeDirectory' | 'token' | 'tokenFile'>
  readonly tell: (event: VisitEvent) => void
  /** A local connection that came to nothing, or ended in the middle. */
  readonly onFailure: (error: GatewayError) => void
  readonly now: () => number
}

export interface OpenPort {
  readonly host: string
  readonly port: number
  /** That it is not the port the target has otherwise, for telling once the port has been told. */
  readonly warning?: VisitEvent
  readonly socket?: { readonly folder: string, readonly path: string }
  /** Clients must present it: peers cannot be told apart on this machine. */
  readonly password?: string
  readonly target: { readonly name: string, readonly protocol: string, readonly database?: string }
  readonly session: SessionId
  readonly usage: FilledUsage
  /** What is shown in clear, as the session was opened. */
  readonly clear?: OpenedSession['clear']
  readonly connections: number
  /** As `Visit.retry`. */
  retry(): void
  /** Resolves when the session is over for a reason no waiting cures; without an error when closed by us. */
  readonly over: Promise<GatewayError | undefined>
  close(graceMilliseconds: number): Promise<void>
}

/** @throws GatewayError when the session cannot be opened, or the port is in use */
export async function openPort(options: PortOptions): Promise<OpenPort> {
  const { settings, target, gatewayUrl, now } = options
  const guard = await localGuard()
  const visit = await openVisit({
    gateway: options.gateway,
    request: {
      target,
      ...(guard === undefined ? { clientPassword: true } : {}),
      ...(options.clear === undefined ? {} : { clear: options.clear })
    },
    tell: options.tell,
    // A token from the environment stays what it is; a person may log in again in another window.
    waitForLogin: settings.token === undefined || settings.tokenFile !== undefined
  })
  const { socketName } = visit.opened.usage
  const base = settings.runtimeDirectory === undefined ? join(settings.configDirectory, 'run') : join(settings.runtimeDirectory, 'hoop')
  const listener = await openListener({
    gatewayUrl,
    target: visit.opened.target.name,
    configDirectory: settings.configDirectory,
    ...(options.port === undefined ? {} : { port: options.port }),
    guard,
    socket: { base, name: (port) => (socketName ?? '{port}.sock').replaceAll('{port}', String(port)) },
    open: () => visit.connection(),
    offline: () => visit.opened.usage.offline,
    onFailure: options.onFailure,
    now
  }).catch(async (error: unknown) => {
    await visit.close()
    throw error
  })
  const warning = listener.taken === undefined ? undefined : takenWarning(listener.taken, listener.port, target)
  const place = () => {
    const { clientPassword } = visit.opened
    return { host: listener.host, port: listener.port, ...(clientPassword === undefined ? {} : { password: clientPassword }) }
  }
  return {
    ...place(),
    ...(warning === undefined ? {} : { warning }),
    ...(listener.socket === undefined ? {} : { socket: listener.socket }),
    target: visit.opened.target,
    ...(visit.opened.clear === undefined ? {} : { clear: visit.opened.clear }),
    get session() { return visit.opened.id },
    get usage() { return fillUsage(visit.opened.usage, place()) },
    get connections() { return listener.connections },
    retry: () => visit.retry(),
    over: visit.over,
    async close(graceMilliseconds) {
      // The gateway knows the clients' protocol; without it they are cut off.
      await listener.close(graceMilliseconds, () => visit.close())
      await visit.close()
    }
  }
}

function takenWarning(taken: number, instead: number, target: string): VisitEvent {
  return {
    type: 'warning',
    message: `port ${taken}, which ${target} has otherwise, is in use by something else of yours, perhaps another hoop connect; this time it is ${instead}`,
    hint: `what is set to ${taken} does not reach ${target} now; stop what listens there and start again, or name one: hoop connect ${target} --port PORT`
  }
}
