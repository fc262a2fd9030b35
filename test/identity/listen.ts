// A server of a test: on a free loopback port, and gone with all its connections when the test closes it.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export async function listen(server: Server): Promise<{ readonly origin: string, close(): Promise<void> }> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const scheme = 'setSecureContext' in server ? 'https' : 'http'
  return {
    origin: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}
