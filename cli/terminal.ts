// The rules of this surface:
// - stdout carries what a script may read; everything else goes to stderr as "hoop: ...".
// - Colour, prompts and spinners only on a terminal, and what takes long shows there that it goes on; NO_COLOR, --no-color, CI and
//   TERM=dumb are honoured (decided in config.ts).
// - Not a terminal: never ask; fail at once and name the flag or variable that answers the question.
// - Every line passes safeText here, whoever wrote it, so a command that forgets is still safe; no caller writes escape sequences.
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../shared/errors.ts'
import { safeJson, safeLine, safeText } from '../shared/text.ts'
import { cutCells } from './reviews/text.ts'

export interface Terminal {
  /** A person sits there: questions, spinners and a browser make sense. */
  readonly interactive: boolean
  /** stdout is a terminal too: nobody takes what stands there for further use. */
  readonly onTerminal: boolean
  readonly color: boolean
  readonly columns: number
  readonly rows: number
  /** stdout, for scripts. */
  out(line: string): void
  /** stderr, one "hoop: ..." line for each line of the text. */
  say(line: string): void
  /** One NDJSON line on stdout. */
  json(value: unknown): void
  /**
   * Likewise, of what happens now, for as long as it does: a reader that no longer reads misses what it `mayMiss`, and is not waited
   * for in the end.
   */
  event(value: unknown, mayMiss: boolean): void
  /** stdout, without a newline of its own: exactly as it is for a file or a program, safe to look at on a terminal. */
  exact(text: string): void
  /** A spinner on a terminal, for what takes longer than a moment; its text may change. Nothing elsewhere: a pipe gets results. */
  progress(text: string | (() => string)): { done(): void }
  /** @throws GatewayError usage when nobody is there to answer; `instead` names the flag or variable that answers it */
  ask(question: string, instead?: string): Promise<string>
  /** All of stdin as text. @throws GatewayError usage when it is larger, or not UTF-8; the signal's reason */
  input(maxBytes: number, signal: AbortSignal): Promise<string>
  /**
   * The terminal itself, for a screen that lives on it. Until released, every line for the terminal is given to `above` instead,
   * finished and safe, newline included. `full`: on a page of its own, behind which everything stays as it was. `cursor`: it stays visible,
   * for a program that sees to it itself. Only where `interactive`.
   */
  takeScreen(above: (text: string) => void, options?: { readonly full?: boolean, readonly cursor?: boolean }): ScreenStreams
  /** Resolves when stdout and stderr have taken everything; where there were events, after two seconds at most. */
  flush(): Promise<void>
}

export interface ScreenStreams {
  readonly input: TerminalOptions['stdin']
  readonly output: TerminalOptions['stderr']
  bell(): void
  /** Asks the terminal to take the text into its clipboard (OSC 52); whether it does, no terminal says. */
  copy(text: string): void
  release(): void
}

export interface TerminalOptions {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean, readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean, readonly columns?: number, readonly rows?: number }
  /** False when the environment or a flag forbids it, whatever the streams are. */
  readonly mayColor: boolean
  readonly mayInteract: boolean
  /** tmux stands between us and the terminal. */
  readonly inTmux?: boolean
}

/** Of events, before some are left out. */
const maxUnreadBytes = 256 * 1024
const lastEventsMilliseconds = 2_000

const spinner = ['-', '\\', '|', '/']
const frameMilliseconds = 120
const escape = '\u001B'

export function createTerminal({ stdin, stdout, stderr, mayColor, mayInteract, inTmux = false }: TerminalOptions): Terminal {
  const interactive = mayInteract && stdin.isTTY === true && stderr.isTTY === true
  const color = mayColor && stderr.isTTY === true
  // 0 where nobody has said, as on a serial line.
  const columns = () => stderr.columns || 80
  let spinning = false
  let toldEvents = false
  // A reader that has seen enough (`| head`) closes the pipe; that is its right and no failure.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)

  const paint = (code: number, text: string) => color ? `${escape}[${code}m${text}${escape}[0m` : text
  const colors: Record<string, number> = { 'error:': 31, 'hint:': 36, 'warning:': 33 }
  const wipe = () => { if (spinning) stderr.write(`\r${escape}[K`) }
  let above: ((text: string) => void) | undefined
  const toStderr = (text: string) => above === undefined ? stderr.write(text) : above(text)
  const toStdout = (text: string) => above === undefined || stdout.isTTY !== true ? stdout.write(text) : above(text)

  function prefixed(line: string): string {
    const [, word, rest] = /^(error:|hint:|warning:)?([\s\S]*)$/.exec(line)!
    return `hoop: ${word === undefined ? '' : paint(colors[word]!, word)}${rest!}\n`
  }

  return {
    interactive,
    onTerminal: stdout.isTTY === true,
    color,
    get columns() { return columns() },
    get rows() { return stderr.rows || 24 },
    out(line) { wipe(); toStdout(safeText(line) + '\n') },
    say(text) {
      wipe()
      // Later lines of one text are set in, so that no message can imitate a line of hoop's own.
      const [first, ...more] = safeText(text).split('\n')
      toStderr(prefixed(first!) + more.map((line) => `hoop:   ${line}\n`).join(''))
    },
    json(value) {
      if (stdout.isTTY === true) wipe()
      toStdout(safeJson(value) + '\n')
    },
    event(value, mayMiss) {
      toldEvents = true
      if (!mayMiss || stdout.writableLength < maxUnreadBytes) this.json(value)
    },
    exact(text) {
      if (stdout.isTTY === true) wipe()
      toStdout(stdout.isTTY === true ? safeText(text) : text)
    },
    progress(text) {
      const now = typeof text === 'string' ? () => text : text
      if (!interactive) return { done: () => undefined }
      let frame = 0
      const timer = setInterval(() => {
        if (above !== undefined) return
        spinning = true
        // A line that wraps could not be taken back, and a terminal writes ^C behind it.
        const line = `hoop: ${spinner[frame++ % spinner.length]!} ${safeLine(now())}`
        stderr.write(`\r${escape}[K${cutCells(line, columns() - 3)}`)
      }, frameMilliseconds)
      return {
        done: () => {
          clearInterval(timer)
          wipe()
          spinning = false
        }
      }
    },
    async ask(question, instead) {
      if (!interactive) {
        throw new GatewayError('usage', `cannot ask "${question}" here: this is not a terminal`, instead === undefined ? {} : { hint: instead })
      }
      const lines = createInterface({ input: stdin, output: stderr })
      try {
        return await lines.question(`hoop: ${safeLine(question)} `)
      } finally {
        lines.close()
      }
    },
    async input(maxBytes, signal) {
      const chunks: Buffer[] = []
      let bytes = 0
      const stop = () => stdin.destroy(signal.reason as Error)
      signal.addEventListener('abort', stop, { once: true })
      try {
        for await (const chunk of stdin as AsyncIterable<Buffer>) {
          bytes += chunk.length
          if (bytes > maxBytes) throw new GatewayError('usage', `stdin holds more than ${maxBytes >> 20} MiB`)
          chunks.push(chunk)
        }
        return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
      } catch (error) {
        throw error instanceof TypeError ? new GatewayError('usage', 'stdin is not UTF-8') : error
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    takeScreen(lines, { full = false, cursor = false } = {}) {
      above = lines
      // A page of its own, and no cursor. Both are given back even where the process ends in a way nobody foresaw.
      const taken = `${full ? `${escape}[?1049h${escape}[H` : ''}${cursor ? '' : `${escape}[?25l`}`
      const given = `${cursor ? '' : `${escape}[?25h`}${full ? `${escape}[?1049l` : ''}`
      stderr.write(taken)
      const giveBack = () => stderr.write(given)
      process.once('exit', giveBack)
      return {
        input: stdin,
        output: stderr,
        bell: () => { stderr.write('\u0007') },
        copy: (text) => {
          const asked = `${escape}]52;c;${Buffer.from(text).toString('base64')}\u0007`
          // tmux takes it where set-clipboard is on; wrapped, with each escape doubled, it hands it on where allow-passthrough is.
          stderr.write(inTmux ? `${asked}${escape}Ptmux;${asked.replaceAll(escape, escape + escape)}${escape}\\` : asked)
        },
        release: () => {
          above = undefined
          process.off('exit', giveBack)
          giveBack()
        }
      }
    },
    async flush() {
      const taken = Promise.all([stdout, stderr].map((stream) => new Promise<void>((resolve) => {
        if (stream.destroyed || stream.errored !== null || !stream.writable) resolve()
        else stream.write('', () => resolve())
      })))
      await (toldEvents ? Promise.race([taken, delay(lastEventsMilliseconds)]) : taken)
    }
  }
}
