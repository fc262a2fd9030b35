// A pager that cannot be started at all: no shell is there to say so.
import { expect, test } from 'vitest'
import { openPager } from '../../../cli/query/pager.ts'

test('where there is no shell, the screen is given back once and nothing of the result is lost', async () => {
  const [shown, gone] = [[] as string[], [] as string[]]
  const terminal = {
    onTerminal: true,
    interactive: true,
    columns: 80,
    rows: 5,
    out: (text: string) => shown.push(text),
    takeScreen: () => ({ output: { write: () => true }, release: () => gone.push('screen') })
  }
  const pager = openPager({
    terminal: terminal as never,
    settings: { environment: { PATH: '/nonexistent', PAGER: 'less' } } as never,
    divertSignals: () => () => { gone.push('signals') },
    interrupt: () => undefined
  })!
  const lines = ['1\n', '2\n', '3\n', '4\n']
  lines.forEach((line) => pager.text(line))
  await pager.flush()
  await pager.close()
  // Whatever Node has still to say of the child comes with the turns after it.
  await new Promise((resolve) => setImmediate(resolve))
  expect(gone.sort()).toEqual(['screen', 'signals'])
  expect(shown).toEqual(['1', '2', '3', '4'])
})
