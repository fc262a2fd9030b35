// What the export hands on, and the whole contract of a sink. Types, and the two answers everybody gives.
import type { AuditEntry } from '../../../shared/audit/entry.ts'
import type { SignedCheckpoint } from '../log.ts'

export type Intent = Extract<AuditEntry, { kind: 'statement.intent' }>

/** One thing of the stream: an entry, or the checkpoint that speaks for it. */
export type ExportRecord =
  /** `intent`: of an outcome, the entry whose operation ended, so that one event says who, where and what. */
  | { readonly kind: 'entry', readonly entry: AuditEntry, readonly intent?: Intent }
  | { readonly kind: 'checkpoint', readonly origin: string, /** RFC 3339. */ readonly time: string, readonly checkpoint: SignedCheckpoint }

/** A record in the sink's own form. */
export interface Encoded {
  readonly record: ExportRecord
  readonly text: string
}

/**
 *   delivered  the receiver has them. `rejected`: it took the batch but for some, and does not say which
 *   refused    it will not take these, now or ever; of several, perhaps only one is at fault
 *   again      it could not take anything just now; `afterMilliseconds`: it asks for that much patience
 */
export type Delivery =
  | { readonly result: 'delivered', readonly rejected?: { readonly count: number, readonly reason: string } }
  | { readonly result: 'refused', readonly reason: string }
  | { readonly result: 'again', readonly reason: string, readonly afterMilliseconds?: number }

/** No reason, thrown or returned, holds a secret, an address or anything of a record. */
export interface Sink {
  /** As in the configuration. */
  readonly kind: string
  /** Of one batch; one record alone may be larger. */
  readonly maxRecords: number
  readonly maxBytes: number
  /** @throws when this record has no such form, which is the same as refusing it */
  encode(record: ExportRecord): string
  /** In order, one call at a time. Ends within the sink's own deadline. What it throws counts as `again`. */
  send(batch: readonly Encoded[], signal: AbortSignal): Promise<Delivery>
  close(): void
}

/** When a sink lags by more than either, statements are refused. */
export interface LagBound {
  readonly entries: number
  readonly seconds: number
}

export const indexOf = (record: ExportRecord): number | undefined => record.kind === 'entry' ? record.entry.index : undefined
