// Words that explanations, surveys and suggestions share. Pure.
import type { ExplainedColumn } from '../../shared/explain.ts'
import { tableLines } from '../table.ts'

/** A heading and what stands below it, set in; nothing where there is nothing. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)]
}

export function tableBelow(heading: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : section(heading, tableLines(head, rows))
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** What a person sees in its cells. */
export function shownAs({ shown, mask, tells }: ExplainedColumn): string {
  switch (shown) {
    case 'clean': return 'as it is'
    case 'clear': return 'in clear, by an exemption'
    case 'redacted': return 'redacted'
    case 'masked': return `masked: ${mask ?? 'redact'}${tells === undefined ? '' : ` (tells ${tells})`}`
  }
}
