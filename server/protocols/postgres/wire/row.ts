// One DataRow as text, for answers to questions of the gateway's own. Pure.
import { Reader } from './reader.ts'

/**
 *   count   int16
 *   values  each int32 length (-1: NULL), then its bytes
 */
export function decodeRow(body: Buffer): (string | null)[] {
  const reader = new Reader(body, 'DataRow')
  return Array.from({ length: reader.uint16() }, () => {
    const length = reader.int32()
    return length === -1 ? null : reader.bytes(length).toString('utf8')
  })
}
