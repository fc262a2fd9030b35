// A value as text for a table, a CSV file or JSON. Pure.
import type { Field } from './wire.ts'

/** `NULL`, bare, is SQL NULL; a text that reads so stands in quotes, and so does a quoted one of those. */
export function cellFrom(value: string | null): string {
  if (value === null) return 'NULL'
  return /^"*NULL"*$/.test(value) ? `"${value}"` : value
}

/** RFC 4180, with NULL as PostgreSQL's COPY has it: nothing at all, where the empty text is "". */
export function csvFrom(value: string | null): string {
  if (value === null) return ''
  return value === '' || /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

/** pg_type's oids: bool; int2, int4, oid; float4, float8; json, jsonb. */
const booleans = new Set([16])
const numbers = new Set([21, 23, 26, 700, 701])
const documents = new Set([114, 3802])

/** bigint and numeric stay text: JSON readers would round them. So do NaN and the infinities. */
export function jsonFrom(value: string | null, oid: number): unknown {
  if (value === null) return null
  if (booleans.has(oid)) return value === 't'
  if (numbers.has(oid)) return Number.isFinite(Number(value)) ? Number(value) : value
  if (documents.has(oid)) {
    try {
      return JSON.parse(value) as unknown
    } catch {
      return value
    }
  }
  return value
}

/** Names of a row's members: where two columns have the same name, the later ones are numbered. */
export function memberNames(fields: readonly Field[]): string[] {
  const taken = new Set<string>()
  return fields.map(({ name }) => {
    let unique = name
    for (let i = 2; taken.has(unique); i++) unique = `${name}_${i}`
    taken.add(unique)
    return unique
  })
}

/** int2, int4, int8, oid, float4, float8, numeric, money: set to the right. */
const rightward = new Set([20, 21, 23, 26, 700, 701, 1700, 790])
export function isNumeric(oid: number): boolean {
  return rightward.has(oid)
}
