// Text into the clipboard of the machine a person sits at, however many times ssh lies in between: the terminal is asked (OSC 52). In
// tmux, tmux asks it: what comes from a program it does not pass on as it is set up at first.
import { execFile } from 'node:child_process'

const tmuxMilliseconds = 2_000

type Environment = Readonly<Record<string, string>>

/**
 * @param copy asks the terminal
 * @param environment that tmux finds itself by; without hoop's secrets
 * @returns what to say of it
 */
export async function toClipboard(text: string, copy: (text: string) => void, environment: Environment): Promise<string> {
  if (environment.TMUX !== undefined && await loadBuffer(text, environment)) {
    return 'copied: it is in tmux\'s buffer, and in the clipboard where your terminal allows that'
  }
  copy(text)
  return 'sent to your terminal\'s clipboard (OSC 52); terminals do not say whether they took it'
}

/** By stdin: it may hold the session's password. */
function loadBuffer(text: string, environment: Environment): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { env: { ...environment }, timeout: tmuxMilliseconds }
    const tmux = execFile('tmux', ['load-buffer', '-w', '-'], options, (error) => resolve(error === null))
    tmux.stdin!.on('error', () => undefined)
    tmux.stdin!.end(text)
  })
}
