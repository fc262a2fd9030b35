// Reads both logs for the comparison: the database's first, piece by piece, then the audit log.
import { createReadStream } from 'node:fs'
import { GatewayError } from '../../shared/errors.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'
import { CsvSplitter, logLineFrom } from './csvlog.ts'
import { readEntries } from './entries.ts'
import { Reconciler, type Reconciliation } from './reconcile.ts'

/** @param logs paths, in order @throws GatewayError bad_request naming the file and line */
export async function reconcileLogs(files: LogFiles, logs: readonly string[], signal: AbortSignal): Promise<Reconciliation> {
  const reconciler = new Reconciler()
  let lines = 0
  for (const path of logs) lines += await readLog(path, reconciler, signal)
  if (lines === 0) throw new GatewayError('bad_request', `there is not one line in ${logs.join(', ')}`, { hint: 'log_destination = csvlog and logging_collector = on' })
  for await (const entries of readEntries(files)) {
    signal.throwIfAborted()
    for (const entry of entries) reconciler.entry(entry)
  }
  return reconciler.result()
}

async function readLog(path: string, reconciler: Reconciler, signal: AbortSignal): Promise<number> {
  const splitter = new CsvSplitter()
  let lines = 0
  try {
    // Text that is no UTF-8 was none of the gateway's: it pins that encoding, and what cannot be decoded matches nothing.
    for await (const text of createReadStream(path, { encoding: 'utf8', highWaterMark: 1024 * 1024, signal }) as AsyncIterable<string>) {
      for (const { fields, line } of splitter.push(text)) {
        reconciler.line(logLineFrom(fields, line))
        lines++
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    const { code } = error as NodeJS.ErrnoException
    const why = error instanceof GatewayError ? error.message : code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown error'})`
    throw new GatewayError('bad_request', `${path}: ${why}`, error instanceof GatewayError && error.hint !== undefined ? { hint: error.hint } : {})
  }
  if (splitter.unfinished) throw new GatewayError('bad_request', `${path} ends within a line`, { hint: 'copy it again, once PostgreSQL has gone on to the next file' })
  return lines
}
