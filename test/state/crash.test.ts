import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { openState } from '../../server/state/state.ts'

const folder = mkdtempSync(join(tmpdir(), 'hoop-crash-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([1, 40, 150])('a gateway killed after commit %d has lost nothing it said was written, and half of nothing', async (commits) => {
  const path = join(folder, `${commits}.db`)
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'writer.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^\d{26}$/.test(line)) said.push(line)
    if (said.length === commits) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
  expect(said.length).toBeGreaterThanOrEqual(commits)

  const state = await openState({ path })
  for (const [n, id] of said.entries()) {
    expect(state.sessions.get(id)?.id).toBe(id)
    expect(state.users.find('i', `person-${n}`)).toBeDefined()
  }
  // The commit that the kill hit is there whole or not at all.
  const sessions = new Set(state.sessions.list({ limit: 1000 }).map((row) => row.id))
  const people = new Set(state.users.list().map((user) => user.id))
  expect(people).toEqual(sessions)
  state.close()
})
