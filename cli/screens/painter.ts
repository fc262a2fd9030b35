// Puts frames on a terminal, one over the other, below what is printed there, or on a page of their own. Ink, which could, erases a
// terminal's history once one does not fit, and leaves rests where lines fold in a narrower window.
import { cellsOf } from '../table.ts'

export interface Painter {
  /** @param frame lines, with their colours; none wider than the terminal. Below what is printed, a row stays free. */
  paint(frame: string): void
  /** Above the frame; whole lines, newline included. */
  print(text: string): void
  /** The terminal has another size: to be called before a frame of that size is painted. */
  resized(): void
  /** Takes the frame away. */
  close(): void
}

export interface Surface {
  write(text: string): unknown
  readonly columns?: number
  readonly rows?: number
}

const escape = '\u001B'
const [eraseBelow, eraseRight] = [`${escape}[J`, `${escape}[K`]

/** @param full on a page of its own: nothing is printed there, and frames begin at its top */
export function createPainter(surface: Surface, { full }: { readonly full: boolean }): Painter {
  let frame = ''
  let closed = false
  /** Lines of it that stand there, and the rows they take. */
  let shown: readonly string[] = []
  let height = 0

  const toTop = () => full ? `${escape}[H` : height === 0 ? '\r' : `\r${escape}[${height}A`

  function draw(): string {
    const room = surface.rows === undefined ? Infinity : Math.max(1, full ? surface.rows : surface.rows - 1)
    // One of the size before may still come; its end is what one types into.
    shown = frame === '' ? [] : frame.split('\n').slice(-room)
    height = shown.length
    const lines = shown.map((line) => line + eraseRight)
    // On a page of its own a newline in the last row would move everything.
    return (full ? lines.join('\r\n') : lines.map((line) => `${line}\r\n`).join('')) + eraseBelow
  }

  return {
    paint(next) {
      if (closed || next === frame) return
      frame = next
      surface.write(toTop() + draw())
    },
    print(text) {
      surface.write(full || closed ? text : toTop() + eraseBelow + text + draw())
    },
    resized() {
      if (closed) return
      const columns = surface.columns ?? Infinity
      // Most terminals, tmux among them, fold lines that have become too wide, and the cursor stays below them. What is pushed out above
      // is history.
      height = shown.reduce((rows, line) => rows + Math.max(1, Math.ceil(cellsOf(unpainted(line)) / columns)), 0)
      surface.write(toTop() + eraseBelow)
      frame = ''
      shown = []
      height = 0
    },
    close() {
      if (closed) return
      closed = true
      surface.write(toTop() + eraseBelow)
    }
  }
}

function unpainted(line: string): string {
  return line.replace(/\u001B\[[\d;]*m/g, '')
}
