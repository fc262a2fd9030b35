// What one connection may see of protected columns: a statement in, what it shows and how its rows are masked out. Sends nothing itself.
// Long because it is the one place where the analysis and the masks, which are server/masking's, meet the catalog, the policy and what the
// server says of a result.
import { createHmac } from 'node:crypto'
import { GatewayError } from '../../../shared/errors.ts'
import type { Exposure } from '../../../shared/model.ts'
import { firstOwnOid } from '../../masking/postgres/build-catalog.ts'
import { analyze } from '../../masking/postgres/analyze.ts'
import { columnAt, type Catalog, type Oid } from '../../masking/postgres/catalog.ts'
import { copyFormat, type CopyFormat } from '../../masking/postgres/copy-format.ts'
import { copyMasker } from '../../masking/postgres/copy.ts'
import type { Column, Finding } from '../../masking/postgres/finding.ts'
import { judge, type Cell, type MaskingPolicy, type Verdict } from '../../masking/postgres/judge.ts'
import type { Protection as Marks } from '../../masking/postgres/protect.ts'
import { RowMasker } from '../../masking/postgres/rows.ts'
import { maskFor, type CellMask } from '../../masking/postgres/values.ts'
import type { World } from '../../masking/postgres/world.ts'
import type { Protection } from '../../policy/protect.ts'
import type { Parser, PlPgSqlParser } from '../../sql/postgres/parser.ts'
import { as, type Tree } from '../../sql/postgres/tree.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'
import type { Search } from './search.ts'
import { settingFor, type Judgement, type Protects, type Setting } from './setting.ts'
import { schemaChanged } from './stale.ts'
import type { DescribedColumn } from './wire/row-description.ts'
import type { RowRewriter } from './wire/walker.ts'

/** One statement that reaches something protected, or could not be understood. */
export interface Guard {
  readonly finding: Finding
  /** By what it was judged; its rows are masked by the same. */
  readonly setting: Setting
  readonly exposure: Exposure
  /** Values of protected columns it asks for, parameters by number. */
  readonly asked: Verdict['asked']
  /** The server is to describe it, and lock what it reads, before it runs. */
  readonly describe: boolean
  /** It reaches nothing protected, as long as its names mean what they did: it is described, and otherwise left alone. */
  readonly watched?: true
  /** Looks through the columns that pass. */
  readonly search?: Search | undefined
  /** Made when the server has described the result; rows without it end the session. `nothing to mask`: they pass as they are. */
  rewriter?: RowRewriter | 'nothing to mask'
  /** Which columns of the result are masked; known once the server has described it. */
  masked?: readonly boolean[]
}

/** What the session has by name, confirmed by the server. */
export interface NamedFindings {
  prepared(name: string): Finding | undefined
  readonly cursors: ReadonlyMap<string, Finding>
}

const describable = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'VALUES', 'TABLE', 'EXPLAIN', 'FETCH', 'EXECUTE', 'SHOW'])
const maxCachedFindings = 2_000

export interface GuardParts {
  readonly protects: Protects
  readonly parser: Parser
  readonly plpgsql: PlPgSqlParser
  /** Secret of the masks `hash` and `fake`, of this target. */
  readonly key: Uint8Array
  readonly now: () => number
}

export class Guards {
  readonly #parser: Parser
  readonly #plpgsql: PlPgSqlParser
  readonly #protects: Protects
  readonly #key: Uint8Array
  readonly #now: () => number
  #setting: Setting | undefined
  #judging = true
  searchPath: readonly string[] = []
  /** Somebody else is changing the catalog: what reaches nothing protected is described as well, so that it stays so. */
  watching = false
  /** Why what names mean cannot be told just now. */
  uncertain: string | undefined

  constructor({ parser, plpgsql, protects, key, now }: GuardParts) {
    this.#protects = protects
    this.#parser = parser
    this.#plpgsql = plpgsql
    this.#key = key
    this.#now = now
  }

  /**
   * To be called before statements are judged, with what is in force.
   * @param judging nothing is protected here and never was, so statements are only read: for what they change and copy
   */
  async use(catalog: Catalog, protection: Protection, judging = true): Promise<void> {
    this.#judging = judging
    if (this.#setting?.catalog === catalog && this.#setting.protection === protection) return
    this.#setting = await settingFor(catalog, protection, this.#protects)
  }

  /** What is in force. */
  get setting(): Setting {
    return this.#required()
  }

  /** Names an error may show. */
  get names(): ReadonlySet<string> {
    return this.#required().names
  }

  /** Settings without which an index would return rows in the order of protected values. */
  get orderSettings(): Setting['orderSettings'] {
    return this.#required().orderSettings
  }

  /** What statements are judged against, without what the session has by name. */
  get world(): World {
    const { catalog, marks, vouched } = this.#required()
    return {
      catalog,
      protected: marks.protected,
      hazards: marks.hazards,
      vouched,
      parse: (text) => this.#tree(text),
      parsePlPgSql: (definition) => this.#plpgsql.parse(definition),
      searchPath: this.searchPath
    }
  }

  /** How findings become verdicts. */
  get policy(): MaskingPolicy {
    return this.#required().policy
  }

  /** What is protected, tied to it, and ordered by it; and what of the policy names nothing. */
  get marks(): Marks {
    return this.#required().marks
  }

  /** Whether reading a value of one of these types runs code of the database's own: a domain's checks, a type's own input function. */
  runCode(types: readonly Oid[]): boolean {
    const { catalog } = this.#required()
    return types.some((oid) => oid >= firstOwnOid && catalog.types.get(oid)?.kind !== 'e')
  }

  find(statement: AnalyzedStatement, named: NamedFindings): Finding {
    const setting = this.#required()
    if (this.uncertain !== undefined && !statement.flags.includes('transaction')) return unknownFinding(this.uncertain)
    const key = `${this.searchPath.join('\0')}\0\0${statement.text}`
    const known = setting.findings.get(key)
    if (known !== undefined) return known
    const tree = this.#tree(statement.text)
    if (tree === undefined) return unread
    const prepared = statement.executes === undefined ? undefined : named.prepared(statement.executes.name)
    const finding = analyze(tree, {
      ...this.world,
      prepared: new Map(prepared === undefined ? [] : [[statement.executes!.name, prepared]]),
      cursors: named.cursors
    })
    if (finding.ofSession !== true) {
      if (setting.findings.size >= maxCachedFindings) setting.findings.clear()
      setting.findings.set(key, finding)
    }
    return finding
  }

  /** @returns undefined where nothing protected is reached: then nothing is decoded, and nothing is changed */
  guard(statement: AnalyzedStatement, finding: Finding, alone: boolean, search?: Search): Guard | undefined {
    if (!finding.reached || !this.#judging) return undefined
    const setting = this.#required()
    const { verdict, exposure } = judged(finding, setting)
    if (!alone) {
      const why = ['it stands in a string of several statements: send those that reach protected columns one by one']
      return { finding, setting, asked: [], describe: false, exposure: { ...exposure, action: 'deny', why } }
    }
    const describe = statement.copy === undefined && describable.has(statement.verb)
    const guard: Guard = { finding, setting, exposure, asked: verdict.asked, describe, search }
    if (statement.copy === 'out') guard.rewriter = this.#copyRewriter(statement, guard, verdict)
    return guard
  }

  /** Of a statement that stands alone in its string. */
  watch(statement: AnalyzedStatement, finding: Finding | undefined): Guard | undefined {
    if (!this.watching || !this.#judging || finding === undefined || finding.reached) return undefined
    if (finding.relations.length + finding.functions.length === 0) return undefined
    const describe = statement.copy === undefined && describable.has(statement.verb)
    return { finding, setting: this.#required(), asked: [], describe, exposure: unexposed, watched: true }
  }

  /**
   * Makes what rewrites the rows, from the server's own description of them.
   * @throws GatewayError cancelled where that is not what was found: the catalog is another one now
   */
  described(guard: Guard, described: readonly DescribedColumn[]): void {
    const { finding, setting } = guard
    const { policy, marks } = setting
    const { cells } = judged(finding, setting).verdict
    const columns = finding.columns
    if (columns !== undefined && columns.length !== described.length) throw schemaChanged()
    guard.masked = described.map((_, i) => cells?.[i] !== 'pass')
    const masks = described.map((shown, i): CellMask | undefined => {
      const column = columns?.[i]
      const cell = cells?.[i] ?? 'redact'
      this.#compare(shown, column, cell, marks, policy)
      return cell === 'pass' ? guard.search?.cell(shown) : this.#mask(cell, shown, column, setting)
    })
    guard.rewriter = masks.every((mask) => mask === undefined) ? 'nothing to mask' : new RowMasker(masks)
  }

  /** The server's word for where a column comes from is a second opinion: one of the two that says "protected" is enough to stop. */
  #compare(shown: DescribedColumn, column: Column | undefined, cell: Cell, marks: Marks, policy: MaskingPolicy): void {
    const origin = column?.origin
    const same = origin === undefined || shown.relation === 0 || (origin.relation === shown.relation && origin.attnum === shown.attnum)
    if (!same) throw schemaChanged()
    const label = marks.protected.get(shown.relation)?.get(shown.attnum)
    if (cell === 'pass' && label !== undefined && !policy.exempt.has(label)) throw schemaChanged()
  }

  #mask(cell: Exclude<Cell, 'pass'>, shown: DescribedColumn, column: Column | undefined, { catalog }: Setting): CellMask {
    const stored = column?.identity === undefined ? undefined : columnAt(catalog, column.origin)
    const type = catalog.types.get(shown.type)
    return maskFor(cell === 'redact' ? 'redact' : cell.mask, {
      type: shown.type,
      typeModifier: shown.typeModifier,
      nullable: stored?.notNull !== true,
      ...(type?.element === undefined || type.category !== 'A' ? {} : { arrayOf: type.element }),
      ...(type === undefined ? {} : { kind: type.kind })
    }, shown.format === 1 ? 1 : 0, {
      key: this.#key,
      currentYear: new Date(this.#now()).getUTCFullYear(),
      // Whether something derived is NULL may depend on anything that went into it.
      hideNulls: column?.identity === undefined
    })
  }

  /** COPY describes nothing: the catalog says the types. */
  #copyRewriter(statement: AnalyzedStatement, guard: Guard, { cells }: Verdict): RowRewriter {
    const { finding, setting, search } = guard
    const { columns } = finding
    if (columns === undefined || cells === undefined) throw unknownCopy()
    const format = this.copyFormat(statement, finding)
    guard.masked = cells.map((cell) => cell !== 'pass')
    const masks = columns.map((column, i): CellMask | undefined => {
      const cell = cells[i]!
      if (cell === 'pass') return search?.copied(column, format)
      const stored = columnAt(setting.catalog, column.origin)
      // Of an expression the type is not known, so nothing but NULL certainly fits.
      if (stored === undefined) return { constant: null, whenNull: null }
      const described = { name: column.name, relation: 0, attnum: 0, type: stored.type, typeModifier: stored.typeModifier, format: format.format === 'binary' ? 1 : 0 }
      return this.#mask(cell, described, column, setting)
    })
    return copyMasker(masks, format)
  }

  /** @throws GatewayError where rows cannot be told apart */
  copyFormat(statement: AnalyzedStatement, { columns = [] }: Finding): CopyFormat {
    const copy = as(this.#tree(statement.text), 'CopyStmt')
    if (copy === undefined) throw unknownCopy()
    return copyFormat(copy.options, columns.map(({ name }) => name))
  }

  #tree(text: string): Tree | undefined {
    const parsed = this.#parser.parse(text)
    return parsed.type === 'tree' && parsed.statements.length === 1 ? parsed.statements[0]!.tree : undefined
  }

  #required(): Setting {
    if (this.#setting === undefined) throw new GatewayError('target_refused', 'the catalog is not known, so nothing can be shown')
    return this.#setting
  }
}

const unexposed: Exposure = { action: 'allow', why: [], flags: [], masked: [], clear: [] }

/** Nothing is known of it. */
export function unknownFinding(why: string): Finding {
  return { columns: undefined, flows: [], opaque: [why], relations: [], reached: true, functions: [], changesCatalog: true }
}

const unread = unknownFinding('the statement could not be read')

function judged(finding: Finding, { policy, judged: known }: Setting): Judgement {
  let judgement = known.get(finding)
  if (judgement === undefined) {
    const verdict = judge(finding, policy)
    known.set(finding, judgement = { verdict, exposure: exposureOf(verdict, finding, policy) })
  }
  return judgement
}

function exposureOf({ action, why, flags, cells, exempted }: Verdict, finding: Finding, policy: MaskingPolicy): Exposure {
  const labels = (finding.columns ?? []).flatMap((column, i) => cells?.[i] === 'pass' ? [] : [...column.labels].filter((label) => !policy.exempt.has(label)))
  return { action, why, flags, masked: [...new Set(labels)].sort(), clear: exempted }
}

function unknownCopy(): GatewayError {
  return new GatewayError('denied', 'what this COPY would show cannot be told')
}

/** One key for each target, so that equal values of two databases cannot be told to be equal. */
export function keyOf(secret: Uint8Array, target: string): Uint8Array {
  return createHmac('sha256', secret).update(target).digest()
}
