// kill -9 under load, again and again on the same log: whatever was acknowledged is there afterwards, and the log verifies.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { AuditEntry } from '../../shared/audit/entry.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { filesIn } from './sample.ts'
import { entriesOf, openIn, temporary } from './logs.ts'

function startWriter(directory: string, file: string, round: number): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'killed-writer.ts'), directory, file, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  onTestFinished(() => { child.kill('SIGKILL') })
  return child
}

test('kill -9 at any point loses nothing that was acknowledged', { timeout: 120_000 }, async () => {
  const directory = await temporary()
  const file = join(await temporary(), 'acknowledged')
  for (const [round, after] of [1, 40, 700, 1900, 33, 1234].entries()) {
    const child = startWriter(directory, file, round)
    const exited = once(child, 'exit')
    let seen = 0
    for await (const _ of createInterface({ input: child.stdout! })) {
      if (++seen !== after) continue
      if (round === 0) await expect(openIn(directory)).rejects.toMatchObject({ code: 'conflict' })
      child.kill('SIGKILL')
    }
    expect(await exited).toEqual([null, 'SIGKILL'])
    const acknowledged = (await readFile(file, 'utf8')).trimEnd().split('\n').map((line) => line.split(' '))
    expect(acknowledged.filter(([, token]) => token!.startsWith(`${round}-`)).length).toBeGreaterThanOrEqual(after)

    const log = await openIn(directory)
    const entries = await entriesOf(log)
    for (const [index, token] of acknowledged) {
      expect(entries[Number(index)]).toMatchObject({ index: Number(index), kind: 'statement.intent', statement: { redacted: token } })
    }
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
