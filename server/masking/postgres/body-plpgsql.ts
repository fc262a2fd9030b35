// The expressions and types in a PL/pgSQL function, from libpg_query's tree of it. Pure.
//
// That tree leaves out some of what stands in the text, such as a record's initial value. So the text's own words are looked at as well:
// no name in it may be one that matters without being in the needs.
import { scan } from '../../sql/postgres/lexer.ts'
import { isTree, text, type Tree } from '../../sql/postgres/tree.ts'
import type { BodyContext } from './body-context.ts'
import { operator, type Needs } from './body-needs.ts'
import { parseExpression } from './body-sql.ts'
import { builtinClassIn } from './builtin-classes.ts'
import type { OwnFunction } from './catalog.ts'

export interface PlPgSql {
  /** Statements, and expressions as `SELECT expression`. */
  readonly trees: readonly Tree[]
}

/** Statements that run SQL from strings, or read from a cursor that somebody else may have opened, are not here. */
const understood = new Set(`
  PLpgSQL_function PLpgSQL_var PLpgSQL_row PLpgSQL_rec PLpgSQL_recfield PLpgSQL_type PLpgSQL_expr PLpgSQL_stmt_block
  PLpgSQL_exception_block PLpgSQL_exception PLpgSQL_condition PLpgSQL_stmt_assign PLpgSQL_stmt_if PLpgSQL_if_elsif PLpgSQL_stmt_case
  PLpgSQL_case_when PLpgSQL_stmt_loop PLpgSQL_stmt_while PLpgSQL_stmt_fori PLpgSQL_stmt_fors PLpgSQL_stmt_foreach_a PLpgSQL_stmt_exit
  PLpgSQL_stmt_return PLpgSQL_stmt_return_next PLpgSQL_stmt_return_query PLpgSQL_stmt_raise PLpgSQL_raise_option PLpgSQL_stmt_assert
  PLpgSQL_stmt_execsql PLpgSQL_stmt_perform PLpgSQL_stmt_call PLpgSQL_stmt_getdiag PLpgSQL_diag_item PLpgSQL_stmt_commit
  PLpgSQL_stmt_rollback`.trim().split(/\s+/))

const misses: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_dynexecute: 'runs SQL from a string',
  PLpgSQL_stmt_dynfors: 'runs SQL from a string',
  PLpgSQL_stmt_fetch: 'reads from a cursor that may be somebody else\'s',
  PLpgSQL_stmt_open: 'opens a cursor',
  PLpgSQL_stmt_forc: 'reads from a cursor'
}

/** plpgsql.h, RawParseMode: 0 statement, 2 expression, 3 to 5 assignment to a variable of so many names. */
const statementMode = 0
const expressionMode = 2

export function readPlPgSql(definition: string, context: BodyContext): PlPgSql | { readonly fault: string } {
  const parsed = context.parsePlPgSql?.(definition)
  if (!isTree(parsed)) return { fault: 'cannot be read' }
  const trees: Tree[] = []
  const fault = walk(parsed)
  return fault === undefined ? { trees } : { fault }

  /** @returns what is wrong, for people */
  function walk(value: unknown): string | undefined {
    if (Array.isArray(value)) {
      for (const item of value) {
        const wrong = walk(item)
        if (wrong !== undefined) return wrong
      }
      return undefined
    }
    if (!isTree(value)) return undefined
    for (const key in value) {
      if (/^PLpgSQL_/.test(key) && !understood.has(key)) return misses[key] ?? `has a ${key}, which is not understood`
      // RETURN QUERY EXECUTE, OPEN FOR EXECUTE.
      if (key === 'dynquery') return 'runs SQL from a string'
      const wrong = key === 'PLpgSQL_expr' ? expression(value[key]) : walk(value[key])
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  function expression(node: unknown): string | undefined {
    const query = isTree(node) ? text(node.query) : undefined
    const mode = isTree(node) ? node.parseMode ?? 0 : undefined
    if (query === undefined) return 'has an expression that cannot be read'
    const pieces = mode === statementMode || mode === expressionMode ? [query] : assignment(query)
    for (const piece of pieces ?? []) {
      const tree = mode === statementMode ? context.parse(piece) : parseExpression(piece, context)
      if (tree === undefined) return 'has an expression that cannot be read'
      trees.push(tree)
    }
    return pieces === undefined ? 'has an assignment that cannot be read' : undefined
  }
}

/** `target := value`: both, as expressions; subscripts of the target are some. */
function assignment(query: string): readonly string[] | undefined {
  let depth = 0
  let found: readonly string[] | undefined
  scan(query, (kind, begin, end) => {
    if (kind !== 'symbol') return true
    const symbol = query.slice(begin, end)
    if (symbol === '(' || symbol === '[') depth++
    else if (symbol === ')' || symbol === ']') depth--
    else if (depth === 0 && /^:?=/.test(symbol)) {
      const operator = symbol.startsWith(':=') ? 2 : 1
      found = [query.slice(0, begin), query.slice(begin + operator)]
      return false
    }
    return true
  })
  return found
}

/** Words, calls and operators in the text itself. */
export function scanForNames({ body = '' }: OwnFunction, context: BodyContext, needs: Needs): void {
  const { catalog } = context
  const tokens = tokensOf(body)
  if (tokens === undefined) {
    needs.fault ??= 'cannot be read'
    return
  }
  for (const [at, { name, written }] of tokens.entries()) {
    if (name === undefined) {
      operator(written, context, needs)
      continue
    }
    if (name === 'execute') needs.fault ??= 'runs SQL from a string'
    for (const { oid, system } of catalog.relationsByName.get(name) ?? []) if (!system) needs.found.push({ kind: 'read', oid })
    for (const { oid, own, kind } of catalog.typesByName.get(name) ?? []) if (own && kind !== 'c') needs.found.push({ kind: 'type', oid })
    if (!(tokens[at + 1]?.written.startsWith('(') ?? false)) continue
    for (const { oid } of catalog.functions.get(name) ?? []) needs.found.push({ kind: 'function', oid })
    if (catalog.builtins.has(name) && builtinClassIn(catalog, name) === 'never') needs.fault ??= `calls ${name}, which may reach what nobody named`
  }
}

/**
 * What of a trigger's NEW and OLD the text uses besides returning one of them and the columns that are no secret.
 * @returns undefined: nothing; `the whole row`, or a column's name
 */
export function rowUse(body: string, secrets: ReadonlySet<string>): string | undefined {
  const tokens = tokensOf(body)
  if (tokens === undefined) return 'what cannot be read'
  for (const [at, { name }] of tokens.entries()) {
    if (name !== 'new' && name !== 'old') continue
    const [before, next, field] = [tokens[at - 1], tokens[at + 1], tokens[at + 2]]
    if (before?.name === 'return' && next?.written === ';') continue
    if (next?.written !== '.' || field?.name === undefined) return 'the whole row'
    if (secrets.has(field.name)) return field.name
  }
  return undefined
}

interface Token {
  /** Of words, folded, and of quoted names. */
  readonly name: string | undefined
  readonly written: string
}

function tokensOf(body: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  const ended = scan(body, (kind, begin, end) => {
    const written = body.slice(begin, end)
    if (kind === 'quoted' && !written.startsWith('"')) return false
    const name = kind === 'word' ? written.toLowerCase() : kind === 'quoted' ? written.slice(1, -1).replaceAll('""', '"') : undefined
    tokens.push({ name, written })
    return true
  })
  return ended ? tokens : undefined
}
