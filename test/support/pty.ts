// A program on a pseudo-terminal, which script(1) makes, with an emulator behind it: every byte as a terminal would get it.
import { spawn, type ChildProcess } from 'node:child_process'
import { Emulator, type EmulatorOptions } from './emulator.ts'
import { until } from './until.ts'

export interface PtyOptions extends EmulatorOptions {
  readonly env?: Readonly<Record<string, string>>
}

export class Pty {
  readonly emulator: Emulator
  readonly #child: ChildProcess
  readonly exited: Promise<number>
  #writing: Promise<void> = Promise.resolve()

  constructor(command: readonly string[], { columns = 120, rows = 40, env = {} }: PtyOptions = {}) {
    this.emulator = new Emulator({ columns, rows })
    const quoted = command.map((word) => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ')
    this.#child = spawn('script', ['-q', '-e', '-f', '-c', `stty cols ${columns} rows ${rows}; exec ${quoted}`, '/dev/null'], {
      env: { ...process.env, CI: undefined, NO_COLOR: undefined, TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'inherit']
    })
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      this.#writing = this.#writing.then(() => this.emulator.write(chunk))
    })
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code) => void this.#writing.then(() => resolve(code ?? -1)))
    })
  }

  press(...keys: string[]): void {
    for (const key of keys) this.#child.stdin!.write(key)
  }

  /** @returns what is on the screen when it shows that */
  async see(pattern: RegExp, limitMilliseconds = 15_000): Promise<string> {
    const text = () => this.emulator.screen.join('\n')
    await until(`the terminal to show ${pattern}`, () => pattern.test(text()), limitMilliseconds).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${text()}`)
    })
    return text()
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM')
    await this.exited
    this.emulator.close()
  }
}
