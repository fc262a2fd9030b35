// Text that is longer than the screen goes to a pager, as psql and git have it; what fits is shown as it is. Only on a terminal.
import { spawn, type ChildProcess } from 'node:child_process'
import { safeText } from '../../shared/text.ts'
import type { Context } from '../context.ts'

export interface Pager {
  /** Finished lines, a newline behind each. */
  text(lines: string): void
  /** Shows now what was kept back to see whether it fits: a result is complete. */
  fits(): void
  /** Resolves when what was given has been taken: by the pager, or by the terminal. */
  flush(): Promise<void>
  /** Shows what was kept back, and waits until the person has left the pager. */
  close(): Promise<void>
}

/** less' own flags, where the person has not chosen any: no pager for what fits, colours, and the text stays on the screen. */
const lessFlags = 'FRX'
/** A shell says within the first ones that there is no such pager. */
const keptPieces = 64

type PagerParts = Pick<Context, 'terminal' | 'settings' | 'divertSignals' | 'interrupt'>

/** @returns undefined where nothing is to be paged: no terminal, or the person's PAGER is empty or `cat` */
export function openPager({ terminal, settings: { environment }, divertSignals, interrupt }: PagerParts): Pager | undefined {
  const command = environment.HOOP_PAGER ?? environment.PAGER ?? 'less'
  if (!terminal.onTerminal || !terminal.interactive || command.trim() === '' || command.trim() === 'cat') return undefined
  let kept: string[] = []
  let lines = 0
  /** What a pager has been given that may turn out not to be there. */
  let given: string[] = []
  let missing = false
  const onScreen = (text: string) => terminal.out(text.replace(/\n$/, ''))
  let pager: { readonly child: ChildProcess, readonly left: Promise<void> } | undefined

  function fits(): void {
    kept.splice(0).forEach(onScreen)
    lines = 0
  }

  function start(): NonNullable<typeof pager> {
    // A shell, since PAGER may have words of its own; nothing of a result is in them.
    const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], env: { LESS: lessFlags, LV: '-c', ...environment } })
    // Ctrl-C is the pager's while it has the screen. What asks hoop itself to end is asked of both.
    const restore = divertSignals((signal) => {
      if (signal === 'SIGINT') return
      child.kill(signal)
      interrupt()
    })
    const said: string[] = []
    const screen = terminal.takeScreen((text) => said.push(text), { cursor: true })
    // Whoever leaves early has seen enough: the rest is read and dropped, since ending the statement could undo what it has done.
    child.stdin!.on('error', () => undefined)
    const left = new Promise<void>((resolve) => {
      child.once('error', () => undefined).once('close', (code: number | null) => {
        restore()
        screen.release()
        // How a shell says that there is no such command, or that it cannot be run; and how Node says it of the shell.
        missing = code !== null && (code === 127 || code === 126 || code < 0)
        if (missing) for (const text of given.splice(0)) onScreen(text)
        for (const text of said.splice(0)) screen.output.write(text)
        resolve()
      })
    })
    return { child, left }
  }

  return {
    text(text) {
      if (pager !== undefined) {
        if (missing) return onScreen(text)
        if (given.length < keptPieces) given.push(text)
        if (pager.child.stdin!.writable) pager.child.stdin!.write(safeText(text))
        return
      }
      kept.push(text)
      lines += rowsOf(text, terminal.columns)
      // The prompt that comes after takes a row as well, and so does the count.
      if (lines <= terminal.rows - 2) return
      pager = start()
      for (const early of kept) pager.child.stdin!.write(safeText(early))
      given = kept
      kept = []
    },
    async flush() {
      const stdin = pager?.child.stdin
      if (stdin == null) return
      await Promise.race([pager!.left, new Promise<void>((resolve) => {
        if (stdin.writable) stdin.write('', () => resolve())
        else resolve()
      })])
    },
    fits,
    async close() {
      fits()
      pager?.child.stdin!.end()
      await pager?.left
      pager = undefined
    }
  }
}

/** Rows of the screen: a line wider than that takes several. */
function rowsOf(text: string, columns: number): number {
  return text.replace(/\n$/, '').split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
}
