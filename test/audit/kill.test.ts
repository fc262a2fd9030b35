// kill -9 under load, again and again on the same log: whatever was acknowledged is there afterwards, and the log verifies.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { filesIn } from './sample.ts'
import { entriesOf, openIn, temporary } from './logs.ts'

function startWriter(directory: string, round: number): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'killed-writer.ts'), directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  onTestFinished(() => { child.kill('SIGKILL') })
  return child
}

test('kill -9 at any point loses nothing that was acknowledged', { timeout: 120_000 }, async () => {
  const directory = await temporary()
  const acknowledged = new Map<number, string>()
  for (const [round, after] of [1, 40, 700, 1900, 33, 1234].entries()) {
    const child = startWriter(directory, round)
    let seen = 0
    for await (const line of createInterface({ input: child.stdout! })) {
      const [index, token] = line.split(' ')
      acknowledged.set(Number(index), token!)
      if (++seen === after) {
        if (round === 0) await expect(openIn(directory)).rejects.toMatchObject({ code: 'conflict' })
        child.kill('SIGKILL')
      }
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    expect(seen).toBeGreaterThanOrEqual(after)

    const log = await openIn(directory)
    const entries = await entriesOf(log)
    for (const [index, token] of acknowledged) expect(entries[index]).toMatchObject({ index, kind: 'statement.intent', statement: { redacted: token } })
    expect(withoutOutcome(entries)).toEqual([])
    await log.close()
    const report = await verifyLog(filesIn(directory), log.verifierKey)
    expect(report).toMatchObject({ ok: true, entries: entries.length, checkpointSize: entries.length })
  }
})

function withoutOutcome(entries: readonly AuditEntry[]): number[] {
  const open = new Set<number>()
  for (const entry of entries) {
    if (entry.kind === 'statement.intent') open.add(entry.index)
    if (entry.kind === 'outcome') open.delete(entry.intent)
  }
  return [...open]
}
