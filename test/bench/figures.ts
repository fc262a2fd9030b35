// Arithmetic of measurements, and their table. Pure.

/** @throws Error on an empty list */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new Error('no values')
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (high - low) * (at - Math.floor(at))
}
export const median = (values: readonly number[]) => quantile(values, 0.5)

/** One measurement of one path in one round. */
export interface Sample {
  readonly path: string
  /** What was measured, e.g. `prepared, 32 clients, TPS`. */
  readonly cell: string
  readonly round: number
  readonly value: number
}

export class Samples {
  readonly all: Sample[] = []

  add(sample: Sample): void { this.all.push(sample) }

  values(path: string, cell: string): number[] {
    return this.all.filter((sample) => sample.path === path && sample.cell === cell).map(({ value }) => value)
  }

  /** Median over rounds of the ratio to the reference of the same round; undefined where either was not measured. */
  ratio(path: string, reference: string, cell: string, referenceCell = cell): number | undefined {
    const ratios = this.all.filter((sample) => sample.path === path && sample.cell === cell).flatMap(({ round, value }) => {
      const other = this.all.find((sample) => sample.path === reference && sample.cell === referenceCell && sample.round === round)
      return other === undefined ? [] : [value / other.value]
    })
    return ratios.length === 0 ? undefined : median(ratios)
  }

  /** Median over rounds of the difference to the reference of the same round. */
  difference(path: string, reference: string, cell: string): number | undefined {
    const differences = this.all.filter((sample) => sample.path === path && sample.cell === cell).flatMap(({ round, value }) => {
      const other = this.all.find((sample) => sample.path === reference && sample.cell === cell && sample.round === round)
      return other === undefined ? [] : [value - other.value]
    })
    return differences.length === 0 ? undefined : median(differences)
  }

  median(path: string, cell: string): number | undefined {
    const values = this.values(path, cell)
    return values.length === 0 ? undefined : median(values)
  }
}

/** Three significant digits, plain. */
export function shown(value: number | undefined): string {
  if (value === undefined) return '-'
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toPrecision(3)
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n')
}

/** A copy in random order. @param random as Math.random */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}
