// What a client was shown in a session, in order: the events of a recording, as they are stored, replayed and followed. Types only.
import type { SessionSummary } from './api.ts'
import type { StatementOperation, ReviewState } from './model.ts'

/** What a protocol shows its client, after masking. `entry`: index in the audit log of the statement it belongs to. */
export type ShownEvent = { readonly entry?: number } & (
  | { readonly type: 'columns', readonly columns: readonly ShownColumn[] }
  /** Values as text; what cannot be read as one is `\x` and its bytes in hex. */
  | { readonly type: 'rows', readonly rows: readonly (readonly (string | null)[])[] }
  /** COPY data; `text` is `\x` and hex for the binary form. */
  | { readonly type: 'copy', readonly text: string, readonly lines: number }
  | { readonly type: 'notice' | 'error', readonly severity: string, readonly sqlState: string, readonly message: string, readonly detail?: string, readonly hint?: string, readonly context?: string }
  /** The statement has ended well. `tag` is the server's word for it, e.g. "SELECT 3". */
  | { readonly type: 'done', readonly tag: string }
  | CutEvent
)

export interface ShownColumn {
  readonly name: string
  /** The protocol's own number of the type: PostgreSQL's OID. */
  readonly type: number
  /** It is protected: what stands in its rows are masks. */
  readonly masked?: true
}

/** From here on the statement's result was not kept, but shown: so many rows and bytes, and SHA-256 over those bytes, lower-case hex. */
export interface CutEvent {
  readonly type: 'cut'
  readonly entry?: number
  /** `text`: of the statement itself, whose `bytes` and hash these are. */
  readonly what: 'result' | 'text'
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

/** What the session adds. */
export type VisitEvent =
  | { readonly type: 'connection.start' }
  | { readonly type: 'connection.end', readonly error?: string }
  /** It may run from here on. `text` is exact; `parameters` as text, or `\x` and hex. */
  | { readonly type: 'statement', readonly entry: number, readonly step: StatementOperation['step'], readonly verb: string, readonly text: string, readonly parameters?: readonly (string | null)[] }
  /** `text` is what waits, exactly. */
  | { readonly type: 'held', readonly review: string, readonly rule: string, readonly asked: readonly string[], readonly text: string }
  | { readonly type: 'decided', readonly review: string, readonly state: Exclude<ReviewState, 'pending'>, readonly by?: string, readonly reason?: string }
  | { readonly type: 'denied', readonly rule: string, readonly reason: string, readonly text: string }
  | { readonly type: 'warning', readonly message: string }
  /** The last one of a session that ended in order. */
  | { readonly type: 'end', readonly code: string, readonly reason: string }

export interface When {
  /** Milliseconds since the session was opened. */
  readonly at: number
  /** Numbered from 1 within the session; absent for what is about the session as a whole. */
  readonly connection?: number
}

export type RecordingEvent = When & (ShownEvent | VisitEvent)

/** The first line of a replay. */
export interface RecordingHead {
  readonly type: 'recording'
  readonly session: SessionSummary
  /**
   * Whether the file is the one the audit log names. `open`: the session is, and its file is not finished. `unknown`: the log names
   * none, because the gateway stopped before it could.
   */
  readonly matches: boolean | 'open' | 'unknown'
}

/** The last line of a replay whose file cannot be read to its end. */
export interface RecordingDamage {
  readonly type: 'damaged'
  readonly reason: string
}

export type ReplayLine = RecordingHead | RecordingEvent | RecordingDamage
