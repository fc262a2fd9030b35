// Transcripts of screens: what is pressed, what happens beside it, and the whole screen after each. Pure.
//
//   # a remark
//   WHO$ hoop WORDS        in a terminal of 120 columns and 24 rows, from here on
//   press KEY ...          as tmux names them: Enter, Escape, C-c; anything else is typed
//   type TEXT
//   client> SQL            a client of WHO's, beside the screen; goes on while it waits
//   client: TEXT           how the last one of those ended
//   gateway stops          and `gateway starts`
//   | a line of the screen, as it is once it has come to that
//
// What differs from run to run stands in braces: {port}, {socket}, {review}, {clock} for what is left or has passed, {ms}.

export type Step =
  | { readonly type: 'hoop', readonly who: string, readonly words: readonly string[] }
  | { readonly type: 'press', readonly keys: readonly string[] }
  | { readonly type: 'type' | 'ask' | 'answer', readonly text: string }
  | { readonly type: 'gateway', readonly does: 'stops' | 'starts' }
  | { readonly type: 'screen', readonly lines: readonly string[] }

/** @throws Error for a line that is none of these */
export function stepsOf(transcript: string): Step[] {
  const steps: Step[] = []
  for (const line of transcript.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const last = steps.at(-1)
    if (/^\|( |$)/.test(line)) {
      if (last?.type === 'screen') steps[steps.length - 1] = { type: 'screen', lines: [...last.lines, line.slice(2)] }
      else steps.push({ type: 'screen', lines: [line.slice(2)] })
    } else steps.push(stepOf(line))
  }
  return steps
}

function stepOf(line: string): Step {
  const [, who, words] = /^(\w+)\$ hoop (.*)$/.exec(line) ?? []
  if (who !== undefined) return { type: 'hoop', who, words: words!.split(' ') }
  const [, word, rest] = /^(press|type|client>|client:|gateway) (.*)$/.exec(line) ?? []
  switch (word) {
    case 'press': return { type: 'press', keys: rest!.split(' ') }
    case 'type': return { type: 'type', text: rest! }
    case 'client>': return { type: 'ask', text: rest! }
    case 'client:': return { type: 'answer', text: rest! }
    case 'gateway': if (rest === 'stops' || rest === 'starts') return { type: 'gateway', does: rest }
  }
  throw new Error(`"${line}" is no line of a transcript of a screen`)
}

/** The screen with what differs from run to run in braces. */
export function steady(screen: string): string {
  return screen
    .replace(/\/\S+\/\.s\.PGSQL\.\d+/g, '{socket}')
    .replace(/\b127\.0\.0\.1([: ]port=|:)\d+/g, '127.0.0.1$1{port}')
    .replace(/\b[0-9][a-z0-9]{25}\b/g, '{review}')
    .replace(/\b\d+:\d\d\b/g, '{clock}')
    .replace(/\b\d+ ms\b|\b\d\.\d s\b/g, '{ms}')
    .trimEnd()
}
