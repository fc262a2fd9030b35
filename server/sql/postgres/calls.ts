// Calls of functions, and of operators where they name the schema their function is to come from. Pure.
import type { Below, Mode, Reading } from './reading.ts'
import { sampleOf } from './functions.ts'
import { setTo } from './set.ts'
import { constant, list, strings, type Tree } from './tree.ts'

/** A FuncCall. Arguments are looked at too. */
export function call(node: Tree, reading: Reading, mode: Mode): undefined {
  const name = strings(node.funcname)
  const own = name.length === 1 || (name.length === 2 && name[0] === 'pg_catalog')
  const [first, second] = list(node.args).map(constant)
  if (own && name.at(-1) === 'set_config') {
    reading.call(name, mode, { effects: [] })
    // Volatile: EXPLAIN does not evaluate it.
    if (mode === 'planned') return
    if (first === undefined) reading.effect(mode, 'unknown')
    else setTo(first, second, reading, mode)
    return
  }
  if (own && /^(nextval|setval|currval)$/.test(name.at(-1)!) && first !== undefined) reading.relation(relationIn(first))
  reading.call(name, mode)
}

/** CALL: a procedure, whose body may do anything, transactions included. */
export function callProcedure(node: Tree, reading: Reading, mode: Mode): readonly Below[] {
  reading.call(strings((node.funccall as Tree | undefined)?.funcname), mode, { effects: ['unknown'] })
  return [{ value: (node.funccall as Tree | undefined)?.args, mode }]
}

export function operator(name: unknown, reading: Reading, mode: Mode): undefined {
  const parts = strings(name)
  if (parts.length > 1 && parts[0] !== 'pg_catalog') reading.call(parts, mode)
}

export function sample(node: Tree, reading: Reading, mode: Mode): undefined {
  const method = strings(node.method)
  reading.call(method, mode, sampleOf(method))
}

/** The parts of a name as `regclass` reads it from a string: `s`, `a.s`, `"A"."S"`. */
function relationIn(written: string): string[] {
  const parts = written.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []
  return parts.map((part) => part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.trim().toLowerCase())
}
