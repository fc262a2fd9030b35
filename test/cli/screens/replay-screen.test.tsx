import { afterEach, describe, expect, test } from 'vitest'
import { KeptRecording } from '../../../cli/replay/kept.ts'
import { Player } from '../../../cli/replay/player.ts'
import { ReplayScreen } from '../../../cli/screens/replay-screen.tsx'
import { ahead, back, markedBar, window } from '../../../cli/screens/replay-view.ts'
import { cellsOf } from '../../../cli/table.ts'
import type { RecordingEvent, RecordingHead, ReplayLine } from '../../../shared/recording.ts'
import { recordingHead } from '../../support/recording-head.ts'
import { hostileText, printableLine } from '../../support/reviews.ts'
import { keys, TestScreen } from '../../support/screen.tsx'

let screen: TestScreen | undefined
afterEach(() => screen?.close())

const right = '\u001B[C'
const left = '\u001B[D'
const pageUp = '\u001B[5~'
const home = '\u001B[H'

const head = (matches: RecordingHead['matches'] = true) => recordingHead(matches, 3)

const on = (at: number, connection = 1) => ({ at, connection })
const statement = (at: number, text: string): RecordingEvent => ({ ...on(at), type: 'statement', entry: at, step: 'execute', verb: 'X', text })
const columns = (at: number, ...names: string[]): RecordingEvent =>
  ({ ...on(at), type: 'columns', columns: names.map((name) => name === 'ssn' ? { name, type: 25, masked: true } : { name, type: 25 }) })
const rows = (at: number, ...all: (string | null)[][]): RecordingEvent => ({ ...on(at), type: 'rows', rows: all })
const done = (at: number, tag: string): RecordingEvent => ({ ...on(at), type: 'done', tag })

const patients = Array.from({ length: 40 }, (_, i) => [String(i + 1), `Patient ${i + 1}`, '***', `note ${i + 1} ${'and more '.repeat(12)}end`])
const session: RecordingEvent[] = [
  { ...on(100), type: 'connection.start' },
  statement(1_000, 'SELECT id, ssn\n  FROM patients'),
  columns(1_010, 'id', 'ssn'),
  rows(1_010, ['1', '***'], ['2', null]),
  done(1_010, 'SELECT 2'),
  statement(61_000, 'SELECT 1/0'),
  { ...on(61_001), type: 'error', severity: 'ERROR', sqlState: '22012', message: 'division by zero' },
  { ...on(62_000), type: 'held', review: '01k5b2y8v4s0q9m3t7x6c1n0re', rule: 'writes wait', asked: ['dba'], text: 'DELETE FROM visits' },
  { ...on(63_000), type: 'decided', review: '01k5b2y8v4s0q9m3t7x6c1n0re', state: 'approved', by: 'bob@example.com', reason: 'fine' },
  statement(63_001, 'SELECT * FROM patients'),
  columns(63_010, 'id', 'name', 'ssn', 'note'),
  rows(63_010, ...patients),
  done(63_020, 'SELECT 40'),
  { at: 64_000, type: 'end', code: 'session_ended', reason: 'you ended the session' }
]

function opened(lines: readonly ReplayLine[] = [head(), ...session], { columns = 80, rows = 24, idleMilliseconds = 2_000 } = {}) {
  const kept = new KeptRecording()
  for (const line of lines) kept.take(line)
  const marks = { statement: kept.marks('statement'), hold: kept.marks('hold'), error: kept.marks('error') }
  const player = new Player({ times: kept.times, marks, idleMilliseconds, speed: 1 })
  const clock = { now: 0 }
  const left: string[] = []
  screen = new TestScreen(
    <ReplayScreen kept={kept} player={player} marks={marks} idleMilliseconds={idleMilliseconds} clock={() => clock.now} quit={() => left.push('quit')} />,
    { columns, rows }
  )
  return { screen, player, clock, left }
}

describe('the header', () => {
  test.each([
    [true, /^matches the audit log: yes$/],
    [false, /^matches the audit log: NO: the file is not the one that was written$/],
    ['open', /^matches the audit log: not yet/],
    ['unknown', /^matches the audit log: unknown/]
  ] as const)('says whether the recording is the one the log names: %s', async (matches, told) => {
    const { screen } = opened([head(matches), ...session])
    await screen.see(/matches/)
    expect(screen.lines[0]).toBe('hoop replay 01k5b2y8v4s0q9m3t7x6c1n0ad: ann@example.com on prod-db, 2026-11-25 ~')
    expect(screen.lines[1]).toMatch(told)
  })

  test('says what is wrong with the file', async () => {
    const { screen } = opened([head(false), ...session, { type: 'damaged', reason: 'it breaks off between two blocks' }])
    await screen.see(/^DAMAGED: it breaks off between two blocks; nothing behind this is shown$/m)
  })
})

describe('as time goes on', () => {
  test('what is due is shown, and the timeline says where that is', async () => {
    const { screen, player, clock } = opened()
    player.play(0)
    clock.now = 1_005
    await screen.press('+', '-')
    await screen.see(/> SELECT id, ssn\n {18}FROM patients\n[^]*playing 1x/)
    expect(screen.text).not.toContain('SELECT 2')
    expect(screen.lines.at(-2)).toBe('00:00:01 of 00:01:04  playing 1x  statement 1/3  hold 0/1  error 0/1')
    clock.now = 2_000
    await screen.press('+', '-')
    await screen.see(/00:00:01\.010 {2}id {2}ssn \(masked\)\n {14}1 {3}\*\*\*\n {14}2 {3}NULL\n00:00:01\.010 {2}SELECT 2\n[^]*playing 1x {2}idle 00:00:59, shortened to 2 s/)
    expect(screen.lines.at(-3)).toMatch(/^\[=+\|=+>-+E-+H-+\|-+\]$/)
  })

  test('space pauses and goes on', async () => {
    const { screen, player, clock } = opened()
    player.play(0)
    clock.now = 1_005
    await screen.press(' ')
    await screen.see(/paused 1x/)
    clock.now = 60_000
    await screen.press(' ')
    await screen.see(/playing 1x/)
    expect(screen.text).not.toContain('SELECT 2')
  })

  test('faster is faster, and is said', async () => {
    const { screen, player, clock } = opened()
    player.play(0)
    await screen.press('+', '+', '+')
    await screen.see(/playing 8x/)
    clock.now = 130
    await screen.press('-')
    await screen.see(/playing 4x/)
    expect(screen.text).toContain('> SELECT id, ssn')
  })
})

describe('jumps', () => {
  test('to statements, each with what it was answered, and back', async () => {
    const { screen } = opened()
    await screen.press('n')
    await screen.see(/SELECT 2\n/)
    expect(screen.text).toContain('paused 1x  statement 1/3')
    await screen.press('n')
    await screen.see(/ERROR 22012: division by zero/)
    expect(screen.text).toContain('statement 2/3')
    await screen.press('n')
    await screen.see(/statement 3\/3/)
    expect(screen.lines[2]).toBe('00:01:03.001  > SELECT * FROM patients')
    await screen.press('n')
    await screen.see(/^there is no further statement$/m)
    await screen.press('p', 'p')
    await screen.see(/statement 1\/3/)
    expect(screen.text).not.toContain('1/0')
  })

  test('to holds and errors, and to both ends', async () => {
    const { screen } = opened()
    await screen.press('h')
    await screen.see(/held by rule "writes wait", asked: dba[^]*approved by bob@example.com: fine/)
    expect(screen.text).not.toContain('FROM patients\n00:01:03')
    await screen.press('E')
    await screen.see(/hold 0\/1/)
    expect(screen.text).toContain('division by zero')
    expect(screen.text).not.toContain('held by')
    await screen.press('G')
    await screen.see(/the session ended: you ended the session/)
    expect(screen.text).toMatch(/^00:01:04 of 00:01:04 {2}the end 1x/m)
    await screen.press('g')
    await screen.see(/^00:00:00 of 00:01:04 {2}paused 1x/m)
    expect(screen.text).not.toContain('SELECT')
    await screen.press(keys.end)
    await screen.see(/the end/)
    await screen.press(home)
    await screen.see(/00:00:00 of/)
  })
})

describe('looking around', () => {
  test('goes line by line and page by page, and keeps the names of the columns in sight', async () => {
    const { screen } = opened()
    await screen.press('G')
    await screen.see(/the session ended/)
    // The newest rows, with the line that names their columns in the place of the first.
    expect(screen.lines[2]).toMatch(/^ {14}id {2}name {8}ssn \(masked\) {2}note$/)
    expect(screen.lines[3]).toMatch(/^ {14}26 {2}Patient 26 {2}\*\*\*/)
    await screen.press(keys.up)
    await screen.see(/Patient 25/)
    expect(screen.text).not.toContain('the session ended')
    await screen.press(pageUp, pageUp)
    await screen.see(/^00:01:03\.010 {2}id {2}name/m)
    await screen.press(keys.pageDown, keys.pageDown, keys.pageDown)
    await screen.see(/the session ended/)
  })

  test('pauses', async () => {
    const { screen, player, clock } = opened()
    player.play(0)
    clock.now = 5_500
    await screen.press('k')
    await screen.see(/paused 1x/)
    expect(player.standing(9_000).playing).toBe(false)
  })

  test('goes sideways where a table is wider than the screen, and marks what is cut off', async () => {
    const { screen } = opened()
    await screen.press('n', 'n', 'n')
    await screen.see(/^ {14}1 {3}Patient 1 {3}\*{3} {11}note 1 and more and more and more a~$/m)
    await screen.press(right)
    await screen.see(/^ {14}~/m)
    expect(screen.lines[2]).toBe('00:01:03.001  > SELECT * FROM patients')
    await screen.press(...Array.from({ length: 9 }, () => right))
    await screen.see(/and more end$/m)
    expect(screen.text).toMatch(/^ {14}~.*and more end$/m)
    await screen.press(...Array.from({ length: 9 }, () => left))
    await screen.see(/^ {14}1 {3}Patient 1/m)
  })
})

test('keys that come at once are taken one by one', async () => {
  const { screen } = opened()
  await screen.press('nnp')
  await screen.see(/statement 1\/3/)
})

test.each(['q', keys.ctrlC])('%j leaves', async (key) => {
  const { screen, left } = opened()
  await screen.press(key)
  expect(left).toEqual(['quit'])
})

test('an empty recording is an empty screen', async () => {
  const { screen } = opened([head()])
  await screen.press('n', 'e', ' ', 'k', 'j', 'G', 'g', right)
  await screen.see(/the end 1x/)
})

describe.each([[200, 50], [80, 24], [40, 15], [20, 5], [10, 4]])('%i columns, %i rows', (columns, rows) => {
  const hostile: RecordingEvent[] = [
    { ...on(0), type: 'connection.start' },
    { ...on(1), type: 'statement', entry: 1, step: 'bind', verb: 'X', text: hostileText, parameters: [hostileText, null] },
    { ...on(2), type: 'columns', columns: [{ name: hostileText, type: 25, masked: true }, { name: '名前'.repeat(30), type: 25 }] },
    { ...on(2), type: 'rows', rows: Array.from({ length: 50 }, (_, i) => [hostileText.slice(i * 50, i * 50 + 300), '漢字'.repeat(i)]) },
    { ...on(3, 2), type: 'error', severity: hostileText.slice(0, 40), sqlState: 'XX000', message: hostileText, detail: '\t\t\tdetail' },
    { ...on(4, 2), type: 'copy', text: `${hostileText}\n\t\u0301\u0301`, lines: 2 },
    { ...on(5), type: 'end', code: 'x', reason: hostileText }
  ]

  test('nothing is wider or higher than the screen, nor acts on it', async () => {
    const { screen } = opened([head('open'), ...session, ...hostile.map((event) => ({ ...event, at: 70_000 + event.at }))], { columns, rows })
    for (const key of ['n', 'h', 'e', 'n', right, 'n', right, right, 'n', 'b', 'b', 'j', left, 'G', 'b', 'b', right, 'b', 'e', 'E']) {
      await screen.press(key)
      await screen.see(/matches/)
      expect(screen.lines.length).toBeLessThanOrEqual(Math.max(4, rows - 1))
      for (const line of screen.lines) {
        expect(line).toMatch(printableLine)
        expect(cellsOf(line), line).toBeLessThanOrEqual(columns)
      }
    }
  })
})

test('another size is another layout, and the place stays', async () => {
  const { screen } = opened()
  await screen.press('n', 'n', 'n')
  await screen.see(/^00:01:03\.001 {2}> SELECT \* FROM patients$/m)
  screen.resize(40, 15)
  await screen.see(/^00:01:03 > SELECT \* FROM patients$/m)
  screen.resize(30, 15)
  await screen.see(/^> SELECT \* FROM patients$/m)
})

describe('the lines of events', () => {
  const counts = [1, 0, 3, 0, 2]
  const lines = (event: number) => Array.from({ length: counts[event]! }, (_, i) => ({ text: `${event}.${i}` }) as never)
  test.each([
    [{ event: 5, line: 0 }, 1, { event: 4, line: 1 }],
    [{ event: 5, line: 0 }, 4, { event: 2, line: 1 }],
    [{ event: 2, line: 1 }, 2, { event: 0, line: 0 }],
    [{ event: 2, line: 1 }, 99, { event: 0, line: 0 }]
  ])('%j, %i back is %j', (from, count, to) => expect(back(lines, from, count)).toEqual(to))
  test.each([
    [{ event: 0, line: 0 }, 1, { event: 2, line: 0 }],
    [{ event: 2, line: 2 }, 1, { event: 4, line: 0 }],
    [{ event: 2, line: 2 }, 99, { event: 5, line: 0 }]
  ])('%j, %i ahead is %j', (from, count, to) => expect(ahead(lines, from, 5, count)).toEqual(to))
})

test('on a timeline errors stand on holds, and holds on statements', () => {
  expect(markedBar({ statement: [0, 1, 2, 5], hold: [1, 2], error: [2] }, (event) => event / 5, 6)).toBe('|HE  |')
})

test.each([
  ['abcdef', 0, 4, 'abc~'],
  ['abcdef', 2, 4, '~def'],
  ['abcdef', 2, 3, '~d~'],
  ['abcdef', 6, 3, '~'],
  ['漢字漢字', 1, 9, '~字漢字'],
  ['漢字漢字', 2, 9, '~ 漢字'],
  ['e\u0301e\u0301x', 1, 9, '~x'],
  ['', 3, 3, '']
])('%j from %i in %i cells is %j', (text, from, columns, shown) => expect(window(text, from, columns)).toBe(shown))
