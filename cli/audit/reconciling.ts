// Reads the database's logs for the comparison, piece by piece; whoever compares reads the audit log behind them.
import { createReadStream } from 'node:fs'
import { GatewayError } from '../../shared/errors.ts'
import { CsvSplitter, logLineFrom } from './csvlog.ts'
import { Reconciler } from './reconcile.ts'

/** @param logs paths, in order @returns what wants the entries now @throws GatewayError bad_request naming the file and line */
export async function readDatabaseLogs(logs: readonly string[], signal: AbortSignal): Promise<Reconciler> {
  const reconciler = new Reconciler()
  let lines = 0
  for (const path of logs) lines += await readLog(path, reconciler, signal)
  if (lines === 0) throw new GatewayError('bad_request', `there is not one line in ${logs.join(', ')}`, { hint: 'log_destination = csvlog and logging_collector = on' })
  return reconciler
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
