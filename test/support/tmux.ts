// A real terminal of a given size: tmux on a socket of its own. What is pressed are keys, what is seen is what a person would see.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.ts'

export interface TmuxOptions {
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export class Tmux {
  readonly #socket: string
  readonly #folder: string

  private constructor(socket: string, folder: string) {
    this.#socket = socket
    this.#folder = folder
  }

  /** Runs the command until it ends; the pane stays, so that its last words can be read. */
  static async start(command: readonly string[], { columns = 80, rows = 24, env = {}, cwd = tmpdir() }: TmuxOptions = {}): Promise<Tmux> {
    const folder = await mkdtemp(join(tmpdir(), 'hoop-tmux-'))
    // The environment goes into a script, so that nothing of it stands in a command line, and CI's own does not reach the screen.
    const quote = (text: string) => `'${text.replaceAll('\'', '\'\\\'\'')}'`
    const script = [
      '#!/bin/sh',
      'unset CI NO_COLOR',
      // Ctrl-C goes to this shell as well.
      'trap : INT',
      ...Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`),
      command.map(quote).join(' '),
      'echo "ended with $?"',
      'exec sleep 600'
    ].join('\n')
    await writeFile(join(folder, 'run'), script)
    await chmod(join(folder, 'run'), 0o700)
    const tmux = new Tmux(`hoop-test-${randomBytes(6).toString('hex')}`, folder)
    await tmux.#call('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd, join(folder, 'run'))
    return tmux
  }

  /** Names as tmux has them: `Enter`, `Down`, `Escape`, `C-c`; anything else is typed. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.#call('send-keys', key)
  }

  async type(text: string): Promise<void> { await this.#call('send-keys', '-l', text) }

  /** The visible lines, without blanks at their ends. */
  async screen(): Promise<string> { return (await this.#call('capture-pane', '-p')).replace(/\n+$/, '\n') }
  /** With the attributes and colours as escape sequences. */
  async painted(): Promise<string> { return this.#call('capture-pane', '-p', '-e') }
  /** Of the shell that runs the command; descendants are its. */
  async pid(): Promise<number> { return Number(await this.#call('display-message', '-p', '#{pane_pid}')) }
  /** What was copied into it last. */
  async buffer(): Promise<string> { return this.#call('show-buffer') }
  async resize(columns: number, rows: number): Promise<void> { await this.#call('resize-window', '-x', String(columns), '-y', String(rows)) }

  async see(pattern: RegExp, limitMilliseconds = 15_000): Promise<string> {
    let text = ''
    await until(`the terminal to show ${pattern}`, async () => pattern.test(text = await this.screen()), limitMilliseconds).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${text}`)
    })
    return text
  }

  async close(): Promise<void> {
    await this.#call('kill-server').catch(() => undefined)
    await rm(this.#folder, { recursive: true, force: true })
  }

  #call(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile('tmux', ['-L', this.#socket, ...args], { env: { ...process.env, TMUX: undefined } }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error))
    })
  }
}
