// A child process that cannot outlive the test: a small shell between us and it ends it when our pipe to the shell closes,
// however we went.
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { RunAs } from './postgres-server.ts'
import { until } from './until.ts'

export interface KeptOptions extends RunAs {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What it is sent when we are gone: KILL unless said otherwise. */
  readonly last?: 'KILL' | 'QUIT' | 'TERM'
  /** Removed once it has ended, unless there is a file `keep` in it. */
  readonly folder?: string
}

/** Reads signals to pass on from stdin, a name a line, and the end of stdin as the last one. Tells the child's pid on fd 3. */
const keeper = `exec 9<&0
(unset KEPT_LAST KEPT_FOLDER; exec "$@" </dev/null 3>&- 9<&-) & child=$!
echo $child >&3; exec 3>&-
{ while read -r signal; do kill -"$signal" $child; done; kill -"$KEPT_LAST" $child; } <&9 >/dev/null 2>&1 & watch=$!
wait $child; status=$?
kill $watch 2>/dev/null
test -z "$KEPT_FOLDER" || test -e "$KEPT_FOLDER/keep" || rm -rf "$KEPT_FOLDER"
exit $status`

export interface LineOptions {
  readonly of?: 'stdout' | 'stderr'
  readonly limitMilliseconds?: number
}

export class Kept {
  readonly #child: ChildProcess
  readonly #name: string
  /** Everything it wrote so far. */
  stdout = ''
  stderr = ''
  /** Process id of the program itself, not of the shell. */
  readonly pid: Promise<number>
  /** Exit code; 128 + signal where a signal ended it. */
  readonly exited: Promise<number>
  /** Set once it has ended. */
  code: number | undefined

  constructor(command: string, args: readonly string[], options: KeptOptions = {}) {
    const { last = 'KILL', folder = '', env = process.env, ...rest } = options
    this.#name = `${command} ${args.slice(0, 3).join(' ')}`
    this.#child = spawn('sh', ['-c', keeper, 'keeper', command, ...args], {
      ...rest,
      env: { ...env, KEPT_LAST: last, KEPT_FOLDER: folder },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe']
    })
    this.#child.stdin!.on('error', () => undefined)
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.stdout += text })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
    this.pid = new Promise((resolve) => {
      let text = ''
      const told = this.#child.stdio[3] as Readable
      told.on('data', (chunk: Buffer) => { text += chunk.toString() }).on('end', () => resolve(Number(text)))
    })
    this.exited = new Promise((resolve) => this.#child.once('close', (code, signal) => {
      this.code = code ?? (signal === null ? 1 : 128)
      resolve(this.code)
    }))
    this.#child.unref()
  }

  signal(name: 'TERM' | 'INT' | 'HUP' | 'KILL' | 'QUIT' | 'STOP' | 'CONT'): void {
    if (this.code === undefined) this.#child.stdin!.write(`${name}\n`)
  }

  /** Waits until it has written that. @throws Error with what it wrote, if it ends first or the limit passes */
  async line(pattern: RegExp, { of = 'stdout', limitMilliseconds = 20_000 }: LineOptions = {}): Promise<RegExpExecArray> {
    const found = () => pattern.exec(this[of])
    await until(`${this.#name} to write ${pattern}`, () => found() !== null || this.code !== undefined, limitMilliseconds).catch((error: Error) => {
      throw new Error(`${error.message}; it wrote:\n${this.stdout}${this.stderr}`)
    })
    const match = found()
    if (match === null) throw new Error(`${this.#name} ended with ${this.code} before it wrote ${pattern}:\n${this.stdout}${this.stderr}`)
    return match
  }

  /** Sends the signal, and KILL if it has not ended by the limit. @returns its exit code */
  async end(name: 'TERM' | 'INT' | 'QUIT' = 'TERM', limitMilliseconds = 10_000): Promise<number> {
    this.signal(name)
    const timer = setTimeout(() => this.signal('KILL'), limitMilliseconds)
    const code = await this.exited
    clearTimeout(timer)
    return code
  }
}
