// A browser without JavaScript: cookies, redirects followed by hand, HTML forms filled in. For logging in over HTTP as a person does.
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Form {
  readonly action: URL
  readonly method: string
  /** Every named field with its value, hidden ones included. */
  readonly fields: Readonly<Record<string, string>>
  /** Type of each field, e.g. "password". */
  readonly types: Readonly<Record<string, string>>
}

const maxRedirects = 15

export interface Credentials {
  readonly username: string
  readonly password: string
}

export class TestBrowser {
  readonly #cookies = new Map<string, Map<string, string>>()
  readonly #ca: string | undefined

  /** @param ca PEM to trust instead of the system's */
  constructor(ca?: string) {
    this.#ca = ca
  }

  /**
   * Follows redirects until a page, or until one that leads to `stopAt`, which is returned unfetched with status 0.
   */
  async visit(address: string | URL, stopAt?: string, form?: URLSearchParams): Promise<Page> {
    let url = new URL(address)
    let body = form
    for (let hop = 0; hop < maxRedirects; hop++) {
      if (stopAt !== undefined && url.href.startsWith(stopAt)) return { url, status: 0, headers: {}, body: '' }
      const page = await this.#fetch(url, body)
      const { location } = page.headers
      if (page.status < 300 || page.status > 399 || typeof location !== 'string') return page
      url = new URL(location, url)
      body = undefined
    }
    throw new Error(`more than ${maxRedirects} redirects, the last one to ${url.href}`)
  }

  async submit(form: Form, values: Readonly<Record<string, string>>, stopAt?: string): Promise<Page> {
    const filled = new URLSearchParams({ ...form.fields, ...values })
    if (form.method === 'post') return this.visit(form.action, stopAt, filled)
    const action = new URL(form.action)
    action.search = filled.toString()
    return this.visit(action, stopAt)
  }

  /**
   * From an authorization URL through the provider's pages to its redirect back.
   * @returns the redirect URI with code and state, or with error, not fetched
   */
  async logIn(authorizationUrl: string | URL, user: Credentials): Promise<URL> {
    const redirectUri = new URL(authorizationUrl).searchParams.get('redirect_uri') ?? undefined
    const page = await this.#throughForms(await this.visit(authorizationUrl, redirectUri), user, redirectUri)
    if (page.status !== 0) {
      const text = page.body.replace(/<[^>]+>/g, ' ').slice(0, 300)
      throw new Error(`the login ended at ${page.url.href} with ${page.status}: ${text}`)
    }
    return page.url
  }

  /** The device flow's side of the person: types the code, logs in, confirms. @returns the last page's text */
  async confirmDevice(verificationUrl: string | URL, userCode: string, user: Credentials): Promise<string> {
    return (await this.#throughForms(await this.visit(verificationUrl), user, undefined, userCode)).body
  }

  async #throughForms(
    first: Page,
    user: Credentials,
    stopAt?: string,
    userCode?: string
  ): Promise<Page> {
    let page = first
    let passwordSent = false
    for (let step = 0; step < 8 && page.status !== 0; step++) {
      const form = formOf(page)
      if (form === undefined) break
      const values: Record<string, string> = {}
      for (const [name, type] of Object.entries(form.types)) {
        if (type === 'password') {
          // Asked again: it was wrong, and asking for ever would not make it right.
          if (passwordSent) return page
          values[name] = user.password
        } else if (userCode !== undefined && /code/.test(name) && type !== 'hidden') values[name] = userCode
        else if (type === 'text' || type === 'email') values[name] = user.username
      }
      passwordSent ||= Object.values(form.types).includes('password')
      page = await this.submit(form, values, stopAt)
    }
    return page
  }

  #fetch(url: URL, form?: URLSearchParams): Promise<Page> {
    const jar = this.#cookies.get(url.host) ?? new Map<string, string>()
    this.#cookies.set(url.host, jar)
    const headers: Record<string, string> = { accept: 'text/html' }
    if (jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    if (form !== undefined) Object.assign(headers, { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin })
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      request(url, { method: form === undefined ? 'GET' : 'POST', headers, ...(this.#ca === undefined ? {} : { ca: this.#ca }) }, (response) => {
        for (const line of response.headers['set-cookie'] ?? []) keepCookie(jar, line)
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => { body += text })
        response.on('end', () => resolve({ url, status: response.statusCode!, headers: response.headers, body })).on('error', reject)
      }).on('error', reject).end(form?.toString())
    })
  }
}

function keepCookie(jar: Map<string, string>, line: string): void {
  const [pair, ...attributes] = line.split(';')
  const [name, value] = [pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1)]
  const expires = attributes.map((attribute) => /^\s*expires=(.*)$/i.exec(attribute)?.[1]).find((date) => date !== undefined)
  // Who removes a cookie lets it end in 1970. Nothing else ends within a test, whose gateway's clock may be another.
  if (value === '' || (expires !== undefined && Date.parse(expires) === 0)) jar.delete(name)
  else jar.set(name, value)
}

const named: Readonly<Record<string, string>> = { quot: '"', lt: '<', gt: '>', amp: '&' }
const attribute = (tag: string, name: string) => {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag)
  const value = match?.[1] ?? match?.[2] ?? match?.[3]
  return value?.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(quot|lt|gt|amp));/gi, (_, decimal?: string, hex?: string, name?: string) =>
    name === undefined ? String.fromCodePoint(decimal === undefined ? parseInt(hex!, 16) : Number(decimal)) : named[name.toLowerCase()]!)
}

/** The first form of a page that is not there to abort. */
export function formOf(page: Page): Form | undefined {
  const forms = [...page.body.matchAll(/(<form[^>]*>)([\s\S]*?)<\/form>/gi)]
  const [, head, inner] = forms.find(([whole]) => !/abort|cancel/i.test(whole)) ?? forms[0] ?? []
  if (head === undefined || inner === undefined) return undefined
  const fields: Record<string, string> = {}
  const types: Record<string, string> = {}
  let pressed = false
  for (const [tag, element] of inner.matchAll(/<(input|button)[^>]*>/gi)) {
    const name = attribute(tag, 'name')
    const isButton = element!.toLowerCase() === 'button' || attribute(tag, 'type')?.toLowerCase() === 'submit'
    // Of several buttons, a person who wants in presses the first.
    if (isButton && pressed) continue
    pressed ||= isButton
    if (name === undefined) continue
    fields[name] = attribute(tag, 'value') ?? ''
    types[name] = (isButton ? 'submit' : attribute(tag, 'type') ?? 'text').toLowerCase()
  }
  return { action: new URL(attribute(head, 'action') ?? '', page.url), method: (attribute(head, 'method') ?? 'get').toLowerCase(), fields, types }
}
