// What the relay must know of a statement to follow it: rows that travel outside the result, names it makes and uses. Pure.
import type { ReadFacts } from './reading.ts'
import { as, list, text, type Tree } from './tree.ts'

export interface RelayFacts {
  /** COPY ... FROM STDIN, COPY ... TO STDOUT */
  readonly copy?: 'in' | 'out'
  /** SQL's PREPARE. The effects are those of the statement prepared. */
  readonly prepares?: { readonly name: string }
  /** SQL's EXECUTE. The effects are `unknown` until those of the statement of that name are put in their place. */
  readonly executes?: { readonly name: string }
  /** null: all of them */
  readonly deallocates?: { readonly name: string | null }
}

/** @param read the reader of statements, for arguments that do something of their own */
export function relayFacts(kind: string, node: Tree, read: (tree: Tree) => ReadFacts): RelayFacts {
  switch (kind) {
    case 'CopyStmt':
      return node.filename !== undefined || node.is_program === true ? {} : { copy: node.is_from === true ? 'in' : 'out' }
    case 'PrepareStmt':
      return { prepares: { name: text(node.name) ?? '' } }
    case 'ExplainStmt': {
      const execute = as(node.query, 'ExecuteStmt')
      return execute === undefined ? {} : relayFacts('ExecuteStmt', execute, read)
    }
    case 'ExecuteStmt': {
      // Effects of the arguments would be lost with the ones replaced; then it stays unknown.
      const { effects, flags } = read({ List: { items: list(node.params) } })
      return effects.length > 0 || flags.length > 0 ? {} : { executes: { name: text(node.name) ?? '' } }
    }
    case 'DeallocateStmt':
      return { deallocates: { name: text(node.name) ?? null } }
    default:
      return {}
  }
}
