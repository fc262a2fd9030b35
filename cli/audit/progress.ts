// How far a log has been read, on a terminal: a log of millions of entries takes minutes.
import type { LogFiles } from '../../shared/audit/verify.ts'
import type { Terminal } from '../terminal.ts'
import { signedSize } from './entries.ts'

export interface LogProgress {
  /** @param entries read so far */
  at(entries: number): void
  done(): void
}

/** @param doing such as "verifying" */
export async function showProgress(terminal: Terminal, doing: string, files: LogFiles): Promise<LogProgress> {
  // Elsewhere nothing is shown, so nothing is counted.
  const total = terminal.interactive ? await signedSize(files) : 0
  let read = 0
  const shown = terminal.progress(() => `${doing}: ${progressText(read, total)}`)
  return {
    at(entries) { read = entries },
    done: () => shown.done()
  }
}

/** Pure. What says most stands first: a narrow terminal shows no more. */
export function progressText(read: number, total: number): string {
  const entries = read.toLocaleString('en-US')
  if (!(total > 0 && total < Infinity) || read > total) return `${entries} entries`
  return `${Math.floor(read / total * 100)}%, ${entries} of ${total.toLocaleString('en-US')} entries`
}
