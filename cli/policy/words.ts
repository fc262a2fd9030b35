// Words that explanations, surveys and suggestions share. Pure.
import type { ExplainedColumn } from '../../shared/explain.ts'
import type { Exemption } from '../../shared/model.ts'
import { tableLines, timeFrom } from '../table.ts'

/** A heading and what stands below it, set in; nothing where there is nothing. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)]
}

export function tableBelow(heading: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : section(heading, tableLines(head, rows))
}

/** What a person sees in its cells. */
export function shownAs({ shown, mask, tells, exemptions = [], mayAsk = [] }: ExplainedColumn): string {
  const whose = exemptions.length === 0 ? 'an exemption' : `the exemption from ${exemptions.map(exemptionText).join(' and ')}`
  const asking = mayAsk.length === 0 ? '' : `; members of ${mayAsk.join(', ')} may ask with --clear`
  switch (shown) {
    case 'clean': return 'as it is'
    case 'clear': return `clear, because of ${whose}`
    case 'redacted': return `redacted${asking}`
    case 'masked': return `masked: ${mask ?? 'redact'}${tells === undefined ? '' : ` (tells ${tells})`}${asking}`
  }
}

/** `"who a patient is" until 2027-02-01 00:00:00 UTC`. */
export function exemptionText({ rule, until }: Exemption): string {
  return `"${rule}"${until === undefined ? '' : ` until ${timeFrom(until)} UTC`}`
}
