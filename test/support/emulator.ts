// A terminal that is looked at from behind: what it was made to do, what it answered, what stands on it.
import { Terminal } from '@xterm/headless'

export interface EmulatorOptions {
  readonly columns?: number
  readonly rows?: number
}

/** Any sequence that does more than show a character, and controls that stand alone; line ends and tabs are none. */
const acting = /\u001B(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~]?)|\r(?!\n)|[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g

export class Emulator {
  readonly #terminal: Terminal
  readonly #chunks: Buffer[] = []
  /** What the terminal would have typed into the program's input. */
  readonly replies: string[] = []
  readonly titles: string[] = []
  readonly clipboard: string[] = []
  readonly links: string[] = []
  /** Every line that could be seen after a write. */
  readonly seen = new Set<string>()

  constructor({ columns = 80, rows = 24 }: EmulatorOptions = {}) {
    this.#terminal = terminalOf(columns, rows)
    const terminal = this.#terminal
    terminal.onData((data) => this.replies.push(data))
    terminal.onBinary((data) => this.replies.push(data))
    terminal.onTitleChange((title) => this.titles.push(title))
    for (const [number, into] of [[52, this.clipboard], [8, this.links], [1, this.titles]] as const) {
      terminal.parser.registerOscHandler(number, (text) => {
        into.push(text)
        return false
      })
    }
  }

  /** Resolves when it stands on the screen. */
  write(data: string | Uint8Array): Promise<void> {
    this.#chunks.push(Buffer.from(data as string))
    return new Promise((resolve) => this.#terminal.write(data, () => {
      for (const line of this.screen) this.seen.add(line)
      resolve()
    }))
  }

  resize(columns: number, rows: number): void { this.#terminal.resize(columns, rows) }

  /** All that was ever sent to it. */
  get sent(): string { return Buffer.concat(this.#chunks).toString('utf8') }

  /** What of that was no text: each different one once. */
  get acts(): ReadonlySet<string> { return new Set(this.sent.match(acting) ?? []) }

  /** What can be seen now. */
  get screen(): string[] {
    const { active } = this.#terminal.buffer
    return Array.from({ length: this.#terminal.rows }, (_, i) => active.getLine(active.baseY + i)?.translateToString(true) ?? '')
  }

  /** With what has been scrolled out of sight; lines that were broken because they are wide are whole again. */
  get lines(): string[] {
    const { active } = this.#terminal.buffer
    const lines: string[] = []
    for (let i = 0; i < active.length; i++) {
      const line = active.getLine(i)!
      const goesOn = active.getLine(i + 1)?.isWrapped === true
      if (line.isWrapped) lines[lines.length - 1] += line.translateToString(!goesOn)
      else lines.push(line.translateToString(!goesOn))
    }
    return lines
  }

  get cursor(): { readonly column: number, readonly row: number } {
    const { active } = this.#terminal.buffer
    return { column: active.cursorX, row: active.cursorY }
  }

  /** What is not as it is on a new terminal: another page, modes that were left on, a cursor that was left hidden. */
  get leftBehind(): string[] {
    const fresh = terminalOf(10, 10)
    const modes = Object.entries(this.#terminal.modes).filter(([name, value]) => fresh.modes[name as keyof typeof fresh.modes] !== value)
    fresh.dispose()
    const hidden = this.sent.lastIndexOf('\u001B[?25l') > this.sent.lastIndexOf('\u001B[?25h')
    return [
      ...modes.map(([name]) => name),
      ...(this.#terminal.buffer.active.type === 'normal' ? [] : ['another page']),
      ...(hidden ? ['a hidden cursor'] : [])
    ]
  }

  close(): void { this.#terminal.dispose() }
}

function terminalOf(columns: number, rows: number): Terminal {
  return new Terminal({ cols: columns, rows, scrollback: 50_000, allowProposedApi: true })
}
