// What every screen is made of: lines that are printable and fit, keys, the size, the clock. Loaded only where a screen is shown.
import { Box, render, Text, useStdout, type Key } from 'ink'
import chalk from 'chalk'
import { useEffect, useState, type ReactElement } from 'react'
import type { Line, Tone } from '../reviews/detail.ts'
import type { Terminal } from '../terminal.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Ink redraws the whole terminal, its history with it, once a frame is as high as the terminal: a row stays free. */
export function useSize(): Size {
  const { stdout } = useStdout()
  const read = (): Size => ({ columns: stdout.columns || 80, rows: Math.max(6, (stdout.rows || 24) - 1) })
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
    stdin: streams.input as NodeJS.ReadStream,
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
  return { over, close: () => app.unmount(), bell: streams.bell }
}
