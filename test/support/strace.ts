// strace on a process that runs: makes the system calls on one file fail or wait, and tells which were made.
import { Kept } from './kept.ts'

export interface TracedCall {
  /** Milliseconds since 1970. */
  readonly began: number
  readonly ended: number
  /** As strace shows it: `0`, `-1 EIO (...)`. */
  readonly result: string
}

export interface TraceOptions {
  /** Calls on other files are passed over; without it, none is. */
  readonly path?: string
  /** Calls that are looked at, with commas in between. */
  readonly trace: string
  /** As strace's option of that name takes it. */
  readonly inject?: string
}

export class Strace {
  readonly #process: Kept

  private constructor(process: Kept) {
    this.#process = process
  }

  /** @returns why it cannot be used here, as tests say that skip */
  static async unfit(): Promise<string | undefined> {
    const sleeper = new Kept('sleep', ['20'])
    try {
      await (await Strace.attach(await sleeper.pid, '/', 'fdatasync', '')).detach()
      return undefined
    } catch {
      return 'strace is missing (apt-get install strace), or may not trace other processes here'
    } finally {
      sleeper.signal('KILL')
    }
  }

  /**
   * Traces a process and its threads, until either ends.
   * @param path the one file whose calls are looked at
   * @param fault as strace's inject takes it, e.g. `error=EIO`, `delay_enter=2s`; empty for none
   */
  static async attach(pid: number, path: string, call: string, fault: string): Promise<Strace> {
    return Strace.attachTo(pid, { path, trace: call, ...(fault === '' ? {} : { inject: `${call}:${fault}` }) })
  }

  static async attachTo(pid: number, { path, trace, inject }: TraceOptions): Promise<Strace> {
    const options = [...(path === undefined ? [] : ['-P', path]), ...(inject === undefined ? [] : ['-e', `inject=${inject}`])]
    const kept = new Kept('strace', ['-f', '-ttt', '-T', '-e', `trace=${trace}`, ...options, '-p', String(pid)])
    await kept.line(/attached/, { of: 'stderr' })
    return new Strace(kept)
  }

  /** Those that have returned. A call that another thread's interrupts is shown in two lines. */
  get calls(): TracedCall[] {
    const pattern = /^(?:\[pid +\d+\] )?(\d+\.\d+) .*\) += (.*?) <(\d+\.\d+)>$/gm
    return [...this.#process.stderr.matchAll(pattern)].map(([line, time, result, seconds]) => {
      const [at, took] = [Number(time) * 1000, Number(seconds) * 1000]
      // The second line of two has the time of the end.
      const began = line.includes('resumed>') ? at - took : at
      return { began, ended: began + took, result: result! }
    })
  }

  /** Whether a call is under way. */
  get waiting(): boolean {
    return /fdatasync\(\d+(?: <unfinished \.\.\.>)?$/.test(this.#process.stderr.trimEnd())
  }

  /** The process goes on without it. */
  async detach(): Promise<void> {
    await this.#process.end('INT')
  }
}
