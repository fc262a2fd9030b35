// All sinks of a gateway: where each begins, how far each is, and whether one that is strict keeps statements waiting.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExportStatus } from '../../../shared/api.ts'
import { ExportLags, GatewayError } from '../../../shared/errors.ts'
import { nodeDisk, syncFolder, type Disk } from '../disk.ts'
import { diskFailure, unfit } from '../failures.ts'
import type { AuditLog } from '../log.ts'
import type { LagBound, Sink } from './contract.ts'
import { leafBefore, loadCursor, saveCursor, type Cursor } from './cursor.ts'
import { Exporter, type ExporterParts } from './exporter.ts'

export interface SinkChoice {
  readonly name: string
  readonly sink: Sink
  /** Where a sink begins that has no cursor yet. */
  readonly from: 'beginning' | 'end'
  readonly strict?: LagBound
}

export interface ExportsOptions extends Pick<ExporterParts, 'audit' | 'now' | 'random'> {
  /** The log's. */
  readonly directory: string
  readonly origin: string
  readonly sinks: readonly SinkChoice[]
  readonly operator: ExporterParts['operator'] & { error(facts: object, message: string): void }
  readonly pause?: ExporterParts['pause']
  readonly disk?: Disk
}

export interface Exports {
  status(): ExportStatus[]
  /** The sink that is furthest behind, and the entry it is to be sent next; undefined where there is none. */
  unsent(): { readonly sink: string, readonly entry: number } | undefined
  /** Why statements are refused because of a sink that is strict and lags. */
  blocking(): string | undefined
  close(): Promise<void>
}

type Line = Pick<Exporter, 'status' | 'blocking' | 'close'>

const fileName = /^([a-z0-9][a-z0-9._-]{0,62})\.(json|json\.tmp|dead)$/

/**
 * A sink whose cursor cannot be used does not begin, and says so; the others do.
 * @throws GatewayError config_invalid where a file does not belong in the folder
 */
export async function openExports({ directory, sinks, disk = nodeDisk, ...parts }: ExportsOptions): Promise<Exports> {
  const folder = join(directory, 'export')
  const lines: Line[] = []
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw unfit(`${folder} cannot be read (${error.code})`)
    return []
  })
  refuseStrangers(folder, found)
  tellOrphans(found, sinks, parts.operator)
  if (sinks.length > 0) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(disk, directory)
  }
  for (const choice of sinks) lines.push(await begin(choice))

  return {
    status: () => lines.map((line) => line.status()),
    unsent() {
      const [last] = lines.map((line) => line.status()).sort((a, b) => a.next - b.next)
      return last === undefined ? undefined : { sink: last.name, entry: last.next }
    },
    blocking() {
      for (const line of lines) {
        const reason = line.blocking()
        if (reason !== undefined) return reason
      }
      return undefined
    },
    async close() { await Promise.all(lines.map((line) => line.close())) }
  }

  async function begin(choice: SinkChoice): Promise<Line> {
    const { name, sink, strict } = choice
    const path = join(folder, name)
    try {
      const cursor = await loadCursor(`${path}.json`, parts.origin, parts.audit) ?? await first(choice, path)
      return new Exporter({ pause: untilAborted, ...parts, name, sink, path, strict, disk }, cursor)
    } catch (error) {
      const problem = error instanceof GatewayError ? error : diskFailure(error, 'beginning an export')
      parts.operator.error({ sink: name, problem: problem.message, hint: problem.hint }, 'this sink of the audit export does not run')
      parts.audit.note({ kind: 'admin', action: 'export.stopped', detail: name })
      return stopped(choice, problem, parts)
    }
  }

  /** Written before the first entry is sent: a crash must not move the beginning. */
  async function first({ name, from }: SinkChoice, path: string): Promise<Cursor> {
    const { audit, origin } = parts
    const next = from === 'beginning' ? audit.first : audit.size
    const cursor = { origin, next, deadLetters: 0, ...await leafBefore(audit, next) }
    await saveCursor(disk, `${path}.json`, cursor)
    audit.note({ kind: 'admin', action: 'export.begin', detail: `${name} from entry ${next}` })
    return cursor
  }
}

/** A log that refuses statements while a strict sink lags; everything else it takes as before, so that what happens is written down. */
export function holdingStatements(audit: AuditLog, exports: Pick<Exports, 'blocking'>): AuditLog {
  return {
    append(facts, ...rest) {
      const asks = facts.some(({ kind }) => kind === 'statement.intent' || kind === 'review.held')
      const reason = asks ? exports.blocking() : undefined
      if (reason === undefined) return audit.append(facts, ...rest)
      return Promise.reject(new ExportLags(reason, {
        hint: 'statements are taken again once it has caught up: hoop audit export status'
      }))
    },
    note: (facts) => audit.note(facts),
    read: (range) => audit.read(range),
    record: (index) => audit.record(index),
    consistency: (from, to) => audit.consistency(from, to),
    prunable: (before) => audit.prunable(before),
    prune: (facts) => audit.prune(facts),
    get first() { return audit.first },
    grown: (past, signal) => audit.grown(past, signal),
    close: () => audit.close(),
    get signal() { return audit.signal },
    get size() { return audit.size },
    get checkpoint() { return audit.checkpoint },
    get verifierKey() { return audit.verifierKey }
  }
}

function stopped({ name, sink, strict }: SinkChoice, error: GatewayError, { audit, now }: Pick<ExportsOptions, 'audit' | 'now'>): Line {
  const at = new Date(now()).toISOString()
  const blocking = () => strict === undefined ? undefined : `the audit export "${name}" does not run: ${error.message}`
  return {
    status: () => ({
      name,
      kind: sink.kind,
      state: 'stopped',
      next: 0,
      lagEntries: audit.size,
      lagSeconds: Math.round((now() - Date.parse(at)) / 1000),
      deadLetters: 0,
      strict: strict !== undefined,
      blocking: strict !== undefined,
      lastError: { at, reason: error.message }
    }),
    blocking,
    close: async () => sink.close()
  }
}

function refuseStrangers(folder: string, found: readonly string[]): void {
  const stranger = found.find((name) => !fileName.test(name))
  if (stranger !== undefined) throw unfit(`${join(folder, stranger)} does not belong in an audit log's export folder`, 'move it away')
}

/** A sink that was renamed or taken out of the configuration leaves its cursor behind; whoever did it may not know. */
function tellOrphans(found: readonly string[], sinks: readonly SinkChoice[], operator: ExportsOptions['operator']): void {
  for (const file of found) {
    const [, name, ending] = fileName.exec(file)!
    if (ending !== 'json' || sinks.some((sink) => sink.name === name)) continue
    operator.warn({ sink: name }, 'the audit export has a cursor of a sink that is not configured; under a new name a sink begins anew')
  }
}

async function untilAborted(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}
