// Frames on a terminal that is looked at from behind.
import { afterEach, describe, expect, test } from 'vitest'
import { createPainter } from '../../../cli/screens/painter.ts'
import { Emulator } from '../../support/emulator.ts'

let emulator: Emulator | undefined
afterEach(() => emulator?.close())

function opened({ columns = 20, rows = 6, full = false } = {}) {
  const terminal = emulator = new Emulator({ columns, rows })
  const size = { columns, rows }
  let written: Promise<void> = Promise.resolve()
  const write = (text: string) => { written = terminal.write(text) }
  const painter = createPainter({ write, get columns() { return size.columns }, get rows() { return size.rows } }, { full })
  return {
    painter,
    terminal,
    write,
    /** What stands there, history included, without the empty lines at its end. */
    async lines() {
      await written
      return terminal.lines.join('\n').trimEnd().split('\n')
    },
    async seen() {
      await written
      return terminal.screen.join('\n').trimEnd().split('\n')
    },
    async resize(to: { columns: number, rows: number }) {
      await written
      Object.assign(size, to)
      terminal.resize(to.columns, to.rows)
      painter.resized()
      await written
    }
  }
}

describe('below what is printed', () => {
  test('a frame takes the place of the one before, higher or lower', async () => {
    const { painter, lines, write } = opened()
    write('$ hoop\r\n')
    for (const frame of ['one\ntwo', 'one\ntwo\nthree', 'four', 'five\n\nsix']) {
      painter.paint(frame)
      expect(await lines()).toEqual(['$ hoop', ...frame.split('\n')])
    }
  })

  test('what is printed stands above it, and goes into the history', async () => {
    const { painter, lines, seen } = opened()
    painter.paint('frame\nof two')
    for (let i = 1; i <= 10; i++) painter.print(`line ${i}\r\n`)
    expect(await lines()).toEqual([...Array.from({ length: 10 }, (_, i) => `line ${i + 1}`), 'frame', 'of two'])
    expect(await seen()).toEqual(['line 8', 'line 9', 'line 10', 'frame', 'of two'])
  })

  test('a line that folds is printed whole', async () => {
    const { painter, lines } = opened()
    painter.paint('frame')
    painter.print(`${'x'.repeat(45)}\r\n`)
    expect(await lines()).toEqual(['x'.repeat(45), 'frame'])
  })

  test('the same frame again writes nothing', async () => {
    const { painter, lines, terminal } = opened()
    painter.paint('frame')
    await lines()
    const before = terminal.sent.length
    painter.paint('frame')
    await lines()
    expect(terminal.sent.length).toBe(before)
  })

  test('one that is too high is cut at its top, and no history is lost', async () => {
    const { painter, lines, write } = opened({ rows: 4 })
    write('history\r\n')
    painter.paint('1\n2\n3\n4\n5')
    painter.paint('6\n7\n8\n9')
    expect(await lines()).toEqual(['history', '7', '8', '9'])
  })

  test('a narrower window folds it, and nothing of that is left', async () => {
    const { painter, lines, write, resize } = opened({ columns: 20, rows: 12 })
    write('history\r\n')
    painter.paint('a line of 20 columns\nshort\nanother that is long')
    await resize({ columns: 10, rows: 12 })
    await resize({ columns: 7, rows: 12 })
    painter.paint('a line~\nshort')
    expect(await lines()).toEqual(['history', 'a line~', 'short'])
  })

  test('resized twice before the next frame, what is above it stays', async () => {
    const { painter, lines, write, resize } = opened({ columns: 20, rows: 12 })
    write('one\r\ntwo\r\n')
    painter.paint('frame')
    for (const columns of [10, 15, 8]) await resize({ columns, rows: 12 })
    painter.paint('frame')
    expect(await lines()).toEqual(['one', 'two', 'frame'])
  })

  test('taken away, the cursor stands where it began, and nothing more is painted', async () => {
    const { painter, lines, write, terminal } = opened()
    write('$ hoop\r\n')
    painter.paint('one\ntwo')
    painter.close()
    painter.paint('late')
    write('$ ')
    expect(await lines()).toEqual(['$ hoop', '$'])
    expect(terminal.cursor).toEqual({ column: 2, row: 1 })
  })
})

describe('on a page of its own', () => {
  test('frames as high as the page do not move it', async () => {
    const { painter, seen, lines } = opened({ rows: 3, full: true })
    for (const frame of ['1\n2\n3', '4\n5\n6', '7']) {
      painter.paint(frame)
      expect(await seen()).toEqual(frame.split('\n'))
    }
    expect(await lines()).toEqual(['7'])
  })

  test('another size begins anew', async () => {
    const { painter, seen, resize } = opened({ columns: 20, rows: 5, full: true })
    painter.paint('a line of 20 columns\nand one more')
    await resize({ columns: 8, rows: 4 })
    painter.paint('a line ~')
    expect(await seen()).toEqual(['a line ~'])
  })
})
