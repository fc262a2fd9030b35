import { expect, test } from 'vitest'
import { helloOf, offlineAnswer } from '../../../cli/tunnel/hello.ts'

const b64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')

test.each<[string, string, ReturnType<typeof helloOf>]>([
  ['nothing yet', '', 'short'],
  ['a browser', 'GET / HTTP/1.1\r\n', 'http'],
  ['a cross-site POST', 'POST /x HTTP/1.1\r\n', 'http'],
  ['the longest method', 'OPTIONS * HTTP/1.1\r\n', 'http'],
  ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http'],
  ['a first letter', 'G', 'short'],
  ['half a method', 'DELE', 'short'],
  ['a word that begins like one', 'GETTING', 'other'],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01', 'tls'],
  ['the first byte of one', '\x16', 'short'],
  ['22 and not TLS', '\x16\x04', 'other'],
  ['PostgreSQL SSLRequest', '\0\0\0\x08\x04\xd2\x16\x2f', 'other'],
  ['PostgreSQL StartupMessage', '\0\0\0\x20\0\x03\0\0user\0', 'other']
])('%s', (_, bytes, hello) => {
  expect(helloOf(Buffer.from(bytes, 'latin1'))).toBe(hello)
})

const probes = [{ ask: b64('\0\0\0\x08SSL?'), answer: b64('N') }, { ask: b64('\0\0\0\x08GSS?'), answer: b64('n') }]

test.each([
  ['nothing', '', { type: 'wait' }],
  ['the start two questions share', '\0\0\0\x08', { type: 'wait' }],
  ['one question', '\0\0\0\x08SSL?', { type: 'answer', bytes: Buffer.from('N'), taken: 8 }],
  ['the other', '\0\0\0\x08GSS?', { type: 'answer', bytes: Buffer.from('n'), taken: 8 }],
  ['a question and more behind it', '\0\0\0\x08SSL?xyz', { type: 'answer', bytes: Buffer.from('N'), taken: 8 }],
  ['no question', '\0\0\0\x20abc', { type: 'error' }],
  ['a question that turns into something else', '\0\0\0\x08SSx', { type: 'error' }]
])('while the gateway is away, %s is answered', (_, bytes, answer) => {
  expect(offlineAnswer(Buffer.from(bytes, 'latin1'), { probes })).toEqual(answer)
})

test('a question of no bytes is not one, so it cannot be answered for ever', () => {
  expect(offlineAnswer(Buffer.from('x'), { probes: [{ ask: '', answer: b64('N') }] })).toEqual({ type: 'error' })
})
