// Charts as SVG: stacked bars with their numbers beside them. Pure. Colours are classes of the page that holds them.
import type { Chart } from './document.ts'

const width = 840
const barHeight = 18
const gap = 6

export function chartSvg(chart: Chart, escaped: (text: string) => string): string {
  const legend = chart.series.map((name, i) => `<rect class="s${i}" x="${i * 190}" y="0" width="12" height="12"/><text x="${i * 190 + 17}" y="10">${escaped(name)}</text>`).join('')
  const { body, height } = chart.across ? columns(chart, escaped) : rows(chart, escaped)
  return `<svg viewBox="0 0 ${width} ${height + 24}" width="${width}" height="${height + 24}" role="img" aria-label="${escaped(chart.caption)}">${legend}<g transform="translate(0 24)">${body}</g></svg>`
}

/** One bar below the other: few, with names that take room. */
function rows({ bars }: Chart, escaped: (text: string) => string) {
  const [left, room] = [240, width - 240 - 110]
  const most = Math.max(1, ...bars.map(({ values }) => total(values)))
  const body = bars.map(({ label, values }, i) => {
    const y = i * (barHeight + gap)
    let x = left
    const parts = values.map((value, series) => {
      const wide = value / most * room
      const part = value === 0 ? '' : `<rect class="s${series}" x="${round(x)}" y="${y}" width="${round(Math.max(1, wide))}" height="${barHeight}"/>`
      x += wide
      return part
    }).join('')
    const name = label.length > 34 ? `${label.slice(0, 33)}…` : label
    return `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${escaped(name)}</text>${parts}<text class="axis" x="${round(x + 6)}" y="${y + 13}">${values.join(' + ')}</text>`
  }).join('')
  return { body, height: bars.length * (barHeight + gap) }
}

/** Side by side: days. Every few of them has its name. */
function columns({ bars }: Chart, escaped: (text: string) => string) {
  const [left, high] = [60, 160]
  const room = (width - left) / bars.length
  const most = Math.max(1, ...bars.map(({ values }) => total(values)))
  const step = Math.ceil(bars.length / 12)
  const body = bars.map(({ label, values }, i) => {
    const x = left + i * room
    let y = high
    const parts = values.map((value, series) => {
      const tall = value / most * high
      y -= tall
      return value === 0 ? '' : `<rect class="s${series}" x="${round(x)}" y="${round(y)}" width="${round(Math.max(1, Math.min(60, room - 2)))}" height="${round(Math.max(1, tall))}"/>`
    }).join('')
    const name = i % step === 0 ? `<text class="axis" x="${round(x)}" y="${high + 16}">${escaped(label.slice(5))}</text>` : ''
    return `<g><title>${escaped(label)}: ${values.join(' + ')}</title>${parts}</g>${name}`
  }).join('')
  const axis = `<line x1="${left}" y1="${high}" x2="${width}" y2="${high}"/><text class="axis" x="${left - 8}" y="10" text-anchor="end">${most}</text><text class="axis" x="${left - 8}" y="${high}" text-anchor="end">0</text>`
  return { body: axis + body, height: high + 24 }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
