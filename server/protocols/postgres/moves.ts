// Which statements may change what unqualified names mean to those after them. Pure.
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import { as, isTree, list, text, type Tree } from '../../sql/postgres/tree.ts'

const endsSettings = new Set(['RESET', 'DISCARD', 'ROLLBACK', 'COMMIT', 'END', 'ABORT'])

/** Whether unqualified names may mean something else after it. */
export function movesNames({ verb, text, effects, functions }: Pick<AnalyzedStatement, 'verb' | 'text' | 'effects' | 'functions'>): boolean {
  const [word] = verb.split(' ')
  if (word === 'SET') return /search_path|schema|role|authorization/i.test(text)
  return endsSettings.has(word!) || effects.includes('unknown') || functions.some((name) => name.endsWith('set_config'))
}

/** Subcommands of ALTER TABLE that neither rename nor add anything, and tie the table to no other. */
const inPlace = new Set(['AT_ColumnDefault', 'AT_DropNotNull', 'AT_SetNotNull', 'AT_AlterColumnType'])

/**
 * The table, as written, that an ALTER TABLE changes in such ways alone: further ones of it in the same batch mean what they would have
 * meant before. Whatever it brings in, types and expressions, was judged with it.
 */
export function altersInPlace(tree: Tree | undefined): string | undefined {
  const altered = as(tree, 'AlterTableStmt')
  const relation = isTree(altered?.relation) ? altered.relation : undefined
  const kept = list(altered?.cmds).every((item) => {
    const command = as(item, 'AlterTableCmd')
    const subtype = text(command?.subtype) ?? ''
    return inPlace.has(subtype) || (subtype === 'AT_AddConstraint' && text(as(command?.def, 'Constraint')?.contype) === 'CONSTR_UNIQUE')
  })
  if (relation === undefined || !kept || altered?.objtype !== 'OBJECT_TABLE') return undefined
  return JSON.stringify([text(relation.schemaname) ?? '', text(relation.relname)])
}
