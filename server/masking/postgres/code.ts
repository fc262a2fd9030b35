// Expressions the catalog keeps as text, parsed once; and whether code named in a part of a statement is harmless. Pure.
import { isKind, isTree, kindOf, strings, type Tree } from '../../sql/postgres/tree.ts'
import { calleeOf, checkCallee, runsClean } from './calls.ts'
import { unknownIn } from './fields.ts'
import { memoryOf } from './memory.ts'
import { Reading } from './reading.ts'
import { namedType } from './typing.ts'

/** The one statement of the text, tagged, of known kinds and fields; undefined where it is none. */
export function treeOf(written: string, reading: Reading): Tree | undefined {
  const { trees } = memoryOf(reading.world)
  if (trees.has(written)) return trees.get(written)
  const parsed = reading.world.parse(written)
  const tree = parsed === undefined || unknownIn(parsed, reading.world.catalog.major) !== undefined ? undefined : parsed
  trees.set(written, tree)
  return tree
}

/** @param expression SQL kept by the catalog. @returns what in it is not proven harmless; undefined: all of it is */
export function unprovenCode(expression: string, reading: Reading): string | undefined {
  if (reading.depth > 20) return 'an expression that refers to itself'
  const tree = treeOf(`SELECT ${expression}`, reading)
  if (tree === undefined) return 'an expression that cannot be read'
  const inner = new Reading(reading.world)
  inner.depth = reading.depth + 1
  checkCode(tree, inner)
  const [why] = inner.opaque
  return why
}

/**
 * Looks at every function, operator and type named below, without regard to what they are applied to: for parts of a statement that
 * are kept for later, where a query would see what is there then.
 */
export function checkCode(value: unknown, reading: Reading): void {
  if (Array.isArray(value)) {
    for (const item of value) checkCode(item, reading)
    return
  }
  if (!isTree(value)) return
  for (const key in value) {
    const below = value[key]
    if (isKind(key)) checkNode(kindOf(value), reading)
    else if (key === 'typeName' && isTree(below) && !('TypeName' in below)) namedType(below, reading)
    checkCode(below, reading)
  }
}

function checkNode([kind, node]: [string, Tree], reading: Reading): void {
  switch (kind) {
    case 'FuncCall': {
      const name = strings(node.funcname)
      const callee = calleeOf(name, reading)
      if (callee === undefined) reading.unproven(`the function ${name.join('.')} is unknown`)
      else checkCallee(callee, reading)
      if (callee?.builtin !== undefined && callee.name === 'set_config') reading.unproven('set_config runs where it is not seen')
      return
    }
    case 'A_Expr':
      for (const oid of reading.world.catalog.operators.get(strings(node.name).at(-1) ?? '') ?? []) {
        if (!runsClean(oid, reading)) reading.unproven(`the operator ${strings(node.name).join('.')} runs code that is not known to be harmless`)
      }
      return
    case 'SubLink':
      reading.unproven('a query stands where only an expression is expected')
      return
    case 'TypeName':
      namedType(node, reading)
  }
}
