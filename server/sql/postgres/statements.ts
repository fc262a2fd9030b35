// PostgreSQL's kinds of statement and what each does: the table. Pure data. What depends on a statement's fields is in effects.ts.
// A kind that is in no table here is `unknown`.
import type { Effect } from '../../../shared/model.ts'

export interface StatementKind {
  /** As PostgreSQL names the command; `*` is replaced by the kind of object in the field `object`. */
  readonly verb: string
  readonly effects: readonly Effect[]
  /** Field that holds the kind of object, `OBJECT_TABLE`. */
  readonly object?: string
  /** What it contains (a view's query, a function's body) is kept for later, not run now. */
  readonly stores?: true
}

const kind = (verb: string, ...effects: Effect[]): StatementKind => ({ verb, effects })
const on = (verb: string, object: string, ...effects: Effect[]): StatementKind => ({ verb, effects, object })
const stores = (verb: string, ...effects: Effect[]): StatementKind => ({ verb, effects, stores: true })

export const statements: Readonly<Record<string, StatementKind>> = {
  // Rows
  SelectStmt: kind('SELECT', 'read'),
  InsertStmt: kind('INSERT', 'write'),
  UpdateStmt: kind('UPDATE', 'write'),
  DeleteStmt: kind('DELETE', 'write'),
  MergeStmt: kind('MERGE', 'read', 'write'),
  TruncateStmt: kind('TRUNCATE', 'write'),
  CopyStmt: kind('COPY'),
  DeclareCursorStmt: kind('DECLARE CURSOR', 'read'),
  FetchStmt: kind('FETCH', 'read'),
  ClosePortalStmt: kind('CLOSE'),
  ExplainStmt: kind('EXPLAIN', 'read'),
  PrepareStmt: kind('PREPARE'),
  ExecuteStmt: kind('EXECUTE', 'unknown'),
  DeallocateStmt: kind('DEALLOCATE'),
  LockStmt: kind('LOCK TABLE'),
  NotifyStmt: kind('NOTIFY', 'write'),
  // Notifications carry what others sent.
  ListenStmt: kind('LISTEN', 'read', 'session'),
  UnlistenStmt: kind('UNLISTEN', 'session'),

  // Code whose body is not SQL the gateway can read
  DoStmt: kind('DO', 'unknown'),
  CallStmt: kind('CALL', 'unknown'),

  // The connection
  TransactionStmt: kind('TRANSACTION'),
  ConstraintsSetStmt: kind('SET CONSTRAINTS'),
  VariableSetStmt: kind('SET'),
  VariableShowStmt: kind('SHOW', 'read'),
  DiscardStmt: kind('DISCARD', 'session'),

  // Upkeep. It moves rows about and writes statistics, so whoever may only read may not start it.
  VacuumStmt: kind('VACUUM', 'write'),
  ClusterStmt: kind('CLUSTER', 'schema'),
  ReindexStmt: kind('REINDEX', 'schema'),
  RefreshMatViewStmt: kind('REFRESH MATERIALIZED VIEW', 'schema'),
  CheckPointStmt: kind('CHECKPOINT', 'privilege'),

  // Objects
  CreateStmt: kind('CREATE TABLE', 'schema'),
  CreateTableAsStmt: kind('CREATE TABLE AS', 'schema'),
  CreateForeignTableStmt: kind('CREATE FOREIGN TABLE', 'schema'),
  CreateSchemaStmt: kind('CREATE SCHEMA', 'schema'),
  CreateSeqStmt: kind('CREATE SEQUENCE', 'schema'),
  IndexStmt: kind('CREATE INDEX', 'schema'),
  ViewStmt: stores('CREATE VIEW', 'schema'),
  RuleStmt: stores('CREATE RULE', 'schema'),
  CreateTrigStmt: stores('CREATE TRIGGER', 'schema'),
  CreateFunctionStmt: stores('CREATE FUNCTION', 'schema'),
  AlterFunctionStmt: { verb: 'ALTER *', object: 'objtype', effects: ['schema'], stores: true },
  CreateStatsStmt: stores('CREATE STATISTICS', 'schema'),
  AlterStatsStmt: kind('ALTER STATISTICS', 'schema'),
  CreateDomainStmt: kind('CREATE DOMAIN', 'schema'),
  AlterDomainStmt: kind('ALTER DOMAIN', 'schema'),
  CreateEnumStmt: kind('CREATE TYPE', 'schema'),
  CreateRangeStmt: kind('CREATE TYPE', 'schema'),
  CompositeTypeStmt: kind('CREATE TYPE', 'schema'),
  AlterEnumStmt: kind('ALTER TYPE', 'schema'),
  AlterTypeStmt: kind('ALTER TYPE', 'schema'),
  DefineStmt: on('CREATE *', 'kind', 'schema'),
  CreateCastStmt: kind('CREATE CAST', 'schema'),
  CreateConversionStmt: kind('CREATE CONVERSION', 'schema'),
  CreateOpClassStmt: kind('CREATE OPERATOR CLASS', 'schema'),
  CreateOpFamilyStmt: kind('CREATE OPERATOR FAMILY', 'schema'),
  CreateTransformStmt: kind('CREATE TRANSFORM', 'schema'),
  AlterOpFamilyStmt: kind('ALTER OPERATOR FAMILY', 'schema'),
  AlterOperatorStmt: kind('ALTER OPERATOR', 'schema'),
  AlterCollationStmt: kind('ALTER COLLATION', 'schema'),
  AlterTSConfigurationStmt: kind('ALTER TEXT SEARCH CONFIGURATION', 'schema'),
  AlterTSDictionaryStmt: kind('ALTER TEXT SEARCH DICTIONARY', 'schema'),
  AlterTableStmt: on('ALTER *', 'objtype', 'schema'),
  AlterTableMoveAllStmt: on('ALTER *', 'objtype', 'schema'),
  AlterSeqStmt: kind('ALTER SEQUENCE', 'schema'),
  AlterObjectSchemaStmt: on('ALTER *', 'objectType', 'schema'),
  AlterObjectDependsStmt: on('ALTER *', 'objectType', 'schema'),
  RenameStmt: on('ALTER *', 'renameType', 'schema'),
  DropStmt: on('DROP *', 'removeType', 'schema'),
  CommentStmt: kind('COMMENT', 'schema'),
  CreatedbStmt: kind('CREATE DATABASE', 'schema'),
  AlterDatabaseStmt: kind('ALTER DATABASE', 'schema'),
  AlterDatabaseRefreshCollStmt: kind('ALTER DATABASE', 'schema'),
  DropdbStmt: kind('DROP DATABASE', 'schema'),

  // Who may do what
  GrantStmt: kind('GRANT', 'privilege'),
  GrantRoleStmt: kind('GRANT ROLE', 'privilege'),
  AlterDefaultPrivilegesStmt: kind('ALTER DEFAULT PRIVILEGES', 'privilege'),
  CreateRoleStmt: kind('CREATE ROLE', 'privilege'),
  AlterRoleStmt: kind('ALTER ROLE', 'privilege'),
  AlterRoleSetStmt: kind('ALTER ROLE', 'privilege'),
  DropRoleStmt: kind('DROP ROLE', 'privilege'),
  CreatePolicyStmt: stores('CREATE POLICY', 'privilege'),
  AlterPolicyStmt: stores('ALTER POLICY', 'privilege'),
  SecLabelStmt: kind('SECURITY LABEL', 'privilege'),
  AlterOwnerStmt: on('ALTER *', 'objectType', 'schema', 'privilege'),
  ReassignOwnedStmt: kind('REASSIGN OWNED', 'schema', 'privilege'),
  DropOwnedStmt: kind('DROP OWNED', 'schema', 'privilege'),

  // What the server itself is: its code, its files, where it sends data
  AlterSystemStmt: kind('ALTER SYSTEM', 'privilege'),
  AlterDatabaseSetStmt: kind('ALTER DATABASE', 'privilege'),
  LoadStmt: kind('LOAD', 'privilege'),
  CreateExtensionStmt: kind('CREATE EXTENSION', 'privilege'),
  AlterExtensionStmt: kind('ALTER EXTENSION', 'privilege'),
  AlterExtensionContentsStmt: kind('ALTER EXTENSION', 'privilege'),
  CreatePLangStmt: kind('CREATE LANGUAGE', 'privilege'),
  CreateAmStmt: kind('CREATE ACCESS METHOD', 'privilege'),
  CreateTableSpaceStmt: kind('CREATE TABLESPACE', 'privilege'),
  AlterTableSpaceOptionsStmt: kind('ALTER TABLESPACE', 'privilege'),
  DropTableSpaceStmt: kind('DROP TABLESPACE', 'privilege'),
  CreateFdwStmt: kind('CREATE FOREIGN DATA WRAPPER', 'privilege'),
  AlterFdwStmt: kind('ALTER FOREIGN DATA WRAPPER', 'privilege'),
  CreateForeignServerStmt: kind('CREATE SERVER', 'privilege'),
  AlterForeignServerStmt: kind('ALTER SERVER', 'privilege'),
  CreateUserMappingStmt: kind('CREATE USER MAPPING', 'privilege'),
  AlterUserMappingStmt: kind('ALTER USER MAPPING', 'privilege'),
  DropUserMappingStmt: kind('DROP USER MAPPING', 'privilege'),
  ImportForeignSchemaStmt: kind('IMPORT FOREIGN SCHEMA', 'schema', 'privilege'),
  CreateEventTrigStmt: kind('CREATE EVENT TRIGGER', 'privilege'),
  AlterEventTrigStmt: kind('ALTER EVENT TRIGGER', 'privilege'),
  CreatePublicationStmt: kind('CREATE PUBLICATION', 'privilege'),
  AlterPublicationStmt: kind('ALTER PUBLICATION', 'privilege'),
  CreateSubscriptionStmt: kind('CREATE SUBSCRIPTION', 'privilege'),
  AlterSubscriptionStmt: kind('ALTER SUBSCRIPTION', 'privilege'),
  DropSubscriptionStmt: kind('DROP SUBSCRIPTION', 'privilege')
}

/** Kinds below a statement that do nothing by themselves; what they contain is looked at. */
export const parts: ReadonlySet<string> = new Set(`
  A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star AccessPriv Alias AlterTableCmd ATAlterConstraint BitString BoolExpr Boolean
  BooleanTest CTECycleClause CTESearchClause CaseExpr CaseWhen CoalesceExpr CollateClause ColumnDef ColumnRef CommonTableExpr
  Constraint CreateOpClassItem CurrentOfExpr DefElem Float FuncCall FunctionParameter GroupingFunc GroupingSet IndexElem InferClause
  Integer IntoClause JoinExpr JsonAggConstructor JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor JsonBehavior
  JsonFormat JsonFuncExpr JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr JsonReturning
  JsonScalarExpr JsonSerializeExpr JsonTable JsonTableColumn JsonTablePathSpec JsonValueExpr List LockingClause MergeSupportFunc
  MergeWhenClause MinMaxExpr MultiAssignRef NamedArgExpr NullTest ObjectWithArgs OnConflictClause ParamRef PartitionBoundSpec
  PartitionCmd PartitionElem PartitionRangeDatum PartitionSpec PublicationObjSpec PublicationTable RangeFunction RangeSubselect
  RangeTableFunc RangeTableFuncCol RangeTableSample RangeVar ReplicaIdentityStmt ResTarget ReturnStmt ReturningClause ReturningOption
  RoleSpec RowExpr SQLValueFunction SetToDefault SinglePartitionSpec SortBy StatsElem String SubLink TableLikeClause
  TriggerTransition TypeCast TypeName VacuumRelation WindowDef WithClause XmlExpr XmlSerialize
`.trim().split(/\s+/))

/** Dropping or changing these changes who may do what, or what the server is. */
export const privilegedObjects: ReadonlySet<string> = new Set([
  'OBJECT_ACCESS_METHOD',
  'OBJECT_DEFAULT_ACL',
  'OBJECT_EVENT_TRIGGER',
  'OBJECT_EXTENSION',
  'OBJECT_FDW',
  'OBJECT_FOREIGN_SERVER',
  'OBJECT_LANGUAGE',
  'OBJECT_PARAMETER_ACL',
  'OBJECT_POLICY',
  'OBJECT_PUBLICATION',
  'OBJECT_PUBLICATION_NAMESPACE',
  'OBJECT_PUBLICATION_REL',
  'OBJECT_ROLE',
  'OBJECT_SUBSCRIPTION',
  'OBJECT_TABLESPACE',
  'OBJECT_USER_MAPPING'
])

/** Where PostgreSQL's word is not the constant's. */
const objectWords: Readonly<Record<string, string>> = {
  OBJECT_MATVIEW: 'MATERIALIZED VIEW',
  OBJECT_FDW: 'FOREIGN DATA WRAPPER',
  OBJECT_FOREIGN_SERVER: 'SERVER',
  OBJECT_OPCLASS: 'OPERATOR CLASS',
  OBJECT_OPFAMILY: 'OPERATOR FAMILY',
  OBJECT_STATISTIC_EXT: 'STATISTICS',
  OBJECT_TSCONFIGURATION: 'TEXT SEARCH CONFIGURATION',
  OBJECT_TSDICTIONARY: 'TEXT SEARCH DICTIONARY',
  OBJECT_TSPARSER: 'TEXT SEARCH PARSER',
  OBJECT_TSTEMPLATE: 'TEXT SEARCH TEMPLATE',
  OBJECT_TABCONSTRAINT: 'TABLE',
  OBJECT_DOMCONSTRAINT: 'DOMAIN',
  OBJECT_COLUMN: 'TABLE',
  OBJECT_ATTRIBUTE: 'TYPE'
}

/** `OBJECT_FOREIGN_TABLE` -> `FOREIGN TABLE` */
export function objectWord(constant: string): string {
  return objectWords[constant] ?? constant.replace(/^OBJECT_/, '').replaceAll('_', ' ')
}

/** `DROP`, `COMMENT` and the like name these by a list of names; all but the last `below` of them are a relation's. */
export const relationObjects: Readonly<Record<string, { readonly below: 0 | 1 }>> = {
  OBJECT_TABLE: { below: 0 },
  OBJECT_VIEW: { below: 0 },
  OBJECT_MATVIEW: { below: 0 },
  OBJECT_FOREIGN_TABLE: { below: 0 },
  OBJECT_SEQUENCE: { below: 0 },
  OBJECT_INDEX: { below: 0 },
  OBJECT_COLUMN: { below: 1 },
  OBJECT_TABCONSTRAINT: { below: 1 },
  OBJECT_TRIGGER: { below: 1 },
  OBJECT_RULE: { below: 1 },
  OBJECT_POLICY: { below: 1 }
}
