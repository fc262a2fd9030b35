// What looks worth protecting, as a `protect` section to paste: YAML, whose comments say why. Pure.
import type { Suggestion, Suggestions } from '../../shared/explain.ts'
import { safeJson, safeLine } from '../../shared/text.ts'
import { counted } from '../counted.ts'

/** One rule for each kind and mask. Names are written as the section wants them, and in double quotes. */
export function suggestionLines({ target, database, relations, sampledColumns, unread, suggestions }: Suggestions): string[] {
  const groups = new Map<string, Suggestion[]>()
  for (const one of suggestions) {
    const key = `${one.holds}\n${one.mask}`
    groups.set(key, [...groups.get(key) ?? [], one])
  }
  return [
    `# ${safeLine(target)}, database ${safeLine(database)}: ${counted(suggestions.length, 'column')} of ${counted(relations, 'table')} ${suggestions.length === 1 ? 'looks' : 'look'} worth protecting, besides what is protected already.`,
    `# From names, comments and the values of ${counted(sampledColumns, 'column')}; what is written otherwise, or rarely, is not found. Look through it.`,
    ...unread.map(({ relation, errorClass }) => `# not read: ${safeLine(relation)} (${safeLine(errorClass)})`),
    ...(groups.size === 0 ? ['protect: []'] : ['protect:']),
    ...[...groups.values()].flatMap((columns) => [
      `  - name: ${safeJson(`suggested: ${columns[0]!.holds}`)}`,
      `    targets: { name: ${safeJson(target)} }`,
      `    mask: ${columns[0]!.mask}`,
      '    columns:',
      ...columns.map((one) => `      - ${safeJson(one.column)}  # ${whyLine(one)}`)
    ])
  ]
}

function whyLine({ because, hits, sampled }: Suggestion): string {
  const words = because.map((one) => one === 'values' ? `${hits} of ${sampled} values` : `its ${one}`)
  return words.join(', ')
}
