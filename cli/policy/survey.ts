// What a policy author should know of a target, as lines. Pure.
import type { Survey } from '../../shared/explain.ts'
import { counted } from '../counted.ts'
import { section, tableBelow } from './words.ts'

export function surveyLines(survey: Survey): string[] {
  const { target, database, problems, columns, views, functions, indexes, lookAlikes } = survey
  return [
    `${target} (${database}): ${counted(columns.length, 'protected column')}, ${problems.length === 0 ? 'every name matches' : counted(problems.length, 'problem')}`,
    ...section('problems', problems),
    ...tableBelow('protected', ['COLUMN', 'MASK', 'RULE'], columns.map(({ column, mask, rule, follows }) =>
      [column, mask, follows === undefined ? rule : `${rule}; follows from ${follows}`])),
    ...tableBelow('views made from protected columns', ['VIEW', 'COLUMN', 'FROM'], views.flatMap(({ view, columns: made }) =>
      made.map(({ column, from }) => [view, column, from.join(', ')]))),
    ...tableBelow('views that hold what reads them, until they are trusted', ['VIEW', 'SHA256', 'WHY'], views.flatMap(({ view, sha256, unproven }) =>
      unproven.length === 0 ? [] : [[view, sha256, unproven.slice(0, 3).join('; ')]])),
    ...tableBelow('functions that hold what calls them, until they are trusted', ['FUNCTION', 'SHA256', 'WHY'], functions.map((one) =>
      [one.function, one.sha256, one.why])),
    ...tableBelow('indexes in the order of protected values; sessions run with these settings off', ['RELATION', 'OFF'], indexes.map(({ relation, off }) =>
      [relation, off.join(', ')])),
    ...tableBelow('not protected, though the name says it should be', ['COLUMN', 'LOOKS LIKE'], lookAlikes.map(({ column, holds }) => [column, holds]))
  ]
}
