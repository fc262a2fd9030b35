// The rules of this surface:
// - stdout carries what a script may read; everything else goes to stderr as "hoop: ...".
// - Colour, prompts and spinners only on a terminal; NO_COLOR, --no-color, CI and TERM=dumb are honoured (decided in config.ts).
// - Not a terminal: never ask; fail at once and name the flag or variable that answers the question.
// - Every line passes safeText here, whoever wrote it, so a command that forgets is still safe; no caller writes escape sequences.
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { GatewayError } from '../shared/errors.ts'
import { safeLine, safeText } from '../shared/text.ts'

export interface Terminal {
  /** A person sits there: questions, spinners and a browser make sense. */
  readonly interactive: boolean
  readonly color: boolean
  readonly columns: number
  /** stdout, for scripts. */
  out(line: string): void
  /** stderr, one "hoop: ..." line for each line of the text. */
  say(line: string): void
  /** One NDJSON line on stdout. */
  json(value: unknown): void
  /** A spinner on a terminal, one line elsewhere. */
  progress(text: string): { done(): void }
  /** @throws GatewayError usage when nobody is there to answer; `instead` names the flag or variable that answers it */
  ask(question: string, instead?: string): Promise<string>
  /** Resolves when stdout and stderr have taken everything. */
  flush(): Promise<void>
}

export interface TerminalOptions {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean, readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean, readonly columns?: number }
  /** False when the environment or a flag forbids it, whatever the streams are. */
  readonly mayColor: boolean
  readonly mayInteract: boolean
}

const spinner = ['-', '\\', '|', '/']
const escape = '\u001B'

export function createTerminal({ stdin, stdout, stderr, mayColor, mayInteract }: TerminalOptions): Terminal {
  const interactive = mayInteract && stdin.isTTY === true && stderr.isTTY === true
  const color = mayColor && stderr.isTTY === true
  const spins = interactive && color
  let spinning = false
  // A reader that has seen enough (`| head`) closes the pipe; that is its right and no failure.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)

  const paint = (code: number, text: string) => color ? `${escape}[${code}m${text}${escape}[0m` : text
  const colors: Record<string, number> = { 'error:': 31, 'hint:': 36, 'warning:': 33 }
  const wipe = () => { if (spinning) stderr.write(`\r${escape}[K`) }

  function prefixed(line: string): string {
    const [, word, rest] = /^(error:|hint:|warning:)?([\s\S]*)$/.exec(line)!
    return `hoop: ${word === undefined ? '' : paint(colors[word]!, word)}${rest!}\n`
  }

  return {
    interactive,
    color,
    get columns() { return stderr.columns ?? 80 },
    out(line) { wipe(); stdout.write(safeText(line) + '\n') },
    say(text) {
      wipe()
      // Later lines of one text are set in, so that no message can imitate a line of hoop's own.
      const [first, ...more] = safeText(text).split('\n')
      stderr.write(prefixed(first!) + more.map((line) => `hoop:   ${line}\n`).join(''))
    },
    json(value) { stdout.write(escapeJson(JSON.stringify(value)) + '\n') },
    progress(text) {
      if (!spins) {
        this.say(text)
        return { done: () => undefined }
      }
      let frame = 0
      spinning = true
      const timer = setInterval(() => {
        stderr.write(`\r${escape}[Khoop: ${spinner[frame++ % spinner.length]!} ${safeLine(text)}`)
      }, 120)
      return { done: () => { clearInterval(timer); wipe(); spinning = false } }
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
    async flush() {
      await Promise.all([stdout, stderr].map((stream) => new Promise<void>((resolve) => {
        if (stream.destroyed || stream.errored !== null || !stream.writable) resolve()
        else stream.write('', () => resolve())
      })))
    }
  }
}

/** The same JSON value, in characters that cannot act on a terminal: JSON itself leaves C1 and bidi controls as they are. */
function escapeJson(text: string): string {
  return text.replace(/[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu, (character) =>
    [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''))
}
