// `hoop gateway check`: what is wrong with a configuration, and whether everything it names answers.
import type { Catalog } from '../targets/catalog.ts'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import type { Target } from '../../shared/model.ts'

const probeTimeoutMilliseconds = 15_000

/** How one target answered: its own version, or what went wrong. */
export type Finding = { readonly target: string, readonly ok: true, readonly version: string }
  | { readonly target: string, readonly ok: false, readonly message: string, readonly hint?: string }

/** Logs in to every target at once and leaves again. */
export function probeTargets(catalog: Catalog): Promise<Finding[]> {
  return Promise.all(catalog.entries.map(async ({ target, protocol, edge }): Promise<Finding> => {
    const timeout = AbortSignal.timeout(probeTimeoutMilliseconds)
    try {
      return { target: target.name, ok: true, version: await protocol.probe(edge, timeout) }
    } catch (error) {
      const { message, hint, code, cause } = asGatewayError(timeout.aborted ? tooSlow(target.name) : error)
      // Only the operator reads this, so the reason behind an unreadable secret may be named; it holds the reference, not the value.
      const why = code === 'target_refused' && cause instanceof GatewayError ? `${message}: ${cause.message}` : message
      const advice = hint ?? (code === 'target_unreachable' ? adviceFor(target, message) : undefined)
      return { target: target.name, ok: false, message: why, ...(advice === undefined ? {} : { hint: advice }) }
    }
  }))
}

/** For whoever wrote the configuration: where in it to look. */
function adviceFor({ name, address }: Target, message: string): string {
  return message.includes('TLS')
    ? `targets.${name}.tls says what is wanted; "disable" is for this machine, or a network that is yours alone`
    : `is ${address} right (targets.${name}.address), and does the database run?`
}

function tooSlow(target: string): GatewayError {
  return new GatewayError('target_unreachable', `target "${target}" did not finish its login within 15 s`)
}
