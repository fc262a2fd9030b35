// What an expression's value depends on, and what evaluating it can tell besides. Pure. Kinds that are not here are opaque.
import { as, constant, isTree, kindOf, list, strings, text, type Tree } from '../../sql/postgres/tree.ts'
import { callFunction, operate } from './calls.ts'
import { call } from './function-call.ts'
import { totalCast, totalOperator, totalUnion } from './operators.ts'
import { nothing, union, type Reading } from './reading.ts'
import { clean, either, find, itemNamed, rowOf, settled, star, type Scope, type Value } from './scope.ts'
import { jsonFunction } from './sql-json.ts'
import { sublink } from './sublink.ts'
import { constantType, namedType } from './typing.ts'

type Evaluate = (node: Tree, scope: Scope, reading: Reading) => Value

/** @param value a tagged node; absent: nothing written there */
export function evaluate(value: unknown, scope: Scope, reading: Reading): Value {
  if (value === undefined) return clean
  reading.step()
  const [kind, node] = isTree(value) ? kindOf(value) : ['', {}]
  const read = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (read !== undefined) return read(node, scope, reading)
  reading.unproven(`${kind || 'this syntax'} is not understood`)
  reading.mayFail()
  return clean
}

export function evaluateAll(values: unknown, scope: Scope, reading: Reading): Value[] {
  return list(values).map((value) => evaluate(value, scope, reading))
}

/** Depends on all of these, and is none of them. */
export function derived(parts: readonly Value[], step?: (last: string) => string, type?: string): Value {
  const labels = union(parts)
  const from = parts.find((part) => part.labels.size > 0)?.path ?? []
  const last = from.at(-1)
  const path = step === undefined || last === undefined ? from : [...from, step(last)]
  return { labels, path, ...(type === undefined ? {} : { type }) }
}

const kinds: Readonly<Record<string, Evaluate>> = {
  A_Const: (node) => ({ ...clean, type: constantType(node) }),
  ParamRef: () => ({ ...clean, type: 'unknown' }),
  SetToDefault: () => clean,
  // Only RETURNING of MERGE may have it: which clause a row met, and so what the clauses' conditions looked at, which are flows.
  MergeSupportFunc: () => ({ ...clean, type: 'text' }),
  SQLValueFunction: (node) => ({ ...clean, type: valueFunctionType(text(node.op) ?? '') }),
  GroupingFunc: () => ({ ...clean, type: 'int4' }),
  ColumnRef: column,
  A_Indirection: indirection,
  NamedArgExpr: (node, scope, reading) => evaluate(node.arg, scope, reading),
  FuncCall: call,
  A_Expr: operator,
  TypeCast: cast,
  CollateClause(node, scope, reading) {
    const { origin: _, ...value } = evaluate(node.arg, scope, reading)
    return value
  },
  SubLink: sublink,

  BoolExpr(node, scope, reading) {
    const word = text(node.boolop)?.replace('_EXPR', '') ?? ''
    return reading.guarded(word, () => derived(evaluateAll(node.args, scope, reading), undefined, 'bool'))
  },
  BooleanTest: (node, scope, reading) => derived([evaluate(node.arg, scope, reading)], undefined, 'bool'),
  NullTest(node, scope, reading) {
    const value = evaluate(node.arg, scope, reading)
    if (value.identity === undefined) return derived([value], (last) => `${last} IS NULL`, 'bool')
    reading.flow('null', value.labels, `${value.path.at(-1)} IS NULL`)
    return { ...clean, type: 'bool' }
  },
  CaseExpr(node, scope, reading) {
    return reading.guarded('CASE', () => {
      const subject = evaluate(node.arg, scope, reading)
      const whens = list(node.args).map((when) => as(when, 'CaseWhen') ?? {})
      const conditions = whens.map(({ expr }) => {
        const condition = evaluate(expr, scope, reading)
        return node.arg === undefined ? condition : operate(['='], subject, condition, constant(expr), reading)
      })
      const results = [...whens.map(({ result }) => result), ...(node.defresult === undefined ? [] : [node.defresult])]
      const values = results.map((result) => evaluate(result, scope, reading))
      becomeOne(values, reading)
      return settled(derived([...values, ...conditions], () => 'CASE', values.reduce(either, { ...clean, type: 'unknown' }).type))
    })
  },
  CoalesceExpr: (node, scope, reading) => reading.guarded('COALESCE', () => several(node.args, 'coalesce', scope, reading)),
  MinMaxExpr(node, scope, reading) {
    const value = several(node.args, node.op === 'IS_LEAST' ? 'least' : 'greatest', scope, reading)
    mayFailUnless(totalOperator('<', value.type, value.type, undefined), value, 'comparing', reading)
    return value
  },
  RowExpr: (node, scope, reading) => derived(evaluateAll(node.args, scope, reading), (last) => `ROW(${last})`, 'row'),
  A_ArrayExpr(node, scope, reading) {
    const elements = evaluateAll(node.elements, scope, reading)
    const value = derived(elements, (last) => `ARRAY[${last}]`, 'array')
    // Arrays of arrays must all have one length.
    mayFailUnless(elements.every(({ type }) => type !== undefined && type !== 'array'), value, 'making an array', reading)
    return value
  },

  XmlExpr: constructed('xml', ['named_args', 'args']),
  XmlSerialize: constructed('xmlserialize', ['expr'], 'typeName'),
  ResTarget: (node, scope, reading) => evaluate(node.val, scope, reading),
  JsonObjectConstructor: constructed('json_object', ['exprs'], 'output'),
  JsonArrayConstructor: constructed('json_array', ['exprs'], 'output'),
  JsonKeyValue: (node, scope, reading) => derived([evaluate(node.key, scope, reading), jsonValue(node.value, scope, reading)]),
  JsonValueExpr: (node, scope, reading) => jsonValue(node, scope, reading),
  JsonIsPredicate: constructed('IS JSON', ['expr']),
  JsonParseExpr: (node, scope, reading) => converted('json', jsonValue(node.expr, scope, reading), node.output, reading),
  JsonSerializeExpr: (node, scope, reading) => converted('json_serialize', jsonValue(node.expr, scope, reading), node.output, reading),
  JsonScalarExpr: constructed('json_scalar', ['expr'], 'output'),
  JsonFuncExpr: jsonFunction
}

function valueFunctionType(op: string): string {
  if (op.startsWith('SVFOP_CURRENT_DATE')) return 'date'
  if (/TIMESTAMP/.test(op)) return op.startsWith('SVFOP_LOCAL') ? 'timestamp' : 'timestamptz'
  if (/TIME/.test(op)) return op.startsWith('SVFOP_LOCAL') ? 'time' : 'timetz'
  return 'name'
}

function column(node: Tree, scope: Scope, reading: Reading): Value {
  const fields = list(node.fields)
  if (fields.some((field) => as(field, 'A_Star') !== undefined)) {
    const all = star(strings(fields), scope)
    if (all === undefined) reading.unproven(`${strings(fields).join('.')}.* is unknown`)
    return { ...derived(all ?? []), type: 'row' }
  }
  const parts = strings(fields)
  const found = find(parts, scope)
  switch (found.type) {
    case 'value': return found.value
    case 'row': return rowOf(found.item)
    case 'call': return callFunction([found.name], [rowOf(found.item)], [undefined], reading)
    case 'none':
      reading.unproven(`the column ${parts.join('.')} is unknown`)
      return clean
  }
}

/** `(row).field`, `array[1]`, `(value).function` */
function indirection(node: Tree, scope: Scope, reading: Reading): Value {
  let value = evaluate(node.arg, scope, reading)
  const row = wholeRow(node.arg, scope)
  for (const [at, step] of list(node.indirection).entries()) {
    const name = text(as(step, 'String')?.sval)
    const index = as(step, 'A_Indices')
    if (index !== undefined) {
      const bounds = [evaluate(index.lidx, scope, reading), evaluate(index.uidx, scope, reading)]
      value = derived([value, ...bounds], (last) => `${last}[]`)
      mayFailUnless(bounds.every(({ labels }) => labels.size === 0), value, 'a subscript', reading)
    } else if (name === undefined) {
      value = { ...derived([value]), type: 'row' }
    } else {
      const field = at === 0 ? row?.fields.find((candidate) => candidate.name === name) : undefined
      if (field !== undefined) {
        const { origin: _, ...own } = field
        value = own
      } else if (value.type === 'row' && reading.world.catalog.functions.has(name) === false) {
        value = derived([value], (last) => `(${last}).${name}`)
      } else {
        value = callFunction([name], [value], [undefined], reading)
      }
    }
  }
  return value
}

function wholeRow(value: unknown, scope: Scope) {
  const fields = list(as(value, 'ColumnRef')?.fields)
  const [name, ...more] = strings(fields)
  if (name === undefined || more.length > 0 || find([name], scope).type !== 'row') return undefined
  return itemNamed(name, undefined, scope)
}

function operator(node: Tree, scope: Scope, reading: Reading): Value {
  const name = strings(node.name)
  const rows = [as(node.lexpr, 'RowExpr'), as(node.rexpr, 'RowExpr')]
  // Compared column by column, in order, so a later pair is a matter of the earlier.
  if (node.kind === 'AEXPR_OP' && rows[0] !== undefined && rows[1] !== undefined) return pairs(name, rows[0], rows[1], scope, reading)
  const left = evaluate(node.lexpr, scope, reading)
  switch (node.kind) {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return operate(name, node.lexpr === undefined ? undefined : left, evaluate(node.rexpr, scope, reading), constant(node.rexpr), reading)
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL': {
      const right = elementOf(node.rexpr, scope, reading)
      return operate(name, left, right, constant(node.rexpr), reading)
    }
    case 'AEXPR_IN':
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM': {
      const compared = node.kind === 'AEXPR_IN' ? name : ['<=']
      return reading.guarded(node.kind === 'AEXPR_IN' ? 'IN' : 'BETWEEN', () => derived(list(node.rexpr).map((item) =>
        operate(compared, left, evaluate(item, scope, reading), constant(item), reading)), undefined, 'bool'))
    }
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return operate(['='], left, evaluate(node.rexpr, scope, reading), constant(node.rexpr), reading)
    case 'AEXPR_NULLIF': {
      const compared = operate(['='], left, evaluate(node.rexpr, scope, reading), constant(node.rexpr), reading)
      return settled(derived([left, compared], (last) => `nullif(${last})`, left.type))
    }
    default:
      reading.unproven(`${text(node.kind) ?? 'an operator'} is not understood`)
      return derived([left, evaluate(node.rexpr, scope, reading)])
  }
}

function pairs(name: readonly string[], left: Tree, right: Tree, scope: Scope, reading: Reading): Value {
  const others = list(right.args)
  return reading.guarded('comparing rows', () => derived(list(left.args).map((item, at) =>
    operate(name, evaluate(item, scope, reading), evaluate(others[at], scope, reading), constant(others[at]), reading)), undefined, 'bool'))
}

/** The right side of ANY and ALL: one element of the array. */
function elementOf(node: unknown, scope: Scope, reading: Reading): Value {
  const elements = list(as(node, 'A_ArrayExpr')?.elements)
  if (elements.length > 0) {
    const values = elements.map((element) => evaluate(element, scope, reading))
    becomeOne(values, reading)
    return derived(values, undefined, values.reduce(either).type ?? 'array')
  }
  const value = evaluate(node, scope, reading)
  return value.labels.size === 0 ? { ...value, type: 'unknown' } : value
}

function cast(node: Tree, scope: Scope, reading: Reading): Value {
  const value = evaluate(node.arg, scope, reading)
  const target = namedType(node.typeName as Tree, reading)
  const total = !target.checked && totalCast(value.type, target.type, target.modified)
  // A constant is converted before any row is looked at.
  mayFailUnless(total || as(node.arg, 'A_Const') !== undefined, value, `the cast to ${target.name}`, reading)
  if (value.labels.size === 0) return target.type === undefined ? clean : { ...clean, type: target.type }
  // Text as another kind of text is the same value.
  const same = total && !target.modified && (value.type === target.type || (isString(value.type) && isString(target.type)))
  if (!same) return derived([value], (last) => `${last}::${target.name}`, target.type)
  const { origin: _, ...kept } = value
  return { ...kept, ...(target.type === undefined ? {} : { type: target.type }) }
}

function isString(type: string | undefined): boolean {
  return type === 'text' || type === 'varchar' || type === 'own-text'
}

/** Values of several types are converted to one. */
export function becomeOne(values: readonly Value[], reading: Reading): void {
  if (!totalUnion(values.map(({ type }) => type))) mayFailUnless(false, derived(values), 'converting values to one type', reading)
}

/** One of several values. */
function several(args: unknown, name: string, scope: Scope, reading: Reading): Value {
  const values = evaluateAll(args, scope, reading)
  becomeOne(values, reading)
  return settled(derived(values, (last) => `${name}(${last})`, values.reduce(either, { ...clean, type: 'unknown' }).type))
}

/** Built from its parts by a function of the grammar's own, which may find them unfit. */
function constructed(name: string, fields: readonly string[], type?: string): Evaluate {
  return (node, scope, reading) => {
    const parts = fields.flatMap((field) => {
      const value = node[field]
      return Array.isArray(value) ? evaluateAll(value, scope, reading) : [evaluate(value, scope, reading)]
    })
    return converted(name, derived(parts), type === undefined ? undefined : node[type], reading)
  }
}

function converted(name: string, from: Value, output: unknown, reading: Reading): Value {
  const target = isTree(output) ? (isTree(output.typeName) ? output.typeName : output) : undefined
  const type = target?.names === undefined ? undefined : namedType(target, reading).type
  const value = derived([from], (last) => `${name}(${last})`, type)
  mayFailUnless(false, value, name, reading)
  return value
}

function jsonValue(value: unknown, scope: Scope, reading: Reading): Value {
  return evaluate(isTree(value) ? value.raw_expr : undefined, scope, reading)
}

/** @param what says so to people */
export function mayFailUnless(total: boolean, value: { readonly labels: Value['labels'], readonly path: readonly string[] }, what: string, reading: Reading): void {
  if (total) return
  reading.mayFail()
  if (value.labels !== nothing && !reading.off('totality')) {
    reading.flow('error', value.labels, `whether ${what} fails depends on ${value.path.at(-1) ?? 'a protected value'}`)
  }
}
