// A report as one HTML file that needs nothing else and prints well. Pure.
import { safeText } from '../../../shared/text.ts'
import { timeFrom } from '../../table.ts'
import { chartSvg } from './chart.ts'
import type { Chart, Report, Section, Table } from './document.ts'
import { sectionsOf } from './sections.ts'

export function htmlOf(report: Report): string {
  const { facts: { origin }, scope: { from, to, target }, verified: { ok } } = report
  const title = `Audit report: ${target ?? origin}, ${from.slice(0, 10)} to ${to.slice(0, 10)}`
  const sections = sectionsOf(report)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p class="${ok ? 'whole' : 'damaged'}">${ok ? 'The log is whole as far as its signed checkpoint speaks' : 'THE LOG IS DAMAGED'}; made ${escaped(timeFrom(report.madeAt))} UTC.</p>
<nav><ol>${sections.map(({ title: name }, i) => `<li><a href="#s${i + 1}">${escaped(name)}</a></li>`).join('')}</ol></nav>
</header>
${sections.map(sectionHtml).join('\n')}
</body>
</html>
`
}

function sectionHtml({ title, rules, text, charts = [], tables }: Section, i: number): string {
  return `<section id="s${i + 1}">
<h2>${i + 1}. ${escaped(title)}</h2>
<p class="rules">45 CFR ${rules.map(escaped).join(', ')}</p>
${text.map((paragraph) => `<p>${escaped(paragraph)}</p>`).join('\n')}
${charts.filter(({ bars }) => bars.length > 0).map(figureHtml).join('\n')}
${tables.filter(({ rows }) => rows.length > 0).map(tableHtml).join('\n')}
</section>`
}

function figureHtml(chart: Chart): string {
  return `<figure><figcaption>${escaped(chart.caption)}</figcaption>${chartSvg(chart, escaped)}</figure>`
}

function tableHtml({ caption, head, rows, more }: Table): string {
  const numbers = head.map((_, column) => rows.every((row) => /^\d+$/.test(row[column]!)))
  const cells = (tag: 'th' | 'td', row: readonly string[]) =>
    row.map((cell, column) => `<${tag}${numbers[column] === true ? ' class="n"' : ''}>${escaped(cell)}</${tag}>`).join('')
  const left = more === undefined ? '' : `<tr><td colspan="${head.length}" class="more">and ${more} more, which hoop audit search lists</td></tr>`
  return `<table>${caption === undefined ? '' : `<caption>${escaped(caption)}</caption>`}
<thead><tr>${cells('th', head)}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')}${left}</tbody></table>`
}

/** What comes from the log is untrusted: first nothing that hides, then nothing that is HTML. */
function escaped(text: string): string {
  return safeText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const style = `
:root { --ink: #1c2126; --dim: #5c6670; --line: #d6dbe0; --allowed: #3b6ea5; --held: #d08b1d; --denied: #b3382c }
body { font: 14px/1.45 system-ui, sans-serif; color: var(--ink); max-width: 70rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.5rem; margin: 0 0 .4rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .2rem; border-top: 1px solid var(--line); padding-top: 1rem }
.rules { color: var(--dim); font-size: .85rem; margin: 0 0 .6rem } .whole { color: #1d6b3a; font-weight: 600 } .damaged { color: var(--denied); font-weight: 700 }
nav ol { columns: 2; padding-left: 1.4rem; margin: .8rem 0 } a { color: var(--allowed) }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .85rem } caption, figcaption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; min-width: 3.2em }
th { color: var(--dim); font-weight: 600; font-size: .75rem } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap } .more { color: var(--dim); font-style: italic }
figure { margin: .8rem 0; break-inside: avoid } svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif }
svg text { fill: var(--ink) } svg .axis { fill: var(--dim) } svg .s0 { fill: var(--allowed) } svg .s1 { fill: var(--held) } svg .s2 { fill: var(--denied) } svg line { stroke: var(--line) }
@media print { body { margin: 0; max-width: none; font-size: 10pt } nav { display: none } tr { break-inside: avoid } thead { display: table-header-group } h2 { break-after: avoid } a { color: inherit; text-decoration: none } @page { margin: 15mm } }
`
