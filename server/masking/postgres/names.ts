// The name PostgreSQL gives a column of a result that has none written (parse_target.c, FigureColname). Pure.
import { as, isTree, kindOf, list, strings, text } from '../../sql/postgres/tree.ts'

const unnamed = '?column?'

/** How good a name is: a cast takes its own type's before a weak one. */
interface Named { readonly name: string, readonly strong: boolean }

const fixed: Readonly<Record<string, Named>> = {
  GroupingFunc: { name: 'grouping', strong: true },
  MergeSupportFunc: { name: 'merge_action', strong: true },
  A_ArrayExpr: { name: 'array', strong: true },
  RowExpr: { name: 'row', strong: true },
  CoalesceExpr: { name: 'coalesce', strong: true },
  XmlSerialize: { name: 'xmlserialize', strong: true },
  JsonParseExpr: { name: 'json', strong: true },
  JsonScalarExpr: { name: 'json_scalar', strong: true },
  JsonSerializeExpr: { name: 'json_serialize', strong: true },
  JsonObjectConstructor: { name: 'json_object', strong: true },
  JsonArrayConstructor: { name: 'json_array', strong: true }
}

const xmlNames: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot'
}

/** SVFOP_CURRENT_TIME_N -> current_time */
function valueFunctionName(op: string): string {
  return op.replace(/^SVFOP_/, '').replace(/_N$/, '').toLowerCase()
}

export function resultName(value: unknown): string {
  return nameOf(value)?.name ?? unnamed
}

function nameOf(value: unknown): Named | undefined {
  if (!isTree(value)) return undefined
  const [kind, node] = kindOf(value)
  switch (kind) {
    case 'ColumnRef': return strong(strings(node.fields).at(-1))
    case 'A_Indirection': return strong(strings(node.indirection).at(-1)) ?? nameOf(node.arg)
    case 'FuncCall': return strong(strings(node.funcname).at(-1))
    case 'A_Expr': return node.kind === 'AEXPR_NULLIF' ? strong('nullif') : undefined
    case 'TypeCast': {
      const inner = nameOf(node.arg)
      const type = strings(isTree(node.typeName) ? node.typeName.names : undefined).at(-1)
      return inner?.strong === true || type === undefined ? inner : { name: type, strong: false }
    }
    case 'CollateClause': return nameOf(node.arg)
    case 'SubLink': return ofSublink(text(node.subLinkType), node.subselect)
    case 'CaseExpr': {
      const inner = nameOf(node.defresult)
      return inner?.strong === true ? inner : { name: 'case', strong: false }
    }
    case 'MinMaxExpr': return strong(node.op === 'IS_LEAST' ? 'least' : 'greatest')
    case 'SQLValueFunction': return strong(valueFunctionName(text(node.op) ?? ''))
    // JSON_VALUE_OP -> json_value
    case 'JsonFuncExpr': return strong(text(node.op)?.replace(/_OP$/, '').toLowerCase())
    case 'XmlExpr': return strong(xmlNames[text(node.op) ?? ''])
    default: return fixed[kind]
  }
}

function strong(name: string | undefined): Named | undefined {
  return name === undefined ? undefined : { name, strong: true }
}

function ofSublink(kind: string | undefined, query: unknown): Named | undefined {
  if (kind === 'EXISTS_SUBLINK') return strong('exists')
  if (kind === 'ARRAY_SUBLINK') return strong('array')
  if (kind !== 'EXPR_SUBLINK') return undefined
  let select = as(query, 'SelectStmt')
  while (isTree(select?.larg)) select = select.larg
  const target = as(list(select?.targetList)[0], 'ResTarget')
  return strong(text(target?.name)) ?? nameOf(target?.val)
}
