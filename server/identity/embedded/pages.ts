// The pages of the embedded provider: plain HTML forms that work without scripts, images and fonts. Pure.
import { createHash } from 'node:crypto'

const style = `
:root { color-scheme: light dark; --back: #f3f4f6; --card: #fff; --text: #16181d; --soft: #5b6270; --line: #d3d7de; --accent: #1f5fd6; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --back: #14161a; --card: #1d2026; --text: #e8eaee; --soft: #a0a7b4; --line: #383d47; --accent: #6c9cf5; --bad: #ff8f86 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif }
main { width: 100%; max-width: 24rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px }
.brand { margin: 0 0 1.25rem; font-weight: 700; letter-spacing: .02em; color: var(--accent) }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; line-height: 1.3 }
p { margin: 0 0 1.25rem; color: var(--soft) }
p.bad { color: var(--bad); font-weight: 600 }
label { display: block; margin: 0 0 1rem; font-size: .875rem; font-weight: 600 }
input { display: block; width: 100%; margin-top: .35rem; padding: .6rem .75rem; font: inherit; font-weight: 400; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: 8px }
input.code { font: 600 1.25rem/1.4 ui-monospace, monospace; letter-spacing: .12em; text-align: center; text-transform: uppercase }
output { display: block; margin: 0 0 1.25rem; padding: .75rem; font: 600 1.5rem/1.4 ui-monospace, monospace; letter-spacing: .12em;
  text-align: center; border: 1px solid var(--line); border-radius: 8px }
button { width: 100%; padding: .65rem; font: inherit; font-weight: 600; color: var(--card); background: var(--accent);
  border: 1px solid var(--accent); border-radius: 8px; cursor: pointer }
button.quiet { margin-top: .6rem; color: var(--soft); background: transparent; border-color: transparent }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`

/** For the Content-Security-Policy: this style sheet and no other. */
export const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

export interface LoginPage {
  readonly action: string
  /** What is asking, e.g. "The hoop command line on this computer". */
  readonly asking: string
  readonly username?: string
  /** What was wrong with the last attempt. */
  readonly problem?: string
}

export function loginPage({ action, asking, username = '', problem }: LoginPage): string {
  return page('Log in', `
<h1>Log in</h1>
<p>${escape(asking)} is asking who you are. If you did not start this, close this page.</p>
${problemOf(problem)}
<form method="post" action="${escape(action)}">
  <label>Username
    <input name="username" value="${escape(username)}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="255"
      required${username === '' ? ' autofocus' : ''}></label>
  <label>Password
    <input name="password" type="password" autocomplete="current-password" maxlength="1024" required${username === '' ? '' : ' autofocus'}></label>
  <button name="answer" value="login">Log in</button>
  <button class="quiet" name="answer" value="cancel" formnovalidate>Cancel</button>
</form>`)
}

export interface CodePage {
  readonly action: string
  readonly xsrf: string
  readonly userCode?: string
  readonly problem?: string
}

export function codePage({ action, xsrf, userCode = '', problem }: CodePage): string {
  return page('Enter the code', `
<h1>Enter the code</h1>
<p>It is shown where you ran <strong>hoop login --device</strong>.</p>
${problemOf(problem)}
<form method="post" action="${escape(action)}">
  <input type="hidden" name="xsrf" value="${escape(xsrf)}">
  <label>Code
    <input class="code" name="user_code" value="${escape(userCode)}" autocomplete="off" autocapitalize="characters" spellcheck="false"
      maxlength="32" required autofocus></label>
  <button>Continue</button>
</form>`)
}

export function confirmPage({ action, xsrf, userCode, from }: Required<Omit<CodePage, 'problem'>> & { readonly from: string }): string {
  return page('Is this your code?', `
<h1>Is this your code?</h1>
<p>A command line at ${escape(from)} wants to act as you. Go on only if you started it and it shows exactly this code; somebody who sent you
  a link or a code is trying to log in as you.</p>
<output>${escape(userCode)}</output>
<form method="post" action="${escape(action)}">
  <input type="hidden" name="xsrf" value="${escape(xsrf)}">
  <input type="hidden" name="user_code" value="${escape(userCode)}">
  <button name="confirm" value="yes">It is mine, continue</button>
</form>
<form method="post" action="${escape(action)}">
  <input type="hidden" name="xsrf" value="${escape(xsrf)}">
  <input type="hidden" name="user_code" value="${escape(userCode)}">
  <button class="quiet" name="abort" value="yes">It is not, refuse</button>
</form>`)
}

export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escape(title)}</h1>\n<p>${escape(text)}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} - hoop</title>
<style>${style}</style>
</head>
<body><main><p class="brand">hoop</p>${body}</main></body>
</html>
`
}

function problemOf(problem: string | undefined): string {
  return problem === undefined ? '' : `<p class="bad" role="alert">${escape(problem)}</p>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
