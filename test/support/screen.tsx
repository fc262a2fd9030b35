// A screen without a terminal: what is pressed goes in, the frame as it stands comes out. Sizes as a test wants them.
import { EventEmitter } from 'node:events'
import { render } from 'ink'
import type { ReactElement } from 'react'
import { Frames } from '../../cli/screens/screen.tsx'
import { until } from './until.ts'

class Output extends EventEmitter {
  readonly isTTY = true
  columns: number
  rows: number

  constructor(columns: number, rows: number) {
    super()
    this.columns = columns
    this.rows = rows
  }

  write(): boolean { return true }
}

class Input extends EventEmitter {
  readonly isTTY = true
  #text: string | null = null

  press(text: string): void {
    this.#text = text
    this.emit('readable')
  }

  read(): string | null {
    const text = this.#text
    this.#text = null
    return text
  }

  setEncoding(): void {}
  setRawMode(): void {}
  ref(): void {}
  unref(): void {}
}

export const keys = { up: '\u001B[A', down: '\u001B[B', pageDown: '\u001B[6~', end: '\u001B[F', enter: '\r', escape: '\u001B', ctrlC: '\u0003', backspace: '\u007F' } as const

export class TestScreen {
  readonly #output: Output
  readonly #input = new Input()
  readonly #app: { unmount(): void }
  #frame = ''

  constructor(screen: ReactElement, { columns = 80, rows = 24 } = {}) {
    this.#output = new Output(columns, rows)
    this.#app = render(<Frames.Provider value={(frame) => { this.#frame = frame }}>{screen}</Frames.Provider>, {
      stdout: this.#output as unknown as NodeJS.WriteStream,
      stdin: this.#input as unknown as NodeJS.ReadStream,
      stderr: this.#output as unknown as NodeJS.WriteStream,
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false
    })
  }

  /** The frame without colours. */
  get text(): string { return this.#frame.replace(/\u001B\[[\d;]*m/g, '') }
  get lines(): string[] { return this.text.split('\n') }
  /** With them. */
  get painted(): string { return this.#frame }

  async press(...presses: string[]): Promise<void> {
    for (const press of presses) {
      // Effects that listen to keys run after the frame is out.
      await new Promise((resolve) => setImmediate(resolve))
      this.#input.press(press)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async see(pattern: RegExp): Promise<string> {
    await until(`the screen to show ${pattern}`, () => pattern.test(this.text)).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${this.text}`)
    })
    return this.text
  }

  resize(columns: number, rows: number): void {
    Object.assign(this.#output, { columns, rows })
    this.#output.emit('resize')
  }

  close(): void { this.#app.unmount() }
}
