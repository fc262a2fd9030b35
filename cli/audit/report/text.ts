// A report as plain text. Pure; whoever prints makes it safe.
import { tableLines } from '../../table.ts'
import type { Report } from './document.ts'
import { sectionsOf } from './sections.ts'

export function textOf(report: Report): string[] {
  return sectionsOf(report).flatMap(({ title, rules, text, tables }, i) => [
    ...(i === 0 ? [] : ['']),
    `${i + 1}. ${title}`,
    `   45 CFR ${rules.join(', ')}`,
    ...text,
    ...tables.filter(({ rows }) => rows.length > 0).flatMap(({ caption, head, rows, more }) => [
      '',
      ...(caption === undefined ? [] : [`${caption}:`]),
      ...tableLines(head, rows),
      ...(more === undefined ? [] : [`and ${more} more, which hoop audit search lists`])
    ])
  ])
}
