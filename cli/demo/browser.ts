// Stands in for the person and the browser in the demo's login: follows redirects, keeps cookies, fills in the provider's own form.
// Knows nothing of OpenID: what it does over HTTP is what a browser would do with the same pages.
import { GatewayError } from '../../shared/errors.ts'

export interface Person { readonly username: string, readonly password: string }

const maxSteps = 20
const maxPageBytes = 1024 * 1024

/** Goes on until a page without a form: the last one of a login. @throws GatewayError unauthenticated when the form comes back */
export async function logInByForm(start: string, person: Person, signal: AbortSignal): Promise<void> {
  const jar = new CookieJar()
  let request: { url: URL, body?: URLSearchParams } = { url: new URL(start) }
  let filled = false
  for (let step = 0; step < maxSteps; step++) {
    const { url, body } = request
    const response = await fetch(url, {
      ...(body === undefined ? {} : { method: 'POST', body }),
      redirect: 'manual',
      headers: { cookie: jar.header(url), accept: 'text/html', ...(body === undefined ? {} : { origin: url.origin }) },
      signal
    })
    jar.take(url, response.headers.getSetCookie())
    const location = response.headers.get('location')
    if (location !== null) {
      await response.body?.cancel()
      request = { url: new URL(location, url) }
      continue
    }
    const page = (await response.text()).slice(0, maxPageBytes)
    if (!response.ok) throw new GatewayError('unauthenticated', `${url.origin}${url.pathname} answered the login with HTTP ${response.status}`)
    const form = formFrom(page)
    if (form === undefined) return
    if (form.asksPassword && filled) throw new GatewayError('unauthenticated', `${url.origin} does not accept the password of ${person.username}`)
    filled ||= form.asksPassword
    request = { url: new URL(form.action, url), body: fill(form, person) }
  }
  throw new GatewayError('unauthenticated', `the login takes more than ${maxSteps} pages`)
}

interface Field { readonly type: string, readonly name: string, readonly value: string }
export interface Form { readonly action: string, readonly fields: readonly Field[], readonly asksPassword: boolean }

/** Pure. The page's form with a password field, or else its first one; undefined where there is none to post. */
export function formFrom(page: string): Form | undefined {
  const forms = [...page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)]
    .map(([, tag, content]): Form & { method: string } => {
      const { method = 'get', action = '' } = attributes(tag!)
      const fields = [...content!.matchAll(/<(input|button)\b([^>]*)>/gi)].map(([, element, rest]): Field => {
        const { type = element!.toLowerCase() === 'button' ? 'submit' : 'text', name = '', value = '' } = attributes(rest!)
        return { type: type.toLowerCase(), name, value }
      })
      return { method: method.toLowerCase(), action, fields, asksPassword: fields.some(({ type }) => type === 'password') }
    })
    .filter(({ method }) => method === 'post')
  return forms.find(({ asksPassword }) => asksPassword) ?? forms[0]
}

/** Pure. What the browser would send: hidden fields as they are, the person's words, and the first button. */
function fill({ fields }: Form, { username, password }: Person): URLSearchParams {
  const body = new URLSearchParams()
  const button = fields.find(({ type }) => type === 'submit')
  for (const field of fields) {
    if (field.name === '') continue
    if (field.type === 'password') body.append(field.name, password)
    else if (field.type === 'text' || field.type === 'email') body.append(field.name, username)
    else if (field.type === 'hidden' || field === button) body.append(field.name, field.value)
  }
  return body
}

function attributes(tag: string): Readonly<Record<string, string>> {
  const found = [...tag.matchAll(/([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi)]
  return Object.fromEntries(found.map(([, name, double, single, bare]) => [name!.toLowerCase(), decoded(double ?? single ?? bare!)]))
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'' }

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return entities[name] ?? whole
    return String.fromCodePoint(decimal === undefined ? parseInt(hex!, 16) : Number(decimal))
  })
}

/** Cookies by origin and path, as much of RFC 6265 as a login needs. */
class CookieJar {
  readonly #cookies = new Map<string, { origin: string, path: string, pair: string }>()

  take(url: URL, headers: readonly string[]): void {
    for (const header of headers) {
      const [pair, ...rest] = header.split(';').map((part) => part.trim())
      const attribute = (name: string) => rest.find((part) => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
      const path = attribute('path') ?? url.pathname.replace(/\/[^/]*$/, '')
      const key = `${url.origin} ${path} ${pair!.split('=', 1)[0]!}`
      const ends = attribute('expires')
      if (attribute('max-age') === '0' || (ends !== undefined && Date.parse(ends) <= 0)) this.#cookies.delete(key)
      else this.#cookies.set(key, { origin: url.origin, path, pair: pair! })
    }
  }

  header(url: URL): string {
    return [...this.#cookies.values()]
      .filter(({ origin, path }) => origin === url.origin && (url.pathname === path || url.pathname.startsWith(path.replace(/\/?$/, '/'))))
      .map(({ pair }) => pair).join('; ')
  }
}
