// What every screen is made of: lines that are printable and fit, keys, the size, the clock. Ink has the keys and the state; frames are
// painted by painter.ts. Loaded only where a screen is shown.
import { EventEmitter } from 'node:events'
import { render, useStdout, type Key } from 'ink'
import chalk from 'chalk'
import { createContext, useCallback, useContext, useEffect, useLayoutEffect, useReducer, useRef, useState, type ReactElement } from 'react'
import type { Line, Tone } from '../reviews/detail.ts'
import type { Terminal, TerminalOptions } from '../terminal.ts'
import { createPainter, type Painter } from './painter.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** A row stays free: a frame as high as the terminal would push what is printed out of sight. */
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

const painted: Readonly<Record<Tone, (text: string) => string>> = {
  plain: (text) => text,
  strong: (text) => chalk.bold(text),
  dim: (text) => chalk.dim(text),
  warning: (text) => chalk.yellow.bold(text),
  bad: (text) => chalk.red(text),
  good: (text) => chalk.green(text)
}

/** Takes frames: lines with their colours. */
export const Frames = createContext<(frame: string) => void>(() => undefined)

/**
 * A screen. Its lines fit already: laid out by Ink once more, each frame would hold up what the machine is for by ten milliseconds.
 */
export function Lines({ lines }: { readonly lines: readonly Line[] }): null {
  const paint = useContext(Frames)
  useLayoutEffect(() => paint(lines.map(({ text, tone }) => text === '' ? '' : painted[tone](text)).join('\n')))
  return null
}

/**
 * What is typed, or pasted, at the end of a text: controls have no place in it, and blanks none at its start. A slow line brings
 * several keys at once, such as Enter with what was typed after it.
 */
export function edited(text: string, input: string, key: Key, maxCharacters: number): string {
  if (key.backspace || key.delete) return [...text].slice(0, -1).join('')
  if (key.ctrl && input === 'u') return ''
  if (key.ctrl || key.meta || key.tab) return text
  return (text + input.replace(/[\r\n\t]+/g, ' ').replace(/\p{C}/gu, '')).trimStart().slice(0, maxCharacters)
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

export interface ScreenParts {
  bell(): void
  copy(text: string): void
  /** Whole lines, above the screen. */
  print(text: string): void
}

export interface Shown extends ScreenParts {
  /** Resolves when the screen has quit. */
  readonly over: Promise<unknown>
  close(): void
}

/** @param above gets finished lines for the terminal that somebody says while the screen is up */
export function show(
  terminal: Terminal,
  screen: (parts: ScreenParts) => ReactElement,
  above: (text: string) => void,
  { full }: { readonly full: boolean }
): Shown {
  const { input, output, bell, copy, release } = terminal.takeScreen(above, { full })
  const painter = createPainter(output, { full })
  const sizes = sizesOf(output, painter)
  const parts: ScreenParts = { bell, copy, print: (text) => painter.print(text) }
  // Ink paints by chalk, which looks at stdout; the screen is on stderr, and the flags and variables have been judged already.
  chalk.level = terminal.color ? 1 : 0
  const app = render(<Frames.Provider value={(frame) => painter.paint(frame)}>{screen(parts)}</Frames.Provider>, {
    stdin: keyInput(input as NodeJS.ReadStream),
    stdout: sizes.stream,
    stderr: output as NodeJS.WriteStream,
    exitOnCtrlC: false,
    patchConsole: false,
    // It has nothing to paint.
    debug: true
  })
  const over = app.waitUntilExit().finally(() => {
    app.cleanup()
    sizes.end()
    painter.close()
    release()
  })
  return {
    over,
    ...parts,
    close() {
      painter.close()
      app.unmount()
    }
  }
}

/** What Ink takes for its terminal: it only learns sizes there, after the painter has. */
function sizesOf(output: TerminalOptions['stderr'], painter: Painter): { readonly stream: NodeJS.WriteStream, readonly end: () => void } {
  const stream = Object.assign(new EventEmitter(), { write: () => true })
  Object.defineProperties(stream, { columns: { get: () => output.columns }, rows: { get: () => output.rows } })
  const resized = () => {
    painter.resized()
    stream.emit('resize')
  }
  output.on('resize', resized)
  return { stream: stream as unknown as NodeJS.WriteStream, end: () => output.off('resize', resized) }
}
