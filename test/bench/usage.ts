// CPU time and memory of processes, from /proc; what a disk's sync costs just now.
import { execFileSync } from 'node:child_process'
import { closeSync, fdatasync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Microseconds of CPU used so far by these processes and their descendants, ended ones included as far as the kernel kept count. */
export function cpuMicroseconds(pids: readonly number[]): number {
  return withDescendants(pids).reduce((sum, pid) => sum + ticksOf(pid), 0) * 1e6 / ticksPerSecond
}

/** Resident set in bytes. */
export function rssBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}

function withDescendants(pids: readonly number[]): number[] {
  const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), statOf(Number(name))?.parent]))
  const found = new Set(pids)
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const [pid, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(pid)
  }
  return [...found]
}

const ticksOf = (pid: number) => statOf(pid)?.ticks ?? 0

/** proc(5): after the name in parentheses come state, ppid, ...; utime, stime, cutime, cstime are fields 14 to 17. */
function statOf(pid: number): { parent: number, ticks: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) }
  } catch {
    return undefined
  }
}

const sync = promisify(fdatasync)

/** Writes 256 bytes and syncs them, paced so that it measures the disk and does not load it. @returns milliseconds of each */
export async function syncProbe(folder: string, seconds: number): Promise<number[]> {
  const file = openSync(join(folder, 'sync-probe'), 'w')
  const bytes = Buffer.alloc(256, 'x')
  const taken: number[] = []
  try {
    for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
      const begin = performance.now()
      writeSync(file, bytes)
      await sync(file)
      taken.push(performance.now() - begin)
      await delay(4)
    }
  } finally {
    closeSync(file)
  }
  return taken
}
