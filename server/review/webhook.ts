// One POST to a webhook: https only (http to this machine), no redirects, no link-local addresses, one deadline over all of it.
// What comes back is not read: only its status counts.
import { lookup as resolveName, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { post as send } from '../outbound/post.ts'
import { webhookHeaders, type Signed } from '../outbound/signature.ts'

/** `again`: worth another try. `failed`: it would not help. The reason names no address and no part of the URL, which is a secret. */
export type Delivery =
  | { readonly result: 'delivered' }
  | { readonly result: 'again' | 'failed', readonly reason: string }

export interface Post extends Signed {
  readonly url: string
  /** Key of the HMAC. */
  readonly secret?: string
  readonly timeoutMilliseconds: number
  readonly signal: AbortSignal
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Where clouds keep the credentials of the machine. */
const linkLocal = new BlockList()
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4')
linkLocal.addSubnet('fe80::', 10, 'ipv6')
linkLocal.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
linkLocal.addAddress('fd00:ec2::254', 'ipv6')

/** Never rejects. */
export async function post(message: Post): Promise<Delivery> {
  const url = URL.canParse(message.url) ? new URL(message.url) : undefined
  const refusal = url === undefined ? 'its URL is none' : obstacle(url)
  if (refusal !== undefined) return { result: 'failed', reason: refusal }
  const { body, secret, timeoutMilliseconds, signal } = message
  const lookup = checkedLookup(url!.protocol === 'http:')
  const answer = await send({ url: url!, body, headers: webhookHeaders(message, secret), timeoutMilliseconds, signal, lookup })
  if ('status' in answer) return judged(answer.status)
  const { error } = answer
  if (error instanceof Refused) return { result: 'failed', reason: error.message }
  return { result: 'again', reason: error.code === 'ETIMEDOUT' ? 'it took too long' : error.code ?? 'it could not be reached' }
}

function judged(status: number): Delivery {
  if (status >= 200 && status < 300) return { result: 'delivered' }
  if (status >= 300 && status < 400) return { result: 'failed', reason: `it redirects (HTTP ${status}), which is not followed` }
  return { result: status === 408 || status === 429 || status >= 500 ? 'again' : 'failed', reason: `it answered HTTP ${status}` }
}

/** Of what the URL itself says; names are judged by what they resolve to. */
function obstacle({ protocol, hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, '')
  const literal = isIP(host) !== 0
  if (protocol === 'http:' && host !== 'localhost' && !(literal && within(loopback, host))) return 'it is not https'
  if (protocol !== 'http:' && protocol !== 'https:') return 'it is not https'
  return literal && within(linkLocal, host) ? 'its address is link-local' : undefined
}

class Refused extends Error {}

/** Judges the very addresses that are connected to, so that a name cannot change between the look and the connection. */
function checkedLookup(loopbackOnly: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, found) => {
      const addresses: LookupAddress[] = found ?? []
      const wrong = addresses.some(({ address }) => within(linkLocal, address) || (loopbackOnly && !within(loopback, address)))
      const problem = error ?? (wrong ? new Refused('its address is link-local, or not on this machine') : undefined)
      if (problem !== undefined) callback(problem, [])
      else if (options.all === true) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}

function within(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
