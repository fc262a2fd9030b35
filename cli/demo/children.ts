// Processes the demo starts. None survives it, however it ends: servers run below a shell that holds a pipe to us and ends them when
// that closes. Each is in a group of its own, so that a terminal's Ctrl-C reaches only the demo, which ends them in order.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { GatewayError } from '../../shared/errors.ts'

const graceMilliseconds = 5_000
const lastWordsBytes = 8192

/** Runs "$2 ..." until it ends, or until stdin closes: then it is sent the signal $1. */
const keeper = `
signal=$1; shift
exec 9<&0
"$@" </dev/null 9<&- & child=$!
{ read -r _ <&9; kill -"$signal" "$child"; } >/dev/null 2>&1 & watch=$!
wait "$child"; status=$?
kill "$watch" 2>/dev/null
exit "$status"`

export interface SpawnAs {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly uid?: number
  readonly gid?: number
}

export interface Kept {
  /** Rejects when it ends by itself; never resolves. */
  readonly died: Promise<never>
  /** Resolves with the first match in what it writes to stdout or stderr. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Ends it, and for good when that takes too long. */
  end(): Promise<void>
}

export class Children {
  readonly #running = new Set<ChildProcess>()
  #over = false

  constructor() {
    process.once('exit', this.#killAll)
  }

  /** Runs a program to its end. @returns what it wrote to stdout @throws GatewayError internal with its last words */
  async output(file: string, args: readonly string[], as: SpawnAs): Promise<string> {
    const child = this.#spawn(file, args, 'ignore', as)
    let [out, words] = ['', '']
    child.stdout!.setEncoding('utf8').on('data', (text: string) => { out += text })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => { words = (words + text).slice(-lastWordsBytes) })
    return new Promise((resolve, reject) => {
      child.once('error', (error) => reject(ended(file, error.message, '')))
      child.once('close', (code, signal) => {
        if (code === 0) resolve(out)
        else reject(ended(file, code ?? signal, out + words))
      })
    })
  }

  /** Starts a program that is to run until it is told to end, with `endSignal`. */
  start(file: string, args: readonly string[], endSignal: 'INT' | 'TERM', as: SpawnAs): Kept {
    const child = this.#spawn('/bin/sh', ['-c', keeper, 'keeper', endSignal, file, ...args], 'pipe', as)
    child.stdin!.on('error', () => undefined)
    const listeners = new Set<() => void>()
    let words = ''
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        words = (words + text).slice(-lastWordsBytes)
        for (const listener of listeners) listener()
      })
    }
    const died = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(ended(file, error.message, '')))
      child.once('close', (code, signal) => reject(ended(file, code ?? signal, words)))
    })
    died.catch(() => undefined)
    return {
      died,
      says: (pattern) => Promise.race([died, new Promise<RegExpExecArray>((resolve) => {
        const look = () => {
          const found = pattern.exec(words)
          if (found === null) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
      })]),
      end: () => this.#end(child)
    }
  }

  /** Ends all of them, the youngest first. None can be started any more. */
  async end(): Promise<void> {
    this.#over = true
    for (const child of [...this.#running].reverse()) await this.#end(child)
    process.off('exit', this.#killAll)
  }

  #spawn(file: string, args: readonly string[], stdin: 'ignore' | 'pipe', as: SpawnAs): ChildProcess {
    if (this.#over) throw new GatewayError('cancelled', 'the demo is ending')
    const options: SpawnOptions = { ...as, stdio: [stdin, 'pipe', 'pipe'], detached: true }
    const child = spawn(file, args, options)
    this.#running.add(child)
    const forget = () => this.#running.delete(child)
    child.once('error', forget)
    child.once('exit', forget)
    return child
  }

  async #end(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    if (child.stdin === null) child.kill('SIGTERM')
    else child.stdin.end()
    const timer = setTimeout(() => killGroup(child), graceMilliseconds)
    await gone
    clearTimeout(timer)
  }

  readonly #killAll = () => {
    for (const child of this.#running) killGroup(child)
  }
}

/** The shell and all below it. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

function ended(file: string, how: number | string | null, words: string): GatewayError {
  const last = words.trim().split('\n').slice(-5).join('\n')
  return new GatewayError('internal', `${file.split('/').at(-1)!} ended with ${how}${last === '' ? '' : `:\n${last}`}`)
}
