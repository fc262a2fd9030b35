// Rows of a catalog with much of everything, made up: what grows with a database is in it as often as asked for.
import type { CatalogRows, Row } from '../../../server/masking/postgres/catalog-rows.ts'

const parts = 100_000
const people = 100_001

/** `count` partitions of one table, as many tables that reference another, with indexes, comments, views' worth of functions and types. */
export function manyRows(count: number): CatalogRows {
  const partitions = Array.from({ length: count }, (_, i) => 200_000 + i)
  const visits = Array.from({ length: count }, (_, i) => 300_000 + i)
  const all = [parts, people, ...partitions, ...visits]
  const text = (relation: number, attnum: number, name: string, generated: string | null = null): Row =>
    [String(relation), String(attnum), name, '25', '-1', 'f', generated === null ? 'f' : 't', generated, '700']
  return {
    major: 18,
    searchPath: ['public'],
    schemas: [['2200', 'public']],
    relations: all.map((oid) => [String(oid), 'public', nameOf(oid), oid === parts ? 'p' : 'r', '0', String(oid + 500_000), '700', null]),
    columns: all.flatMap((oid) => [
      text(oid, 1, 'id'),
      text(oid, 2, 'ssn'),
      text(oid, 3, 'last4', 'right(ssn, 4)'),
      text(oid, 4, 'note')
    ]),
    comments: all.map((oid) => [String(oid), '4', 'PHI', null]),
    parents: partitions.map((oid) => [String(oid), String(parts)]),
    constraints: visits.map((oid) => [String(oid), '0', 'visits_fk', 'f', '{2}', String(people), '{2}', null, '700']),
    indexes: all.map((oid) => [String(oid), '{2}', '{2}', 'f', 'f', 't']),
    triggers: all.map((oid) => [String(oid), 'touch', '400000', '19', 'CREATE TRIGGER touch ...', 'O', '700']),
    rules: [],
    policies: visits.map((oid) => [String(oid), 'true', null, '700']),
    functions: all.map((oid) =>
      [String(oid + 700_000), 'public', `f${oid}`, 'sql', 'i', 'f', 'f', 'f', 'CREATE FUNCTION ...', 'SELECT 1', '', '23', null, null, null, null, '700']),
    builtins: all.map((_, i) => [String(i + 1), `b${Math.floor(i / 3)}`, 'i', 'f', 'f', null, '25']),
    operators: [],
    casts: [],
    types: all.map((oid) => [String(oid + 900_000), 'public', `e${oid}`, 'e', 'E', '0', '0', '0', null])
  }
}

function nameOf(oid: number): string {
  return oid === parts ? 'parts' : oid === people ? 'people' : oid < 300_000 ? `part_${oid}` : `visits_${oid}`
}
