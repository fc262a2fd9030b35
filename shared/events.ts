// What the gateway tells the command line on a session's events WebSocket: JSON text frames, one event each.

export type SessionEvent =
  | { readonly type: 'connection.opened', readonly connection: number }
  | { readonly type: 'connection.closed', readonly connection: number, readonly error?: string }
  | { readonly type: 'denied', readonly connection: number, readonly rule: string, readonly reason: string, readonly statement: string }
  | { readonly type: 'warning', readonly message: string, readonly hint?: string }
  /** The last event; the session cannot be used any more. */
  | { readonly type: 'ended', readonly code: string, readonly reason: string, readonly hint?: string }
