// What the gateway tells the command line on a session's events WebSocket: JSON text frames, one event each.

import type { ReviewSummary } from './api.ts'
import type { ReviewState } from './model.ts'

export type SessionEvent =
  | { readonly type: 'connection.opened', readonly connection: number }
  | { readonly type: 'connection.closed', readonly connection: number, readonly error?: string }
  | { readonly type: 'denied', readonly connection: number, readonly rule: string, readonly reason: string, readonly statement: string }
  /** A statement waits for people. `expiresAt` is RFC 3339; `statement` is the redacted form. */
  | { readonly type: 'held', readonly connection: number, readonly review: string, readonly rule: string, readonly asked: readonly string[], readonly expiresAt: string, readonly statement: string, readonly reasonWanted: boolean }
  /** How that ended. `by`: who decided, as people know them. */
  | { readonly type: 'decided', readonly connection: number, readonly review: string, readonly state: Exclude<ReviewState, 'pending'>, readonly by?: string, readonly reason?: string }
  | { readonly type: 'warning', readonly message: string, readonly hint?: string }
  /** The last event; the session cannot be used any more. */
  | { readonly type: 'ended', readonly code: string, readonly reason: string, readonly hint?: string }

/** What the gateway tells an approver on the reviews WebSocket: every pending review they may see first, then each change. */
export type ReviewEvent = { readonly type: 'review', readonly review: ReviewSummary }
