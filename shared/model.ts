// The nouns of the project, in the order a statement meets them. Read this file first.
// Types only: who (Principal), to what (Target), one thing asked (Operation), may it (Decision), go (Permit), how it ended (Outcome).

/** 26 lower-case letters and digits, sortable by time of making; the only form ids have in paths, files and logs. */
export type Id = string & { readonly __id?: never }
export type SessionId = Id

/** A verified identity. `(issuer, subject)` identifies it; the e-mail address is for people to read and decides nothing. */
export interface Principal {
  readonly issuer: string
  readonly subject: string
  readonly email?: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly kind: 'human' | 'service' | 'agent'
  /** The person a service or agent acts for, and dies with. */
  readonly onBehalfOf?: { readonly issuer: string, readonly subject: string, readonly email?: string }
  /** Of a CI job: which one it is, as its platform's token says. For the log; nothing is decided by it. */
  readonly claims?: Readonly<Record<string, string>>
}

/** A named thing one can connect to. Holds no secret. */
export interface Target {
  readonly name: string
  /** Which folder under `server/protocols` speaks with it, e.g. "postgres". */
  readonly protocol: string
  /** `host:port`, or an absolute path of a Unix socket. */
  readonly address: string
  /** The one database this target serves, where the protocol has databases. */
  readonly database?: string
  readonly tls: TlsMode
  readonly labels: Readonly<Record<string, string>>
}

/** libpq's sslmode words. `require` encrypts without checking who answers. */
export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full'

/** What a native client needs to reach the local port. `{host}` and `{port}` are filled in by the command line. */
export interface Usage {
  readonly url: string
  /** The native client's command line, ready to paste. */
  readonly command: string
  /** Set for a wrapped command, e.g. PGHOST. One that names `{password}` is left out where the session has none. */
  readonly environment: Readonly<Record<string, string>>
  /**
   * The same as a client's own configuration has it, by the name people know it by, e.g. `jdbc`, `pgpass`. One that names `{password}` is
   * left out where the session has none.
   */
  readonly forms?: Readonly<Record<string, string>>
  /** What clients expect a Unix socket to be called within its folder, e.g. `.s.PGSQL.{port}`; absent: they take any path. */
  readonly socketName?: string
  readonly offline: OfflineReplies
}

/**
 * How the command line, which knows no protocols, tells a native client that the gateway cannot be used just now.
 * All byte strings are base64.
 */
export interface OfflineReplies {
  /** First bytes a client may send that ask a question, and the answer after which it speaks on. */
  readonly probes: readonly { readonly ask: string, readonly answer: string }[]
  /** Sent in answer to anything else, then the connection is closed. */
  readonly errors: Readonly<Record<OfflineReason, string>>
}
export type OfflineReason = 'unauthenticated' | 'gateway_unreachable' | 'session_ended'

/**
 * What a statement does to the database.
 *   read       returns or inspects rows, changes nothing
 *   write      inserts, updates, deletes, truncates, moves sequences
 *   schema     creates, alters or drops objects
 *   privilege  changes who may do what, or what the server itself is
 *   session    changes settings of the connection
 *   unknown    anything not proven to be one of these: takes the stricter path
 * Plain transaction control has none of them.
 */
export type Effect = 'read' | 'write' | 'schema' | 'privilege' | 'session' | 'unknown'

/**
 * Facts rules can match on besides effects.
 *   no_where         UPDATE, DELETE or MERGE of every row (no WHERE, or one that is always true)
 *   syntax_error     does not parse; only the server's parser is asked, for its own error message
 *   pinned_setting   would change a setting the gateway's reading of SQL rests on
 *   server_file      reads or writes files or programs on the server
 *   transaction      begins or ends a transaction
 *   locks            takes explicit locks (FOR UPDATE, LOCK)
 *   cascade          DROP or TRUNCATE ... CASCADE
 *   multiple         part of a string of several statements
 *   function_call    PostgreSQL's fast-path FunctionCall: no text to judge, always refused
 */
export type StatementFlag =
  'no_where' | 'syntax_error' | 'pinned_setting' | 'server_file' | 'transaction' | 'locks' | 'cascade' | 'multiple' | 'function_call'

/** One thing asked within a session. Each kind keeps its own facts; rules match on `kind`. */
export type Operation = StatementOperation | CancelOperation

export interface StatementOperation {
  readonly kind: 'statement'
  /**
   * How far it goes. `check` only lets the server's parser answer; `prepare` parses and plans; `bind` also evaluates
   * parameters; `execute` runs.
   */
  readonly step: 'check' | 'prepare' | 'bind' | 'execute'
  /** Exact text as the client sent it, valid UTF-8, without the wire's closing NUL. */
  readonly text: string
  /** Constants and unknown identifiers replaced, comments dropped; undefined where the text cannot be scanned. */
  readonly redacted?: string
  /** SHA-256 of the exact bytes of `text`, lower-case hex. */
  readonly sha256: string
  /** Likewise of the whole string the client sent, where `text` is one of several statements in it. */
  readonly partOf?: string
  /** Bound parameters in order, bytes as sent; null is SQL NULL. Empty for simple statements. */
  readonly parameters: readonly (Uint8Array | null)[]
  /** PostgreSQL's format codes of the parameters as sent: none (all text), one for all, or one each. 0 text, 1 binary. */
  readonly parameterFormats?: readonly number[]
  readonly effects: readonly Effect[]
  /** As written in the text, schema-qualified where the text does, e.g. "public.patients". */
  readonly relations: readonly string[]
  readonly functions: readonly string[]
  /**
   * Those of `functions` that do more than compute and look. Absent where `unknown` has a cause other than a call: then a
   * rule that vouches for functions does not excuse it.
   */
  readonly effectful?: readonly string[]
  readonly flags: readonly StatementFlag[]
  /** The parser's word for it, e.g. "SELECT", "ALTER TABLE". */
  readonly verb: string
  /** What it shows of protected columns; absent where it reaches none. */
  readonly exposure?: Exposure
}

/** What the analysis of protected columns says of one statement, for one principal. Columns are `schema.relation.column`. */
export interface Exposure {
  /** Whether it may run at all, with its masks. */
  readonly action: 'allow' | 'hold' | 'deny'
  /** What made it hold or deny, for people. */
  readonly why: readonly string[]
  /** Dependencies that were allowed, e.g. `lookup public.patients.email`. */
  readonly flags: readonly string[]
  /** Columns whose values are masked in what goes back. */
  readonly masked: readonly string[]
  /** Columns shown in clear, or whose values decide something, by an exemption. */
  readonly clear: readonly ClearColumns[]
  /** Values of protected columns it asks for, which may be so many only; without, they cannot be counted. Never logged. */
  readonly asked?: readonly { readonly columns: readonly string[], readonly values?: readonly Uint8Array[] }[]
}

/** One column may be protected by several rules, each of which has to except the principal. */
export interface ClearColumns {
  /** The rule in `protect` whose exemption it is. */
  readonly rule: string
  readonly columns: readonly string[]
}

/** That a rule in `protect` does not hold for somebody. */
export interface Exemption {
  readonly rule: string
  /** Its absolute end, RFC 3339; absent: as long as the session and the policy last. */
  readonly until?: string
}

/** A client's request to stop what another of its connections is running. */
export interface CancelOperation {
  readonly kind: 'cancel'
  /** The connection whose statement is to stop, numbered within the session. */
  readonly connection: number
}

/**
 * May it? Every decision names the rule that decided; built-in rules are named "built-in: ...".
 * A hold waits for people; the gate refuses it where nobody can be asked.
 */
export type Decision =
  | { readonly action: 'allow', readonly rule: string, readonly masks: readonly Mask[] }
  | { readonly action: 'deny', readonly rule: string, readonly reason: string }
  | { readonly action: 'hold', readonly rule: string, readonly masks: readonly Mask[], readonly terms: ReviewTerms }

/** What it takes to release what is held. */
export interface ReviewTerms {
  /** Every place has to be filled, each by other people. */
  readonly places: readonly { readonly group: string, readonly count: number }[]
  readonly timeoutSeconds: number
  /** Whether the one who asks, and whoever decides, has to say why. */
  readonly requesterReason: boolean
  readonly approverReason: boolean
  /** Groups whose members may release what they asked for themselves: with a reason, an alert and a review afterwards. */
  readonly breakGlass: readonly string[]
  /** Of access: how long, from the approval on, the target may be opened. */
  readonly windowSeconds?: number
  /** The hold falls away where the estimate is at most so many rows; where there is none it stands. */
  readonly rowsAbove?: number
}

/**
 *   pending -> approved   every place is filled, or somebody broke the glass
 *           -> rejected   one of those asked said no
 *           -> expired    nobody decided in time
 *           -> withdrawn  the one who asked cancelled, or went away
 *           -> void       what was to be approved is not what would run any more, or the gateway was restarted
 * No other moves. An approved one is used once, or voided at release.
 */
export type ReviewState = 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'void'

/** What the protocol can say about a held operation, for whoever decides. */
export interface HeldContext {
  readonly transaction: 'none' | 'open' | 'failed'
  /** Locks the transaction holds, as text: "RowExclusiveLock on visits". */
  readonly locks: readonly string[]
  /** Rows the database expects to be touched or returned; null where it gives no estimate. */
  readonly estimatedRows: number | null
}

/** Replaces one protected column's values in a result. `column` is `schema.relation.column`. */
export interface Mask {
  readonly column: string
  readonly mask: string
  readonly rule: string
}

/** Leave to run one operation once. Exists only after its audit entry is durable. */
export interface Permit {
  readonly decision: Decision
  /** Index of the intent entry in this gateway's log. */
  readonly entry: number
  /** Says how it ended, exactly once; a second call is ignored. */
  settle(outcome: Outcome): void
}

/** How an operation ended. `unknown`: the upstream went away, or the gateway died, before it said. */
export interface Outcome {
  readonly status: 'ok' | 'error' | 'cancelled' | 'unknown'
  readonly rows?: number
  /** Bytes of result sent to the client. */
  readonly bytes?: number
  /** The protocol's own error class, e.g. a SQLSTATE. Never its text. */
  readonly errorClass?: string
  /** What looked like an identifier in columns that nobody has marked. */
  readonly detected?: readonly Detected[]
}

export interface Detected {
  /** `schema.relation.column`, or a result's own name for what is no stored column. */
  readonly column: string
  /** As in the policy, e.g. "ssn". */
  readonly kind: string
  readonly hits: number
}
