// The command line's terminal on an emulator, with a keyboard: what a screen does to a terminal, byte by byte, without a process.
import { Readable, Writable } from 'node:stream'
import { createTerminal, type Terminal } from '../../cli/terminal.ts'
import { Emulator } from './emulator.ts'
import { until } from './until.ts'

class Output extends Writable {
  readonly isTTY = true
  columns: number
  rows: number
  readonly #emulator: Emulator

  constructor(emulator: Emulator, columns: number, rows: number) {
    super({ decodeStrings: false })
    this.#emulator = emulator
    this.columns = columns
    this.rows = rows
  }

  override _write(text: string, _: string, done: () => void): void {
    // A terminal's driver makes a line end of each newline.
    void this.#emulator.write(String(text).replace(/(?<!\r)\n/g, '\r\n')).then(done)
  }
}

class Keyboard extends Readable {
  readonly isTTY = true
  override _read(): void {}
  setRawMode(): this { return this }
  ref(): this { return this }
  unref(): this { return this }
}

export interface EmulatedOptions {
  readonly columns?: number
  readonly rows?: number
  readonly mayColor?: boolean
  readonly inTmux?: boolean
}

export class Emulated {
  readonly emulator: Emulator
  readonly terminal: Terminal
  readonly #output: Output
  readonly #keyboard = new Keyboard()

  constructor({ columns = 80, rows = 24, mayColor = true, inTmux = false }: EmulatedOptions = {}) {
    this.emulator = new Emulator({ columns, rows })
    const output = this.#output = new Output(this.emulator, columns, rows)
    this.terminal = createTerminal({ stdin: this.#keyboard, stdout: output, stderr: output, mayColor, mayInteract: true, inTmux })
  }

  /** One after the other, as from a keyboard. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await new Promise((resolve) => setImmediate(resolve))
      this.#keyboard.push(key)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.settled()
    Object.assign(this.#output, { columns, rows })
    this.emulator.resize(columns, rows)
    this.#output.emit('resize')
  }

  /** What can be seen, without the empty lines at its end. */
  get screen(): string { return this.emulator.screen.join('\n').trimEnd() }

  async see(pattern: RegExp): Promise<string> {
    await until(`the terminal to show ${pattern}`, () => pattern.test(this.screen)).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${this.screen}`)
    })
    return this.screen
  }

  /** Resolves when all that was written stands there. */
  async settled(): Promise<void> {
    await new Promise((resolve) => this.#output.write('', resolve))
  }

  close(): void {
    this.#keyboard.destroy()
    this.emulator.close()
  }
}
