// The gateway's own tokens: 256 random bits behind a prefix that says what it is, to people and to secret scanners. Pure.

export const prefixes = { access: 'hoop_at_', refresh: 'hoop_rt_', service: 'hoop_st_' } as const
export type TokenUse = keyof typeof prefixes

const form = /^hoop_(?:at|rt|st)_[A-Za-z0-9_-]{43}$/

export function newToken(use: TokenUse, randomBytes: (n: number) => Uint8Array): string {
  return prefixes[use] + Buffer.from(randomBytes(32)).toString('base64url')
}

/** What a token claims to be, by its form alone; undefined for anything else, an ID token included. */
export function tokenUse(token: string): TokenUse | undefined {
  if (!form.test(token)) return undefined
  return (Object.keys(prefixes) as TokenUse[]).find((use) => token.startsWith(prefixes[use]))
}
