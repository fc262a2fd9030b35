// What a replay leaves behind where it does not come about; what it shows is tested with real sessions and recordings.
import { describe, expect, test } from 'vitest'
import type { AuditLog } from '../../server/audit/log.ts'
import type { Recorder } from '../../server/recording/recorder.ts'
import type { Recordings } from '../../server/recording/recordings.ts'
import { openReplay, type ReplayParts } from '../../server/session/replay.ts'
import { GatewayError } from '../../shared/errors.ts'

const unavailable = new GatewayError('audit_unavailable', 'the disk is full')

function scene(parts: Partial<ReplayParts> = {}, entries: readonly object[] = [{ kind: 'session.end', recording: { sha256: 'abc' } }]) {
  const calls: string[] = []
  const recordings = {
    read: () => Promise.resolve({
      sha256: () => { calls.push('hash'); return Promise.resolve('abc') },
      async* events(growing: boolean) { calls.push(growing ? 'growing' : 'whole') },
      close: () => { calls.push('close'); return Promise.resolve() }
    })
  } as unknown as Recordings
  const audit = { async* read() { yield* entries } } as unknown as AuditLog
  const session = { id: 's'.repeat(26) } as ReplayParts['session']
  const seen = () => { calls.push('seen'); return Promise.resolve() }
  return { calls, replay: openReplay({ audit, recordings, session, lastEntry: 7, recorder: undefined, seen, ...parts }) }
}

async function linesOf(replay: ReturnType<typeof openReplay>): Promise<unknown[]> {
  const lines: unknown[] = []
  for await (const line of await replay) lines.push(line)
  return lines
}

describe('the file of a recording is closed', () => {
  test('where it cannot be written down that somebody looks', async () => {
    const { calls, replay } = scene({ seen: () => Promise.reject(unavailable) })
    await expect(replay).rejects.toBe(unavailable)
    expect(calls).toEqual(['hash', 'close'])
  })

  test('where the log cannot be read', async () => {
    const audit = { read() { throw unavailable } } as unknown as AuditLog
    const { calls, replay } = scene({ audit })
    await expect(replay).rejects.toBe(unavailable)
    expect(calls).toEqual(['close'])
  })

  test('at its end', async () => {
    const { calls, replay } = scene()
    expect(await linesOf(replay)).toMatchObject([{ type: 'recording', matches: true }])
    expect(calls).toEqual(['hash', 'seen', 'whole', 'close'])
  })
})

describe('a recording is not read twice', () => {
  test.each<[string, Partial<ReplayParts>, readonly object[], unknown]>([
    ['while its session is open', { recorder: { flush: () => Promise.resolve() } as unknown as Recorder }, [], 'open'],
    ['where the session has no end in the log', { lastEntry: undefined }, [], 'unknown'],
    ['where the end names no file', {}, [{ kind: 'session.end' }], false]
  ])('%s', async (_, parts, entries, matches) => {
    const { calls, replay } = scene(parts, entries)
    expect(await linesOf(replay)).toMatchObject([{ type: 'recording', matches }])
    expect(calls).not.toContain('hash')
  })
})
