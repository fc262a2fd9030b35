// Where a connection comes from. Pure. X-Forwarded-For and its kin are not read: anybody may write them.

/** The peer's address; an IPv4 one that came in over IPv6 as IPv4. */
export function sourceOf(socket: { readonly remoteAddress?: string | undefined }): string {
  return (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '')
}
