// What a report is made of: sections of text, tables and charts, whatever it is shown on. Types only.
import type { VerifyReport } from '../../../shared/audit/verify.ts'
import type { Reconciliation } from '../reconcile.ts'
import type { ReportFacts, Scope } from './facts.ts'

export interface Section {
  readonly title: string
  /** Paragraphs of 45 CFR part 164 it is evidence for. */
  readonly rules: readonly string[]
  readonly text: readonly string[]
  readonly charts?: readonly Chart[]
  readonly tables: readonly Table[]
}

/** Left out where it has no rows. */
export interface Table {
  readonly caption?: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Rows left out. */
  readonly more?: number
}

/** Left out where it has no bars. Bars, each of parts in the order of `series`. `across`: many bars, such as days, stand side by side. */
export interface Chart {
  readonly caption: string
  readonly series: readonly string[]
  readonly bars: readonly { readonly label: string, readonly values: readonly number[] }[]
  readonly across: boolean
}

export interface Report {
  readonly scope: Scope
  readonly madeAt: string
  readonly version: string
  readonly facts: ReportFacts
  readonly verified: VerifyReport
  readonly reconciled?: Reconciliation
  /** What to type to check all of it again. */
  readonly again: readonly string[]
}
