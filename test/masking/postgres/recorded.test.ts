// Recordings of real clients against real catalogs: each statement gets the verdict that stands beside it, and few are held.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasServer } from '../../support/postgres-server.ts'
import { connectionsIn, holds, passes, readRecordings, writesOf } from './recorded.ts'
import { verdictsOn } from './recorded-verdicts.ts'
import { Clinic } from './replay.ts'

const recordings = readRecordings()
const statementsOf = ({ connections }: typeof recordings[number]) => connections.flatMap(({ statements }) => statements)

describe('recordings', () => {
  test('are read as they are written, a text with its blanks and blank lines', () => {
    const connections = connectionsIn([
      '-- by hand', '--- connection {"TimeZone":"UTC"}', '--> allow .M : P:s B:s/c DP:c E/c#5 S ["a",null] {"types":[25,0]}', 'SELECT', '', ' 1 ', '--- connection', '--> nothing : Q', '', ''
    ].join('\n'))
    expect(connections).toEqual([
      { startup: { TimeZone: 'UTC' }, statements: [{ verdict: 'allow .M', text: 'SELECT\n\n 1 ', messages: ['P:s', 'B:s/c', 'DP:c', 'E/c#5', 'S'], parameters: ['a', null], types: [25, 0] }] },
      { startup: {}, statements: [{ verdict: 'nothing', text: '', messages: ['Q'], parameters: [] }] }
    ])
    expect(() => connectionsIn('-- by hand\n--- connection\n--> SELECT 1\nSELECT 1')).toThrow('not the head of a statement: --> SELECT 1')
  })

  test('are said again in as many writes as there were waits', () => {
    const [connection] = connectionsIn('-- by hand\n--- connection\n--> allow . : P B DP H E/c#1 H CP:c S [{"id":"{type a.b}","bytes":8}]\nSELECT {relation a.b}\n')
    const writes = writesOf(connection!.statements[0]!, (what) => what === 'type a.b' ? 7 : 9)
    expect(writes.map(({ send, until }) => [send.map((bytes) => String.fromCharCode(bytes[0]!)).join(''), until])).toEqual([['PBDH', 'TnE'], ['EH', 'CsE'], ['CS', 'Z']])
    expect(writes[0]!.send[0]!.toString()).toContain('SELECT 9')
    expect(writes[0]!.send[1]!.includes(Buffer.of(0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7))).toBe(true)
  })

  test('are many, of many clients, and at most one statement in fifty is held', () => {
    const all = recordings.flatMap(statementsOf)
    const texts = new Set(all.map(({ text }) => text))
    const held = all.filter(holds)
    expect(recordings.length).toBeGreaterThanOrEqual(12)
    expect(texts.size).toBeGreaterThan(900)
    expect(held.length).toBeGreaterThan(0)
    expect(held.length / all.length).toBeLessThan(0.02)
    expect(all.filter(passes).length / all.length).toBeGreaterThan(0.9)
  })
})

const servers = [15, 18].filter((major) => hasServer({ major }))

describe.each(servers)('on PostgreSQL %i', (major) => {
  let clinic: Clinic
  beforeAll(async () => { clinic = await Clinic.start('a', { major }) }, 60_000)
  afterAll(() => clinic?.stop())

  test.each(recordings)('$client: every statement runs, and is judged as is written beside it', async (recording) => {
    const verdicts = await verdictsOn(recording, clinic)
    expect(verdicts).toHaveLength(statementsOf(recording).length)
    const wrong = verdicts.filter(({ verdict, recorded }) => verdict !== recorded.verdict)
    expect(wrong.map(({ verdict, recorded }) => `${recorded.verdict} is ${verdict}: ${recorded.text}`)).toEqual([])
    const failing = verdicts.filter(({ failed, recorded }) => failed !== recorded.fails)
    expect(failing.map(({ failed, recorded }) => `${failed ?? 'no error'}: ${recorded.text}`)).toEqual([])
  }, 60_000)
})
