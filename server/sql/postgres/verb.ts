// The command's name as PostgreSQL's own command tags and manual have it. Pure.
import { objectWord, statements } from './statements.ts'
import { text, type Tree } from './tree.ts'

const transactions: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_SAVEPOINT: 'SAVEPOINT',
  TRANS_STMT_RELEASE: 'RELEASE',
  TRANS_STMT_ROLLBACK_TO: 'ROLLBACK TO',
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
  TRANS_STMT_COMMIT_PREPARED: 'COMMIT PREPARED',
  TRANS_STMT_ROLLBACK_PREPARED: 'ROLLBACK PREPARED'
}

/** Kinds whose name depends on more than the kind of object. */
const special: Readonly<Record<string, (node: Tree) => string>> = {
  SelectStmt: (node) => node.intoClause === undefined ? 'SELECT' : 'SELECT INTO',
  CreateTableAsStmt: (node) => node.objtype === 'OBJECT_MATVIEW' ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS',
  CreateFunctionStmt: (node) => node.is_procedure === true ? 'CREATE PROCEDURE' : 'CREATE FUNCTION',
  FetchStmt: (node) => node.ismove === true ? 'MOVE' : 'FETCH',
  GrantStmt: (node) => node.is_grant === true ? 'GRANT' : 'REVOKE',
  GrantRoleStmt: (node) => node.is_grant === true ? 'GRANT ROLE' : 'REVOKE ROLE',
  TransactionStmt: (node) => transactions[text(node.kind) ?? ''] ?? 'TRANSACTION',
  VacuumStmt: (node) => node.is_vacuumcmd === true ? 'VACUUM' : 'ANALYZE',
  VariableSetStmt: (node) => node.kind === 'VAR_RESET' || node.kind === 'VAR_RESET_ALL' ? 'RESET' : 'SET'
}

export function verbOf(kind: string, node: Tree): string {
  const statement = statements[kind]
  if (statement === undefined) return 'UNKNOWN'
  const { verb, object } = statement
  return special[kind]?.(node) ?? (object === undefined ? verb : verb.replace('*', objectWord(text(node[object]) ?? '')))
}
