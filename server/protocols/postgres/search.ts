// Looks for identifiers in columns that nobody has marked, as their rows go by. One search for each result; without it nothing is read.
import { ProtocolViolation } from '../../../shared/errors.ts'
import type { Detected } from '../../../shared/model.ts'
import { Detector, type DetectorKind } from '../../masking/detectors.ts'
import { columnAt, type Catalog, type Oid } from '../../masking/postgres/catalog.ts'
import type { CopyFormat } from '../../masking/postgres/copy-format.ts'
import { copyMasker } from '../../masking/postgres/copy.ts'
import type { Column } from '../../masking/postgres/finding.ts'
import { searchedAs, searchMask } from '../../masking/postgres/found.ts'
import { RowMasker } from '../../masking/postgres/rows.ts'
import type { CellMask } from '../../masking/postgres/values.ts'
import type { Detection } from '../../policy/protect.ts'
import type { DescribedColumn } from './wire/row-description.ts'
import type { RowRewriter } from './wire/walker.ts'

/** Told of one result at most. */
const maxDetected = 50
const maxDetectors = 500

/** What searches share on one connection. */
export class Searches {
  readonly #detection: Detection
  readonly #detectors = new Map<string, Detector>()
  /** The one in force: names of columns, and types that people made. */
  catalog: Catalog | undefined

  constructor(detection: Detection) {
    this.#detection = detection
  }

  get action(): Detection['action'] { return this.#detection.action }

  isFor(detection: Detection): boolean { return detection === this.#detection }

  begin(): Search {
    return new Search(this)
  }

  /** One for all columns of a name. */
  detector(columnName: string): Detector {
    const known = this.#detectors.get(columnName)
    if (known !== undefined) return known
    if (this.#detectors.size >= maxDetectors) this.#detectors.clear()
    const detector = new Detector(this.#detection.kinds, columnName)
    this.#detectors.set(columnName, detector)
    return detector
  }

  nameOf(relation: Oid, attnum: number): string | undefined {
    const found = this.catalog?.relations.get(relation)
    const column = columnAt(this.catalog, { relation, attnum })
    return column === undefined ? undefined : `${found!.schema}.${found!.name}.${column.name}`
  }
}

/** Of one result. */
export class Search {
  readonly #searches: Searches
  readonly #hits = new Map<string, Map<DetectorKind, number>>()
  #copy: { readonly format: CopyFormat, readonly columns: readonly Column[] | undefined } | undefined
  #rewriter: RowRewriter | 'nothing to search' | undefined

  constructor(searches: Searches) {
    this.#searches = searches
  }

  /** The server has said what the result's columns are. */
  described(columns: readonly DescribedColumn[]): void {
    const masks = columns.map((column) => this.cell(column))
    this.#rewriter = masks.every((mask) => mask === undefined) ? 'nothing to search' : this.#only(new RowMasker(masks))
  }

  /** It is COPY TO STDOUT. @param columns as far as the analysis knows them */
  copies(format: CopyFormat, columns: readonly Column[] | undefined): void {
    this.#copy = { format, columns }
  }

  /**
   * The server begins to copy.
   *   format   int8, 0 text, 1 binary
   *   columns  int16, and for each its format, int16
   */
  copying(body: Buffer): void {
    const { format, columns } = this.#copy ?? {}
    const count = body.length < 3 ? -1 : body.readUInt16BE(1)
    if (format === undefined || count < 0) throw new ProtocolViolation('CopyOutResponse of the server', 'to a statement that copies nothing')
    const known = columns?.length === count ? columns : Array.from({ length: count }, () => undefined)
    const masks = known.map((column) => this.copied(column, format))
    this.#rewriter = this.#only(copyMasker(masks, format))
  }

  /**
   * Lets nothing be changed where it is only to be reported, rows too large to be looked at included.
   * Text of any other form than planned ends the session all the same: it would be searched at the wrong places.
   */
  #only(masker: RowRewriter): RowRewriter {
    if (this.#searches.action === 'mask') return masker
    return {
      wholeUpTo: masker.wholeUpTo,
      rewrite: (bytes, begin, end, own) => masker.rewrite(bytes, begin, end, own),
      rewritePiece: (piece) => [piece]
    }
  }

  /** What searches a described column; undefined where there is nothing to search. */
  cell({ name, relation, attnum, type, typeModifier, format }: DescribedColumn): CellMask | undefined {
    const how = searchedAs(type, this.#searches.catalog?.types.get(type))
    if (how === undefined) return undefined
    const column = this.#searches.nameOf(relation, attnum) ?? name
    return searchMask({
      // A result's own name may say more than the column's, and less.
      detector: this.#searches.detector(`${name} ${column.slice(column.lastIndexOf('.') + 1)}`),
      how,
      format: format === 1 ? 1 : 0,
      type,
      typeModifier,
      action: this.#searches.action,
      seen: (kind) => this.#seen(column, kind)
    })
  }

  /** What searches a column of COPY, of which the catalog says the type; of an expression nobody does. */
  copied(column: Column | undefined, { format }: CopyFormat): CellMask | undefined {
    const { origin } = column ?? {}
    const stored = columnAt(this.#searches.catalog, origin)
    const name = column?.name ?? ''
    const described = { name, relation: origin?.relation ?? 0, attnum: origin?.attnum ?? 0, typeModifier: stored?.typeModifier ?? -1, format: format === 'binary' ? 1 : 0 }
    if (stored !== undefined) return this.cell({ ...described, type: stored.type })
    return searchMask({
      detector: this.#searches.detector(name),
      how: 'whole',
      format: format === 'binary' ? 1 : 0,
      type: 0,
      typeModifier: -1,
      action: this.#searches.action,
      seen: (kind) => this.#seen(name === '' ? '?' : name, kind)
    })
  }

  /** @throws ProtocolViolation for rows that nobody has described */
  get rewriter(): RowRewriter | undefined {
    if (this.#rewriter === undefined) throw new ProtocolViolation('row of the server', 'not described before it came')
    return this.#rewriter === 'nothing to search' ? undefined : this.#rewriter
  }

  /** What was found since it was last asked. */
  take(): readonly Detected[] | undefined {
    if (this.#hits.size === 0) return undefined
    const found = [...this.#hits].flatMap(([column, kinds]) => [...kinds].map(([kind, hits]) => ({ column, kind, hits })))
    this.#hits.clear()
    return found.slice(0, maxDetected)
  }

  #seen(column: string, kind: DetectorKind): void {
    let kinds = this.#hits.get(column)
    if (kinds === undefined) this.#hits.set(column, kinds = new Map())
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
}
