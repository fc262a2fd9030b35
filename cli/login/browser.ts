// Opens a web page in the person's browser, without a shell and without waiting for the browser to close.
import { spawn } from 'node:child_process'
import { platform } from 'node:os'

/** A launcher that has not failed by now has a browser to talk to. */
const verdictMilliseconds = 2_000

/** What comes before the URL. rundll32 instead of `start`: that is a word of cmd.exe, which reads `&` in a URL as its own. */
const launchers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  linux: ['xdg-open'],
  freebsd: ['xdg-open'],
  openbsd: ['xdg-open']
}

/**
 * @returns false where there is no browser to open, or the URL is not one to open: the caller prints it for the person in either case
 */
export async function openBrowser(url: string, launcher = launchers[platform()]): Promise<boolean> {
  if (launcher === undefined || !isWebUrl(url)) return false
  const [command, ...before] = launcher
  return new Promise((resolve) => {
    const child = spawn(command, [...before, new URL(url).href], { stdio: 'ignore', detached: true })
    const timer = setTimeout(() => resolve(true), verdictMilliseconds)
    const settle = (opened: boolean) => {
      clearTimeout(timer)
      resolve(opened)
    }
    child.once('error', () => settle(false))
    child.once('exit', (code) => settle(code === 0))
    child.unref()
  })
}

/** https, or http to this machine itself. Whoever answers discovery must not get a file opened or a program started. */
export function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url.hostname))
}
