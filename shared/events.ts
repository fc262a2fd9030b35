// What the gateway tells the command line on a session's events WebSocket: JSON text frames, one event each.

import type { ReviewSummary } from './api.ts'
import type { Outcome, ReviewState } from './model.ts'

export type SessionEvent =
  | { readonly type: 'connection.opened', readonly connection: number }
  | { readonly type: 'connection.closed', readonly connection: number, readonly error?: string } & ConnectionTotals
  /**
   * What connections do; of those that changed since, at most four times a second. `whole`: these are all that are open, told to whoever
   * begins to listen where there have been some.
   */
  | { readonly type: 'activity', readonly connections: readonly ConnectionActivity[], readonly whole?: true }
  | { readonly type: 'denied', readonly connection: number, readonly rule: string, readonly reason: string, readonly statement: string }
  /** A statement waits for people. `expiresAt` is RFC 3339; `statement` is the redacted form. */
  | { readonly type: 'held', readonly connection: number, readonly review: string, readonly rule: string, readonly asked: readonly string[], readonly expiresAt: string, readonly statement: string, readonly reasonWanted: boolean }
  /** How that ended. `by`: who decided, as people know them. */
  | { readonly type: 'decided', readonly connection: number, readonly review: string, readonly state: Exclude<ReviewState, 'pending'>, readonly by?: string, readonly reason?: string }
  | { readonly type: 'warning', readonly message: string, readonly hint?: string }
  /** The last event; the session cannot be used any more. */
  | { readonly type: 'ended', readonly code: string, readonly reason: string, readonly hint?: string }

/** What a connection has done since it was opened. */
export interface ConnectionTotals {
  /** That may have run. */
  readonly statements: number
  /** That its client was shown. */
  readonly rows: number
  /** In results its statements asked for. */
  readonly maskedColumns: number
  /** Of those columns, in the rows that were shown. */
  readonly maskedCells: number
}

export interface ConnectionActivity extends ConnectionTotals {
  readonly connection: number
  /** What the client calls itself, such as PostgreSQL's application_name; absent where it does not say. */
  readonly client?: string
  /** The one that runs, or the last that did. */
  readonly statement?: StatementActivity
}

export interface StatementActivity {
  /** The redacted form, at most 200 characters. */
  readonly text: string
  readonly state: 'running' | Outcome['status']
  /** How long it has been running, or took. */
  readonly milliseconds: number
  /** So far, or in all: shown, or written where it shows none. */
  readonly rows: number
}

/** What the gateway tells an approver on the reviews WebSocket: every pending review they may see first, then each change. */
export type ReviewEvent = { readonly type: 'review', readonly review: ReviewSummary }
