// What every screen is made of: lines that are printable and fit, keys, the size, the clock. Loaded only where a screen is shown.
import { Box, render, Text, useStdout, type Key } from 'ink'
import chalk from 'chalk'
import { useCallback, useEffect, useReducer, useRef, useState, type ReactElement } from 'react'
import type { Line, Tone } from '../reviews/detail.ts'
import type { Terminal } from '../terminal.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Ink redraws the whole terminal, its history with it, once a frame is as high as the terminal: a row stays free. */
export function useSize(): Size {
  const { stdout } = useStdout()
  const read = (): Size => ({ columns: stdout.columns || 80, rows: Math.max(3, (stdout.rows || 24) - 1) })
  const [size, setSize] = useState(read)
  useEffect(() => {
    const resized = () => setSize(read())
    stdout.on('resize', resized)
    return () => { stdout.off('resize', resized) }
  }, [stdout])
  return size
}

/** Milliseconds since 1970, once a second. */
export function useNow(now: () => number): number {
  const [time, setTime] = useState(now)
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), 1000)
    return () => clearInterval(timer)
  }, [now])
  return time
}

/**
 * State that is up to date the moment it was changed: keys may come faster than frames, and what is typed, or decided, must not rest
 * on what a frame showed before the last key.
 */
export function useLatest<S>(first: S): [read: () => S, change: (by: Partial<S> | ((state: S) => Partial<S>)) => void] {
  const state = useRef(first)
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const read = useCallback(() => state.current, [])
  const change = useCallback((by: Partial<S> | ((state: S) => Partial<S>)) => {
    state.current = { ...state.current, ...(typeof by === 'function' ? by(state.current) : by) }
    redraw()
  }, [])
  return [read, change]
}

const styles: Readonly<Record<Tone, Readonly<Record<string, unknown>>>> = {
  plain: {},
  strong: { bold: true },
  dim: { dimColor: true },
  warning: { color: 'yellow', bold: true },
  bad: { color: 'red' },
  good: { color: 'green' }
}

export function Lines({ lines }: { readonly lines: readonly Line[] }): ReactElement {
  return (
    <Box flexDirection="column">
      {lines.map(({ text, tone }, i) => <Text key={i} wrap="truncate" {...styles[tone]}>{text === '' ? ' ' : text}</Text>)}
    </Box>
  )
}

/** What is typed, or pasted, at the end of a text: controls have no place in it. */
export function edited(text: string, input: string, key: Key, maxCharacters: number): string {
  if (key.backspace || key.delete) return [...text].slice(0, -1).join('')
  if (key.ctrl && input === 'u') return ''
  if (key.ctrl || key.meta || key.tab) return text
  return (text + input.replace(/[\r\n\t]+/g, ' ').replace(/\p{C}/gu, '')).slice(0, maxCharacters)
}

/** Arrows, Home, End, with their modifiers, and the keys that are numbered. */
const knownSequence = /^\u001B(?:\[(?:1;\d)?[A-DFH]|O[A-DFH]|\[[1-8](?:;\d)?~)$/
const sequence = /\u001B(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[\]P^_X][^\u0007\u001B]*(?:\u0007|\u001B\\)?)/g

/** Pure. What a terminal sends that is no key of ours is dropped: Ink fails on sequences it has no name for. */
export function keysOnly(text: string): string {
  return text.replace(sequence, (found) => knownSequence.test(found) ? found : '').replace(/[\u0080-\u009F]/g, '')
}

/** stdin as Ink reads it, without what is no key. */
function keyInput(input: NodeJS.ReadStream): NodeJS.ReadStream {
  return new Proxy(input, {
    get(stream, name) {
      if (name === 'read') {
        return () => {
          const chunk = stream.read() as string | Buffer | null
          return chunk === null ? null : keysOnly(String(chunk))
        }
      }
      const found = Reflect.get(stream, name, stream) as unknown
      return typeof found === 'function' ? found.bind(stream) as unknown : found
    }
  })
}

/** Resolves when the screen has quit. What is said meanwhile goes to `above`. */
export interface Shown {
  readonly over: Promise<unknown>
  close(): void
  bell(): void
}

/** @param above gets finished lines for the terminal that somebody says while the screen is up */
export function show(
  terminal: Terminal,
  screen: (bell: () => void) => ReactElement,
  above: (text: string) => void,
  { full }: { readonly full: boolean }
): Shown {
  const streams = terminal.takeScreen(above, { full })
  // Ink paints by chalk, which looks at stdout; the screen is on stderr, and the flags and variables have been judged already.
  chalk.level = terminal.color ? 1 : 0
  const app = render(screen(streams.bell), {
    stdin: keyInput(streams.input as NodeJS.ReadStream),
    stdout: streams.output as NodeJS.WriteStream,
    stderr: streams.output as NodeJS.WriteStream,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 20
  })
  const over = app.waitUntilExit().finally(() => {
    app.cleanup()
    streams.release()
  })
  return {
    over,
    bell: streams.bell,
    close() {
      // Its last frame would stay and look alive.
      app.rerender(<Box />)
      app.unmount()
    }
  }
}
