// `hoop policy check` and `hoop policy suggest`: what a configuration protects, next to what its targets have.
import type { Catalog, CatalogEntry } from '../targets/catalog.ts'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import type { Suggestions, Survey } from '../../shared/explain.ts'
import type { Target } from '../../shared/model.ts'

const surveyTimeoutMilliseconds = 60_000
const suggestTimeoutMilliseconds = 15 * 60_000

type Surveying = NonNullable<CatalogEntry['protocol']['survey']>
type ProtectionOf = (target: Target) => Parameters<Surveying>[1]
export type SurveyedTarget = Survey | { readonly target: string, readonly error: string, readonly hint?: string }

/** @param only the one target to look at. @throws GatewayError target_unknown, with the nearest names */
export async function surveyTargets(
  catalog: Catalog,
  only: string | undefined,
  protectionOf: ProtectionOf
): Promise<readonly SurveyedTarget[]> {
  const entries = only === undefined ? catalog.entries : [catalog.find(only, () => true)]
  return Promise.all(entries.map(async ({ target, protocol, edge }): Promise<SurveyedTarget> => {
    const timeout = AbortSignal.timeout(surveyTimeoutMilliseconds)
    try {
      if (protocol.survey === undefined) throw unsupported(protocol.name)
      return await protocol.survey(edge, protectionOf(target), timeout)
    } catch (error) {
      const { message, hint } = asGatewayError(timeout.aborted ? tooSlow(target, 'catalog was', surveyTimeoutMilliseconds) : error)
      return { target: target.name, error: message, ...(hint === undefined ? {} : { hint }) }
    }
  }))
}

/** @throws GatewayError target_unknown | target_unreachable | target_refused */
export async function suggestFor(catalog: Catalog, name: string, rows: number, protectionOf: ProtectionOf): Promise<Suggestions> {
  const { target, protocol, edge } = catalog.find(name, () => true)
  if (protocol.suggest === undefined) throw unsupported(protocol.name)
  const timeout = AbortSignal.timeout(suggestTimeoutMilliseconds)
  return protocol.suggest(edge, protectionOf(target), { rows }, timeout).catch((error: unknown) => {
    throw timeout.aborted ? tooSlow(target, 'tables were', suggestTimeoutMilliseconds) : error
  })
}

function unsupported(protocol: string): GatewayError {
  return new GatewayError('bad_request', `columns of ${protocol} targets cannot be protected`)
}

/** @param what of the target could not be read, with its verb: "catalog was" */
export function tooSlow({ name }: Target, what: string, milliseconds: number): GatewayError {
  return new GatewayError('target_unreachable', `target "${name}": its ${what} not read within ${milliseconds / 1000} s`)
}
