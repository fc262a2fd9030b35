// The server's own reading of a statement, as a second opinion: its rewritten query tree, in which names are bound, stars and views
// expanded. Labels are gathered from it in the simplest way that cannot miss one. Only for tests: the server sends the tree as a LOG.
import type pg from 'pg'
import type { Label } from '../../server/masking/postgres/finding.ts'
import type { World } from '../../server/masking/postgres/world.ts'

/** `{QUERY :commandType 1 ...}` (PostgreSQL source, nodes/outfuncs.c) */
interface Node { readonly kind: string, readonly fields: ReadonlyMap<string, Value> }
type Value = Node | readonly Value[] | string | undefined

export interface Opinion {
  /** Of each column of the result: protected columns it depends on. */
  readonly columns: readonly ReadonlySet<Label>[]
  /** Which rows there are, and their order, depends on these. */
  readonly rows: ReadonlySet<Label>
}

export const oracleSettings = 'SET log_min_messages = fatal; SET client_min_messages = log; SET debug_print_rewritten = on; SET debug_pretty_print = off; SET search_path = clinic, reporting, public'

const select = '1'
const merge = '5'

/** @returns undefined: the server refuses it, or it is not one SELECT or MERGE. @param client with `oracleSettings` */
export async function ask(client: pg.Client, sql: string, world: World): Promise<Opinion | undefined> {
  const trees: string[] = []
  const onNotice = ({ message, detail }: { message?: string, detail?: string }) => { if (message === 'rewritten parse tree:') trees.push(detail ?? '') }
  client.on('notice', onNotice as never)
  try {
    await client.query(`PREPARE oracle AS ${sql}`)
    await client.query('DEALLOCATE oracle')
  } catch {
    return undefined
  } finally {
    client.off('notice', onNotice as never)
  }
  // PREPARE itself is a utility statement around it.
  const queries = trees.map((text) => read(text)).flatMap((value) => Array.isArray(value) ? value as Value[] : [value])
    .filter((value): value is Node => isNode(value) && value.kind === 'QUERY' && [select, merge].includes(String(value.fields.get('commandType'))))
  const [query] = queries
  return query === undefined ? undefined : new Walk(world).opinion(query)
}

function read(text: string): Value {
  const tokens = text.match(/[(){}]|(?:\\.|[^\s(){}\\])+/gs) ?? []
  let at = 0
  const value = (): Value => {
    if (at >= tokens.length) throw new Error('the tree ends early')
    const token = tokens[at++]
    if (token === '<>') return undefined
    if (token === '(' || token === '[') {
      const items: Value[] = []
      while (tokens[at] !== ')' && tokens[at] !== ']') items.push(value())
      at++
      return items
    }
    if (token !== '{') return token
    const kind = tokens[at++]!
    const fields = new Map<string, Value>()
    while (tokens[at] !== '}') {
      if (at >= tokens.length) throw new Error('the tree ends early')
      const name = tokens[at++]!.slice(1)
      const values: Value[] = []
      while (tokens[at] !== '}' && tokens[at]?.startsWith(':') !== true) values.push(value())
      fields.set(name, values.length === 1 ? values[0] : values)
    }
    at++
    return { kind, fields }
  }
  return value()
}

function isNode(value: Value): value is Node {
  return typeof value === 'object' && 'kind' in value
}

class Walk {
  readonly #world: World
  /** Recursive queries refer to themselves. */
  readonly #open = new Set<string>()

  constructor(world: World) {
    this.#world = world
  }

  opinion(query: Node): Opinion {
    if (query.fields.get('commandType') === merge) return this.#ofMerge(query)
    const visible = nodes(query.fields.get('targetList')).filter(({ fields }) => fields.get('resjunk') !== 'true')
    return { columns: visible.map(({ fields }) => this.#column(Number(fields.get('resno')), [query])), rows: this.#rows([query]) }
  }

  /** What its clauses store is not asked: RETURNING shows the stored columns' own labels. */
  #ofMerge(query: Node): Opinion {
    const { fields } = query
    const conditions = [fields.get('mergeJoinCondition'), ...nodes(fields.get('mergeActionList')).map((action) => action.fields.get('qual'))]
    return {
      columns: nodes(fields.get('returningList')).map((target) => this.#labels(target.fields.get('expr'), [query])),
      rows: union([this.#rows([query]), ...conditions.map((condition) => this.#labels(condition, [query]))])
    }
  }

  /** @param stack queries around, innermost first: it is a column of the first */
  #column(number: number, stack: readonly Node[]): Set<Label> {
    const [query] = stack
    const setOperations = query!.fields.get('setOperations')
    if (isNode(setOperations)) return this.#ofSets(setOperations, number, stack)
    return this.#labels(nodes(query!.fields.get('targetList')).find(({ fields }) => fields.get('resno') === String(number))?.fields.get('expr'), stack)
  }

  #ofSets(node: Node, number: number, stack: readonly Node[]): Set<Label> {
    if (node.kind === 'RANGETBLREF') return this.#variable(Number(node.fields.get('rtindex')), number, 0, stack)
    return union(['larg', 'rarg'].map((side) => this.#ofSets(node.fields.get(side) as Node, number, stack)))
  }

  #labels(value: Value, stack: readonly Node[]): Set<Label> {
    if (value === undefined || typeof value === 'string') return new Set()
    if (!isNode(value)) return union((value as readonly Value[]).map((item) => this.#labels(item, stack)))
    const { kind, fields } = value
    if (kind === 'VAR') return this.#variable(Number(fields.get('varno')), Number(fields.get('varattno')), Number(fields.get('varlevelsup')), stack)
    if (kind === 'QUERY') {
      const inner = [value, ...stack]
      const columns = nodes(fields.get('targetList')).filter((target) => target.fields.get('resjunk') !== 'true')
      return union([...columns.map((target) => this.#column(Number(target.fields.get('resno')), inner)), this.#rows(inner)])
    }
    if (kind === 'SUBLINK' && fields.get('subLinkType') === '0') return this.#rows([fields.get('subselect') as Node, ...stack])
    return union([...fields.values()].map((item) => this.#labels(item, stack)))
  }

  #variable(number: number, attribute: number, up: number, stack: readonly Node[]): Set<Label> {
    const own = stack.slice(up)
    const entry = nodes(own[0]!.fields.get('rtable'))[number - 1]!
    const { fields } = entry
    const each = (count: number, one: (n: number) => Set<Label>) =>
      attribute === 0 ? union(Array.from({ length: count }, (_, at) => one(at + 1))) : one(attribute)
    switch (fields.get('rtekind')) {
      case '0': {
        const marked = this.#world.protected.get(Number(fields.get('relid')))
        if (attribute === 0) return new Set(marked?.values())
        const label = marked?.get(attribute)
        return new Set(label === undefined ? [] : [label])
      }
      case '1': {
        const query = fields.get('subquery') as Node
        return each(visible(query), (n) => this.#column(n, [query, ...own]))
      }
      case '2': return this.#labels(attribute === 0 ? fields.get('joinaliasvars') : (fields.get('joinaliasvars') as Value[])[attribute - 1], own)
      case '6': {
        const holders = own.slice(Number(fields.get('ctelevelsup')))
        const common = nodes(holders[0]!.fields.get('cteList')).find((one) => one.fields.get('ctename') === fields.get('ctename'))
        const query = common?.fields.get('ctequery') as Node
        const name = `${String(fields.get('ctename'))} ${holders.length}`
        return each(visible(query), (n) => this.#once(`${name} ${n}`, () => this.#column(n, [query, ...holders])))
      }
      case '9': return this.#labels((fields.get('groupexprs') as Value[])[attribute - 1], own)
      // Functions, XMLTABLE, JSON_TABLE, VALUES and the rest: all they are made of.
      default: return union(['functions', 'tablefunc', 'values_lists'].map((name) => this.#labels(fields.get(name), own)))
    }
  }

  #once(key: string, read: () => Set<Label>): Set<Label> {
    if (this.#open.has(key)) return new Set()
    this.#open.add(key)
    try {
      return read()
    } finally {
      this.#open.delete(key)
    }
  }

  /** Conditions, keys and limits, here and in what it is made of. */
  #rows(stack: readonly Node[]): Set<Label> {
    const { fields } = stack[0]!
    const found = [...['havingQual', 'limitOffset', 'limitCount'].map((name) => this.#labels(fields.get(name), stack)), this.#conditions(fields.get('jointree'), stack)]
    const keys = ['groupClause', 'distinctClause', 'sortClause'].flatMap((name) => nodes(fields.get(name)).map((clause) => clause.fields.get('tleSortGroupRef')))
    for (const target of nodes(fields.get('targetList'))) {
      if (keys.includes(target.fields.get('ressortgroupref'))) found.push(this.#column(Number(target.fields.get('resno')), stack))
    }
    const sets = fields.get('setOperations')
    if (isNode(sets) && dedupes(sets)) {
      for (const target of nodes(fields.get('targetList'))) found.push(this.#column(Number(target.fields.get('resno')), stack))
    }
    for (const entry of nodes(fields.get('rtable'))) {
      const query = entry.fields.get('subquery')
      if (isNode(query)) found.push(this.#rows([query, ...stack]))
      found.push(this.#labels(entry.fields.get('tablefunc'), stack))
    }
    for (const common of nodes(fields.get('cteList'))) found.push(this.#rows([common.fields.get('ctequery') as Node, ...stack]))
    return union(found)
  }

  #conditions(value: Value, stack: readonly Node[]): Set<Label> {
    return union(nodes(value).concat(isNode(value) ? [value] : []).map((node) =>
      union([this.#labels(node.fields.get('quals'), stack), ...['fromlist', 'larg', 'rarg'].map((name) => this.#conditions(node.fields.get(name), stack))])))
  }
}

/** Columns added to sort by are not part of the row. */
function visible(query: Node): number {
  return nodes(query.fields.get('targetList')).filter(({ fields }) => fields.get('resjunk') !== 'true').length
}

/** Any but UNION ALL. */
function dedupes(node: Node): boolean {
  if (node.kind !== 'SETOPERATIONSTMT') return false
  const appends = node.fields.get('op') === '1' && node.fields.get('all') === 'true'
  return !appends || ['larg', 'rarg'].some((side) => dedupes(node.fields.get(side) as Node))
}

function nodes(value: Value): Node[] {
  return Array.isArray(value) ? (value as Value[]).filter(isNode) : []
}

function union(sets: readonly ReadonlySet<Label>[]): Set<Label> {
  return new Set(sets.flatMap((set) => [...set]))
}
