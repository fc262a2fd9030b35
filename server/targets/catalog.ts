// The targets by name: which there are, who may see them, and the way to each.
import { GatewayError } from '../../shared/errors.ts'
import type { TargetSummary } from '../../shared/api.ts'
import type { Target } from '../../shared/model.ts'
import type { TargetConfig } from '../config.ts'
import type { Edge, Protocol } from '../protocols/protocol.ts'
import type { Secrets } from '../secrets.ts'
import { createEdge } from './dial.ts'
import { didYouMean, nearest } from '../../shared/nearest.ts'

export interface CatalogEntry {
  readonly target: Target
  readonly protocol: Protocol
  readonly edge: Edge
  /** Where sessions are recorded at all. `optional`: a session goes on where it cannot be. */
  readonly recording: NonNullable<TargetConfig['recording']>
}

export interface Catalog {
  /** Every target, in the order of the configuration. */
  readonly entries: readonly CatalogEntry[]
  /** The targets `mayOpen` says yes to. */
  visible(mayOpen: (target: Target) => boolean): TargetSummary[]
  /**
   * @param mayOpen a target that may not be opened looks like one that does not exist
   * @throws GatewayError target_unknown, with the nearest names as hint
   */
  find(name: string, mayOpen: (target: Target) => boolean): CatalogEntry
}

/** @throws GatewayError config_invalid for an unknown protocol, or a target its protocol cannot serve */
export function createCatalog(
  settings: Readonly<Record<string, TargetConfig>>,
  protocols: readonly Protocol[],
  secrets: Secrets
): Catalog {
  const entries = Object.entries(settings).map(([name, config]): CatalogEntry => {
    const protocol = protocols.find((candidate) => candidate.name === config.protocol)
    if (protocol === undefined) {
      const known = protocols.map((candidate) => candidate.name).join(', ')
      throw new GatewayError('config_invalid', `targets.${name}.protocol: "${config.protocol}" is not one of: ${known}`)
    }
    const target: Target = {
      name,
      protocol: config.protocol,
      address: config.address,
      ...(config.database === undefined ? {} : { database: config.database }),
      tls: typeof config.tls === 'string' ? config.tls : config.tls.mode,
      labels: config.labels
    }
    protocol.check(target)
    return { target, protocol, edge: createEdge(target, config, secrets), recording: config.recording ?? 'required' }
  })
  const byName = new Map(entries.map((entry) => [entry.target.name, entry]))

  return {
    entries,
    visible: (mayOpen) => entries.filter(({ target }) => mayOpen(target)).map(({ target }) => summary(target)),
    find(name, mayOpen) {
      const entry = byName.get(name)
      if (entry !== undefined && mayOpen(entry.target)) return entry
      const near = nearest(name, entries.filter(({ target }) => mayOpen(target)).map(({ target }) => target.name))
      const hint = near.length > 0 ? `${didYouMean(near)} hoop targets lists what you may open` : 'hoop targets lists what you may open'
      throw new GatewayError('target_unknown', `there is no target "${name}" for you`, { hint })
    }
  }
}

export function summary(target: Target): TargetSummary {
  return {
    name: target.name,
    protocol: target.protocol,
    ...(target.database === undefined ? {} : { database: target.database }),
    labels: target.labels
  }
}
