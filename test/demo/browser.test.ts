// What stands in for browser and person: only what a browser would do with the same pages.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { formFrom, logInByForm } from '../../cli/demo/browser.ts'

describe('reading a form', () => {
  test('the one with the password is the one to fill in, entities decoded, whatever the quotes', () => {
    const page = `<form action='/search'><input name=q></form>
      <form method="post" action="/abort"><button>cancel</button></form>
      <form method=POST action="/in?a=1&amp;b=2"><INPUT type="hidden" name="csrf" value="a&quot;b&#39;c&#x3c;">
      <input name='login' required><input type=password name="secret"><button type="submit" name="do" value="in">go</button></form>`
    expect(formFrom(page)).toMatchObject({
      action: '/in?a=1&b=2',
      asksPassword: true,
      fields: [
        { type: 'hidden', name: 'csrf', value: 'a"b\'c<' },
        { type: 'text', name: 'login' },
        { type: 'password', name: 'secret' },
        { type: 'submit', name: 'do', value: 'in' }
      ]
    })
  })

  test('a page without a form to post has none', () => {
    expect(formFrom('<h1>done</h1><form action="/search"><input name=q></form>')).toBeUndefined()
  })
})

describe('logging in', () => {
  let server: Server
  afterEach(() => { server.closeAllConnections(); server.close() })

  async function serve(handle: (request: IncomingMessage, response: ServerResponse, body: URLSearchParams) => void): Promise<string> {
    server = createServer((request, response) => {
      void text(request).then((body) => handle(request, response, new URLSearchParams(body)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const form = '<form method="post" action="/in"><input name="user"><input type="password" name="word"></form>'
  const never = new AbortController().signal

  test('cookies are kept by path and sent back, and forgotten when told', async () => {
    const cookies: Record<string, string | undefined> = {}
    const origin = await serve((request, response, body) => {
      cookies[request.url!] = request.headers.cookie
      if (request.url === '/start') return response.writeHead(302, { location: '/a/page', 'set-cookie': ['all=1; Path=/', 'deep=2; path=/a', 'gone=3; path=/'] }).end()
      if (request.url === '/a/page') return response.setHeader('set-cookie', 'gone=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT').end(form)
      return response.end(`done ${body.get('user')} ${body.get('word')}`)
    })
    await logInByForm(`${origin}/start`, { username: 'alice', password: 'p&=%' }, never)
    expect(cookies).toEqual({ '/start': '', '/a/page': 'all=1; deep=2; gone=3', '/in': 'all=1' })
  })

  test('a wrong password ends it, and is tried once', async () => {
    let tries = 0
    const origin = await serve((request, response) => {
      if (request.method === 'POST') tries++
      response.end(form)
    })
    await expect(logInByForm(origin, { username: 'alice', password: 'wrong' }, never)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(tries).toBe(1)
  })

  test('pages without end, and errors, end it', async () => {
    const circle = await serve((_, response) => response.writeHead(302, { location: '/again' }).end())
    await expect(logInByForm(circle, { username: 'a', password: 'b' }, never)).rejects.toMatchObject({ code: 'unauthenticated' })
    server.close()
    const broken = await serve((_, response) => response.writeHead(500).end('oops'))
    await expect(logInByForm(broken, { username: 'a', password: 'b' }, never)).rejects.toThrow('HTTP 500')
  })
})
