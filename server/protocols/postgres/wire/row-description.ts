// RowDescription, read where rows are to be masked. Pure.
import { Reader } from './reader.ts'

export interface DescribedColumn {
  readonly name: string
  /** The stored column it is, by the server's word; 0 for everything else. */
  readonly relation: number
  readonly attnum: number
  readonly type: number
  readonly typeModifier: number
  /** 0 text, 1 binary. */
  readonly format: number
}

/**
 *   count    int16, then for each column:
 *   name     cstring
 *   table    int32, OID or 0
 *   column   int16, attribute number or 0
 *   type     int32, OID
 *   size     int16
 *   modifier int32
 *   format   int16, 0 in the answer to a Describe of a statement
 */
export function decodeRowDescription(body: Buffer): DescribedColumn[] {
  const reader = new Reader(body, 'RowDescription')
  const columns = Array.from({ length: reader.uint16() }, (): DescribedColumn => {
    // Names may be cut in the middle of a character.
    const name = reader.cstringBytes().toString('utf8')
    const [relation, attnum, type] = [reader.uint32(), reader.int16(), reader.uint32()]
    reader.int16()
    return { name, relation, attnum, type, typeModifier: reader.int32(), format: reader.int16() }
  })
  reader.end()
  return columns
}
