// What a protocol is to the gateway, and what the gateway is to a protocol. The whole contract; types only.
import type { Duplex } from 'node:stream'
import type { Detection, Protection } from '../policy/protect.ts'
import type { ExplainedStatement, ExplainRequest, Suggestions, Survey } from '../../shared/explain.ts'
import type { ShownEvent } from '../../shared/recording.ts'
import type { HeldContext, Id, Operation, Permit, Principal, SessionId, StatementOperation, Target, Usage } from '../../shared/model.ts'

export interface Protocol {
  /** As written in a target's `protocol` field, e.g. "postgres". */
  readonly name: string
  /** Rejects a target this protocol cannot serve; called at startup. @throws GatewayError config_invalid, naming the field */
  check(target: Target): void
  /** How native clients reach the local port, and how they are told that it cannot be used just now. */
  usage(target: Target): Usage
  /**
   * Speaks the protocol with one client until either side ends.
   * Bytes of an operation reach upstream only after `session.authorize` resolved for it.
   * Both sides are closed when it returns.
   * @throws GatewayError; by then the client has been told in the protocol's own terms
   */
  serve(client: Duplex, session: Session): Promise<void>
  /**
   * Logs in upstream and leaves again: does the target answer and accept its credential?
   * @returns the server's own version, e.g. "PostgreSQL 15.18"
   * @throws GatewayError target_unreachable | target_refused, without the secret
   */
  probe(edge: Edge, signal: AbortSignal): Promise<string>
  /**
   * What statements would show and do, without sending them anywhere; in order. A session's own names (prepared statements, cursors,
   * temporary tables) are not known here.
   * @throws GatewayError bad_request where the text does not parse; target_unreachable | target_refused
   */
  explain?(edge: Edge, request: ExplainRequest, protection: Protection | undefined, signal: AbortSignal): Promise<readonly Explained[]>
  /**
   * What statements do, from their text alone, as the newest server would read it; in order, and without what they show.
   * @throws GatewayError bad_request where the text does not parse
   */
  read?(text: string): Promise<readonly StatementOperation[]>
  /** What a policy author should know of the catalog. @throws GatewayError target_unreachable | target_refused */
  survey?(edge: Edge, protection: Protection | undefined, signal: AbortSignal): Promise<Survey>
  /** What looks worth protecting; reads values, and returns counts. @throws GatewayError target_unreachable | target_refused */
  suggest?(edge: Edge, protection: Protection | undefined, sample: Sample, signal: AbortSignal): Promise<Suggestions>
}

/** What a protocol knows of one statement; whether it may run is for the policy to say. */
export interface Explained {
  /** As it would be asked for. */
  readonly operation: StatementOperation
  readonly shows: Pick<ExplainedStatement, 'columns' | 'flows' | 'unproven'>
}

export interface Sample {
  /** Rows to read of each table; 0: none, names and comments decide alone. */
  readonly rows: number
}

/** The way to one target: sockets and secret, opened for one connection. */
export interface Edge {
  readonly target: Target
  /** Opens the plain connection (TCP with noDelay, or a Unix socket). @throws GatewayError target_unreachable */
  dial(): Promise<Duplex>
  /**
   * Turns a plain upstream connection into TLS as the target's mode says; the protocol decides when.
   * Nothing may have been read beyond the point where TLS begins.
   * @throws GatewayError target_unreachable, saying which check failed
   */
  secure(plain: Duplex): Promise<SecuredStream>
  /** The upstream secret. Never logged, never sent downstream. @throws GatewayError target_refused if its source cannot be read */
  credential(): Promise<Credential>
}

export interface SecuredStream {
  readonly stream: Duplex
  /** DER of the certificate the upstream showed, for channel binding. */
  readonly peerCertificate: Uint8Array
}

export interface Credential {
  readonly user: string
  readonly password?: string
}

/** One client's connection within a session, as a protocol sees it. */
export interface Session extends Edge {
  readonly id: SessionId
  /** Numbers the connections of a session from 1. */
  readonly connection: number
  readonly principal: Principal
  /** When set, the client must present it in the protocol's own terms before anything else. */
  readonly clientPassword?: string
  /**
   * Aborts on kill, revocation, expiry, shutdown, and when the audit log cannot be written;
   * its reason is the GatewayError the client should be told.
   */
  readonly signal: AbortSignal
  /**
   * What is protected from the principal on this target, by the policy in force now; undefined: nothing.
   * The same object while nothing changes.
   */
  protection(): Protection | undefined
  /** What is looked for in text that nobody has marked; undefined: nothing. The same object while nothing changes. */
  detection(): Detection | undefined
  /**
   * Asks to run operations that stand or fall together (a PostgreSQL batch up to Sync is one implicit transaction).
   * Resolves when they may run, with one permit each, in order. Their audit entries are durable before this resolves.
   * @throws Denied, with the index of the operation refused; ReviewRefused after a hold; GatewayError audit_unavailable | session_ended
   */
  authorize(operations: readonly Operation[], waiting?: Waiting): Promise<readonly Permit[]>
  /**
   * Says who the client is, once that is known, for people to tell connections apart; nothing rests on it.
   * @param name what it calls itself, where it does
   * @param shown goes on counting, and is looked at now and then
   */
  introduce(name: string | undefined, shown: ShownCounts): void
  /** Where the client is shown something, it is told here too; absent: nothing is recorded, and nothing need be looked into for it. */
  readonly recording?: Recording
}

/** What a client has been shown since its connection was opened. */
export interface ShownCounts {
  readonly rows: number
  /** Of masked columns, in those rows; NULL is one too. */
  readonly maskedCells: number
}

/** What the client of one connection is shown, kept for replay: always after masking. */
export interface Recording {
  record(event: ShownEvent): void
  /**
   * Takes room for so many bytes of a result, as they are shown. False: there is none, and to the statement's end what is shown is
   * counted and hashed only, for a `cut` before its `done` or `error`.
   */
  keeps(bytes: number): boolean
  /** Set while it is written more slowly than it comes: nothing more should be shown until it resolves. */
  readonly behind: Promise<void> | undefined
}

/** What a protocol that can keep its client waiting gives the gate; without it, what needs a review is refused. */
export interface Waiting {
  /** Operations are held: tell the client, natively. */
  held(held: Held): void
  /** Aborts when the client goes away or cancels; the review is then withdrawn, whatever was approved. */
  readonly gone: Gone
  /** Asked once, for those who decide; by then it is written down that the operations wait. */
  context(): Promise<HeldContext>
  /**
   * What else the meaning of the bytes rests on, such as the transaction; resolves once nothing sent before is still running.
   * Compared before release with what it was when held.
   */
  epoch(): Promise<string>
}

/** As much of an AbortSignal as is needed: one is begun with each batch, hardly any is listened to, and a real one is dear to make. */
export interface Gone {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void, options: { readonly once: true }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface Held {
  readonly review: Id
  readonly rule: string
  /** Groups whose members may decide. */
  readonly asked: readonly string[]
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly timeoutSeconds: number
  readonly reasonWanted: boolean
}
