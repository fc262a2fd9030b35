// Ids: 26 characters of a-z and 0-9, sortable by the time they were made. Pure; clock and randomness are handed in.

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const pattern = /^[a-z0-9]{26}$/

/**
 * @param now milliseconds since 1970, below 2^48
 * @param random at least 16 bytes from a cryptographic source; 80 bits of them are used
 */
export function makeId(now: number, random: Uint8Array): string {
  let time = ''
  for (let rest = now, i = 0; i < 10; i++) {
    time = alphabet[rest % 32] + time
    rest = Math.floor(rest / 32)
  }
  let tail = ''
  for (let i = 0; i < 16; i++) tail += alphabet[random[i]! & 31]
  return time + tail
}

export function isId(text: string): boolean {
  return pattern.test(text)
}
