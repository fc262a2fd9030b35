// Samples as the tables of docs/performance.md: what to reach and what was reached, then every path by itself. Pure.
import { markdownTable, shown, type Samples } from './figures.ts'
import { bulkKinds } from './measure-bulk.ts'
import { cell, clientCounts, disk, modes, ownAudit } from './measure-load.ts'

const ssh = 'ssh -L + pgbouncer'
const figures = ['TPS', 'p50', 'p99', 'CPU'] as const

export function report(samples: Samples, paths: readonly string[]): string {
  return ['## What to reach', goals(samples), '## Every path: medians', ...figures.map((figure) => load(samples, paths, figure)), others(samples, paths)].join('\n\n')
}

function goals(samples: Samples): string {
  const ratio = (path: string, reference: string, name: string) => shown(samples.ratio(path, reference, name))
  const ms = (value: number | undefined) => value === undefined ? '-' : `${shown(value)} ms`
  const sync = (q: 'p50' | 'p99') => samples.median(disk, `sync, ${q}`)
  const tps = (mode: typeof modes[number], clients: number, reference: string) => ratio('hoop', reference, cell(mode, clients, 'TPS'))
  const added = (q: 'p50' | 'p99') => samples.difference('hoop', 'direct', cell('prepared', 1, q))
  const direct = samples.median('direct', 'connection set-up, ms')
  const setUp = samples.difference('hoop', 'direct', 'connection set-up, ms')
  const help = samples.median('start-up', 'hoop --help')
  const plainNode = samples.median('start-up', 'node -e 0')
  return markdownTable(['figure', 'first floor', 'goal', 'measured'], [
    [`TPS at 32 clients, prepared / simple, of ${ssh}`, '0.8 / 0.3', '2.0 / 1.0', `${tps('prepared', 32, ssh)} / ${tps('simple', 32, ssh)}`],
    ['TPS at 8 clients, prepared / simple, of the same', '0.3', '0.8', `${tps('prepared', 8, ssh)} / ${tps('simple', 8, ssh)}`],
    ['TPS at 32 / 8 clients, prepared, of a direct client with its own audit row', '0.6', '1.4 / 1.0', `${tps('prepared', 32, ownAudit)} / ${tps('prepared', 8, ownAudit)}`],
    ['p50 at 1 client, above direct', `${ms(plus(sync('p50'), 1, 0.5))} (sync p50 + 0.5 ms)`, ms(plus(sync('p50'), 1, 0.12)), ms(added('p50'))],
    ['p99 at 1 client, above direct', `${ms(plus(sync('p99'), 2, 3))} (2 x sync p99 + 3 ms)`, ms(plus(sync('p99'), 1.1, 0.5)), ms(added('p99'))],
    ['CPU of CLI + gateway per statement at 32 clients, without TLS, of pgbouncer\'s', '8 x', '3 x', `${ratio('hoop', 'pgbouncer', cell('prepared', 32, 'CPU'))} x`],
    ...bulkKinds.map((kind) => [
      `bulk ${kind}, of direct: plain / wss`,
      kind === 'SELECT' ? '0.4 / 0.3' : '0.3 / 0.2',
      kind === 'SELECT' ? '1.0 / 0.9' : '0.9 / 0.8',
      `${ratio('hoop', 'direct', `bulk ${kind}, MB/s`)} / ${ratio('hoop, TLS', 'direct', `bulk ${kind}, MB/s`)}`
    ]),
    ['connection set-up, added p50, of direct\'s own time', '5 x', '0.4 x', setUp === undefined || direct === undefined ? '-' : `${shown(setUp / direct)} x`],
    ['memory for a 10 GB result to a stalled reader, gateway', '+64 MB', '+32 MB', `+${shown(samples.median('hoop', 'stalled reader of 10 GB, gateway, MB'))} MB`],
    ['gateway with 100 idle sessions, plain / TLS', '200 MB', '-', ['hoop', 'hoop, TLS'].map((path) => `${shown(samples.median(path, 'gateway with 100 idle sessions, MB'))}`).join(' / ') + ' MB'],
    ['idle connection at the gateway, TLS', '60 KB', '10 KB', `${shown(samples.median('hoop, TLS', 'an idle session, KB'))} KB`],
    ['`hoop --help` above `node -e 0`', '100 ms', '40 ms', ms(help === undefined || plainNode === undefined ? undefined : help - plainNode)]
  ])
}

const plus = (value: number | undefined, times: number, more: number) => value === undefined ? undefined : value * times + more

const titles = { TPS: 'transactions per second', p50: 'p50, ms', p99: 'p99, ms', CPU: 'CPU of what stands between, microseconds per statement' }

function load(samples: Samples, paths: readonly string[], figure: typeof figures[number]): string {
  const cells = modes.flatMap((mode) => clientCounts.map((clients) => [mode, clients] as const))
  const rows = [...paths, ownAudit].map((path) =>
    [path, ...cells.map(([mode, clients]) => shown(samples.median(path, cell(mode, clients, figure))))])
  return `${titles[figure]} (pgbench -S, clients)\n\n${markdownTable(['path', ...cells.map(([mode, clients]) => `${mode} ${clients}`)], rows)}`
}

function others(samples: Samples, paths: readonly string[]): string {
  const cells = [...new Set(samples.all.filter(({ cell: name }) => !figures.some((figure) => name.endsWith(`, ${figure}`)) || name.startsWith('sync')).map(({ cell: name }) => name))]
  const rows = cells.flatMap((name) => [...paths, disk, 'start-up'].flatMap((path) => {
    const value = samples.median(path, name)
    return value === undefined ? [] : [[name, path, shown(value)]]
  }))
  return rows.length === 0 ? '' : `everything else\n\n${markdownTable(['figure', 'path', 'median'], rows)}`
}
