// Functions and views that policy trusts although their code could not be proven clean: by name, bound to what they are. Pure.
import { createHash } from 'node:crypto'
import { didYouMean, nearest } from '../../../shared/nearest.ts'
import { whole, type Sliced } from '../slices.ts'
import type { Catalog, Oid, OwnFunction, Relation } from './catalog.ts'

export interface VouchedFor {
  /** `schema.name`: of a function (all its overloads with that hash), of a view, or of a table whose row security policies are trusted. */
  readonly name: string
  /** As `codeHash` gives it; `hoop policy check` prints it. */
  readonly sha256: string
}

/** Of all that makes it do what it does; another whenever somebody replaced it. Lower-case hex. */
export function codeHash(code: OwnFunction | Relation): string {
  const parts = 'language' in code
    ? [code.language, code.volatility, code.definition ?? '', code.body ?? '', code.settings, code.support, code.argumentTypes, code.securityDefiner]
    : [code.kind, code.definition ?? '', code.policies]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

export interface Vouched {
  /** Trusted in this snapshot. */
  readonly vouched: ReadonlySet<Oid>
  /** For people: what of the list trusts nothing, or nothing any more. */
  readonly problems: readonly string[]
}

/** All at once. */
export function vouchedIn(catalog: Catalog, list: readonly VouchedFor[]): Vouched {
  return whole(vouchedInSlices(catalog, list))
}

export function* vouchedInSlices(catalog: Catalog, list: readonly VouchedFor[]): Sliced<Vouched> {
  const vouched = new Set<Oid>()
  const problems: (() => string)[] = []
  for (const { name, sha256 } of list) {
    // What a function is made of is read whole.
    yield
    const found = named(catalog, name)
    const trusted = found.filter((code) => codeHash(code) === sha256)
    for (const { oid } of trusted) vouched.add(oid)
    if (found.length === 0) {
      problems.push(() => {
        const near = nearest(name, allNames(catalog))
        return `trusted "${name}" does not exist${near.length === 0 ? '' : `; ${didYouMean(near.map((one) => `"${one}"`))}`}`
      })
    } else if (trusted.length === 0) {
      problems.push(() => `trusted "${name}" has changed since somebody looked at it; what it is now has sha256 ${found.map(codeHash).join(' or ')}`)
    }
  }
  return { vouched, get problems() { return problems.map((say) => say()) } }
}

type Code = OwnFunction | Relation

/** Names may have dots in them. */
function named(catalog: Catalog, name: string): readonly Code[] {
  const found: Code[] = []
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const [schema, bare] = [name.slice(0, dot), name.slice(dot + 1)]
    const all: readonly Code[] = [...catalog.functions.get(bare) ?? [], ...catalog.relationsByName.get(bare) ?? []]
    found.push(...all.filter((code) => code.schema === schema && !isSystem(code)))
  }
  return found
}

function allNames(catalog: Catalog): readonly string[] {
  const all: readonly Code[] = [...catalog.functionsByOid.values(), ...catalog.relations.values()]
  return [...new Set(all.flatMap((code) => isSystem(code) ? [] : [`${code.schema}.${code.name}`]))]
}

function isSystem(code: Code): boolean {
  return 'system' in code && code.system
}
