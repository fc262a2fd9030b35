// How far this machine's clock is from the gateway's, without trusting whoever answers: a wrong clock is why certificates look wrong, so
// it has to be known first. Shows nothing, and believes nothing but the time.
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { paths } from '../../shared/api.ts'

const patienceMilliseconds = 5_000

/** @returns milliseconds this clock is ahead of the gateway's, to a second or so; undefined where nothing told a time */
export function clockAhead(gatewayUrl: string, now: () => number, signal: AbortSignal): Promise<number | undefined> {
  const url = new URL(gatewayUrl + paths.health)
  const asked = now()
  return new Promise((resolve) => {
    const options = { method: 'HEAD', signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMilliseconds)]), agent: false } as const
    const request = url.protocol === 'https:' ? requestTls(url, { ...options, rejectUnauthorized: false }) : requestPlain(url, options)
    request.once('error', () => resolve(undefined))
    request.once('response', (response) => {
      response.resume()
      const told = Date.parse(response.headers.date ?? '')
      // In the middle between asking and hearing; the header has whole seconds.
      resolve(Number.isNaN(told) ? undefined : Math.round((asked + now()) / 2 - told - 500))
    })
    request.end()
  })
}
