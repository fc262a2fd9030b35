// Statements that are no query: what each is for masking, as a table. Pure data. Rows are read in statement.ts.

/**
 *   harmless  touches no row, and names only what it needs; its result, if any, is about the session or the server
 *   code      changes the catalog: harmless where no protected relation is named and all code in it is
 *   object    likewise, naming relations by lists of names
 *   opaque    the reason is given; nothing else is looked at
 */
export type Utility =
  | { readonly type: 'harmless', readonly columns?: readonly string[], readonly changesCatalog?: true }
  | { readonly type: 'code' }
  | { readonly type: 'object', readonly names: string, readonly kind: string }
  | { readonly type: 'opaque', readonly reason: string }

const harmless: Utility = { type: 'harmless' }
const changes: Utility = { type: 'harmless', changesCatalog: true }
const code: Utility = { type: 'code' }
const newCode: Utility = { type: 'opaque', reason: 'it makes new code, which is not known to be harmless' }
const elsewhere: Utility = { type: 'opaque', reason: 'it lets data leave another way' }
const server: Utility = { type: 'opaque', reason: 'it changes what the server itself is' }

export const utilities: Readonly<Record<string, Utility>> = {
  TransactionStmt: harmless,
  LockStmt: harmless,
  ClosePortalStmt: harmless,
  DeallocateStmt: harmless,
  DiscardStmt: harmless,
  UnlistenStmt: harmless,
  // Its payload can only be a constant.
  NotifyStmt: harmless,
  ConstraintsSetStmt: harmless,
  CheckPointStmt: harmless,
  VacuumStmt: harmless,
  GrantStmt: changes,
  GrantRoleStmt: changes,
  AlterDefaultPrivilegesStmt: changes,
  CreateRoleStmt: changes,
  AlterRoleStmt: changes,
  DropRoleStmt: changes,
  CreateEnumStmt: changes,
  AlterEnumStmt: changes,
  AlterStatsStmt: changes,

  CreateStmt: code,
  AlterTableStmt: code,
  IndexStmt: code,
  CreateSeqStmt: code,
  AlterSeqStmt: code,
  CreateStatsStmt: code,
  CompositeTypeStmt: code,
  CreatePolicyStmt: code,
  AlterPolicyStmt: code,
  ClusterStmt: code,
  RenameStmt: { type: 'object', names: 'object', kind: 'renameType' },
  AlterObjectSchemaStmt: { type: 'object', names: 'object', kind: 'objectType' },
  AlterOwnerStmt: { type: 'object', names: 'object', kind: 'objectType' },
  DropStmt: { type: 'object', names: 'objects', kind: 'removeType' },
  // Comments and labels may be what says which columns are protected.
  CommentStmt: { type: 'object', names: 'object', kind: 'objtype' },
  SecLabelStmt: { type: 'object', names: 'object', kind: 'objtype' },

  CreateFunctionStmt: newCode,
  AlterFunctionStmt: newCode,
  CreateTrigStmt: newCode,
  RuleStmt: newCode,
  CreateCastStmt: newCode,
  DefineStmt: newCode,
  CreateDomainStmt: newCode,
  AlterDomainStmt: { type: 'opaque', reason: 'it may check values that are stored' },
  CreateRangeStmt: newCode,
  AlterTypeStmt: newCode,
  AlterOperatorStmt: newCode,
  CreateOpClassStmt: newCode,
  CreateOpFamilyStmt: newCode,
  AlterOpFamilyStmt: newCode,
  CreateConversionStmt: newCode,
  CreateTransformStmt: newCode,
  CreateEventTrigStmt: newCode,
  AlterEventTrigStmt: newCode,
  CreateExtensionStmt: newCode,
  AlterExtensionStmt: newCode,
  AlterExtensionContentsStmt: newCode,
  CreatePLangStmt: newCode,
  CreateAmStmt: newCode,
  LoadStmt: newCode,
  DoStmt: { type: 'opaque', reason: 'what a DO block does is not looked into' },

  ListenStmt: { type: 'opaque', reason: 'notifications bring what others send' },
  CreatePublicationStmt: elsewhere,
  AlterPublicationStmt: elsewhere,
  CreateSubscriptionStmt: elsewhere,
  AlterSubscriptionStmt: elsewhere,
  DropSubscriptionStmt: elsewhere,
  CreateFdwStmt: elsewhere,
  AlterFdwStmt: elsewhere,
  CreateForeignServerStmt: elsewhere,
  AlterForeignServerStmt: elsewhere,
  CreateForeignTableStmt: elsewhere,
  CreateUserMappingStmt: elsewhere,
  AlterUserMappingStmt: elsewhere,
  DropUserMappingStmt: elsewhere,
  ImportForeignSchemaStmt: elsewhere,
  CreatedbStmt: { type: 'opaque', reason: 'a new database is a copy of another' },
  DropdbStmt: server,
  AlterDatabaseStmt: server,
  AlterDatabaseSetStmt: server,
  AlterRoleSetStmt: server,
  AlterSystemStmt: server,
  CreateTableSpaceStmt: server,
  DropTableSpaceStmt: server,
  AlterTableSpaceOptionsStmt: server
}

/** Result columns of SHOW and the like are named by the server. */
export const copyOptions: ReadonlySet<string> = new Set([
  'format',
  'freeze',
  'delimiter',
  'null',
  'header',
  'quote',
  'escape',
  'force_quote',
  'force_not_null',
  'force_null',
  'encoding',
  'default',
  'on_error',
  'log_verbosity',
  'reject_limit'
])

/** Options of EXPLAIN that show no more than the plan. */
export const explainOptions: ReadonlySet<string> = new Set([
  'analyze',
  'verbose',
  'costs',
  'settings',
  'generic_plan',
  'buffers',
  'serialize',
  'wal',
  'timing',
  'summary',
  'memory',
  'format'
])
