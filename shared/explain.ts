// What the gateway says about protected columns without running anything: of one statement, of a target's catalog, of what looks worth
// protecting. Types only. Holds names, counts and reasons; never a value of a table.
import type { Decision, Effect, Exemption, StatementFlag } from './model.ts'

/** POST to `paths.explain`. */
export interface ExplainRequest {
  /** One statement or several, as a client would send them in one string; at most 64 KiB as JSON. */
  readonly statement: string
  /** Where the target has databases and serves more than one. */
  readonly database?: string
}

export interface Explanation {
  readonly target: string
  /** Whether anything on this target is protected from whoever asks; if not, nothing but effects and rules decides. */
  readonly protected: boolean
  readonly statements: readonly ExplainedStatement[]
}

export interface ExplainedStatement {
  readonly verb: string
  readonly effects: readonly Effect[]
  readonly relations: readonly string[]
  readonly functions: readonly string[]
  readonly flags: readonly StatementFlag[]
  /** In order; absent where the statement has none, they are not known before it runs, or nothing is protected here. */
  readonly columns?: readonly ExplainedColumn[]
  /** Whatever else than a cell depends on a protected value. */
  readonly flows: readonly ExplainedFlow[]
  /** What could not be proven; any of it makes the statement hold. */
  readonly unproven: readonly string[]
  /** What would happen if it were run now, by the policy in force. */
  readonly decision: Decision
}

/**
 *   clean     not a protected value, nor made from one
 *   clear     protected, and shown by an exemption
 *   masked    a protected column unchanged: `mask` is put over it
 *   redacted  made from a protected value: a constant of its type, or NULL
 */
export interface ExplainedColumn {
  readonly name: string
  readonly shown: 'clean' | 'clear' | 'masked' | 'redacted'
  readonly mask?: string
  /** What the mask tells of a value nevertheless. */
  readonly tells?: string
  /** Protected columns it depends on, `schema.relation.column`. */
  readonly from: readonly string[]
  /** Of what is shown in clear: because of these. */
  readonly exemptions?: readonly Exemption[]
  /** Of what is masked or redacted: groups whose members may see it in a session opened with a reason. */
  readonly mayAsk?: readonly string[]
  /** Names it went by, the first where it came from: `patients.ssn`, `s`, `substr(s)`. */
  readonly path: readonly string[]
}

export interface ExplainedFlow {
  /** As in the configuration's `masking.flows`. */
  readonly kind: string
  readonly action: 'allow' | 'hold' | 'deny'
  readonly columns: readonly string[]
  /** Of a write: the column written. */
  readonly into?: string
  readonly why: string
}

/** What a policy author should know of one target: `hoop policy check`. Everything is sorted by name. */
export interface Survey {
  readonly target: string
  readonly database: string
  /** Names in `protect` and `masking.trust` that match nothing here, in words, with the nearest that exist. */
  readonly problems: readonly string[]
  /** Protected columns of tables, those included that follow from others (partitions, keys, generated columns). */
  readonly columns: readonly { readonly column: string, readonly mask: string, readonly rule: string, readonly follows?: string }[]
  /** Views with a column that is made from a protected one, or of which that cannot be said. */
  readonly views: readonly SurveyedView[]
  /** Functions of the database's own that hold a statement which calls them, until `masking.trust` names them with this hash. */
  readonly functions: readonly { readonly function: string, readonly why: string, readonly sha256: string }[]
  /** Indexes that would return rows in the order of protected values; sessions run with these settings off. */
  readonly indexes: readonly { readonly relation: string, readonly off: readonly string[] }[]
  /** Columns whose name or comment says that they hold what is usually protected, and that are not. */
  readonly lookAlikes: readonly { readonly column: string, readonly holds: string }[]
}

export interface SurveyedView {
  readonly view: string
  readonly columns: readonly { readonly column: string, readonly from: readonly string[] }[]
  readonly unproven: readonly string[]
  /** For `masking.trust`, where something is unproven or a value decides which rows it has. */
  readonly sha256: string
}

/** What `hoop policy suggest` found in one column that is not protected. */
export interface Suggestion {
  /** `schema.relation.column`. */
  readonly column: string
  /** The kind of identifier, in words: `social security number`. */
  readonly holds: string
  readonly mask: string
  /** What says so. */
  readonly because: readonly ('name' | 'comment' | 'values')[]
  /** Of the values looked at, how many were of that kind; 0 of 0 where none were looked at. */
  readonly hits: number
  readonly sampled: number
}

/** What was looked at. */
export interface Suggestions {
  readonly target: string
  readonly database: string
  readonly relations: number
  readonly sampledColumns: number
  /** Relations whose rows could not be read, with the SQLSTATE. */
  readonly unread: readonly { readonly relation: string, readonly errorClass: string }[]
  readonly suggestions: readonly Suggestion[]
}
