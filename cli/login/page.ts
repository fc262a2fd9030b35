// The last page a login shows in the browser. Pure; no script, nothing loaded from anywhere.

const style = `
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 90vh; margin: 0; padding: 0 1rem }
  main { max-width: 30rem } h1 { font-size: 1.4rem; margin: 0 0 .5rem } p { margin: 0; opacity: .8 }`

/** @param failure what went wrong, as plain text; absent when the login succeeded */
export function page(failure: string | undefined): string {
  const [title, text] = failure === undefined
    ? ['You are logged in', 'Close this window and go back to the terminal.']
    : ['The login did not succeed', `${failure} The terminal says more.`]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} - hoop</title>
<style>${style}
</style>
<main><h1>${title}</h1><p>${escaped(text)}</p></main>
</html>
`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' }

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}
