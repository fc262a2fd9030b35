// Whose an address is, for counting what somebody does who may change it at will. Pure.
import { isIPv6 } from 'node:net'

/** One household has 2^64 IPv6 addresses: its /64 counts as one. */
export function network(address: string): string {
  if (!isIPv6(address)) return address
  const [head = ''] = address.split('%')
  const [before = '', after] = head.split('::')
  const left = before === '' ? [] : before.split(':')
  const right = after === undefined || after === '' ? [] : after.split(':')
  const groups = after === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return groups.slice(0, 4).join(':')
}
