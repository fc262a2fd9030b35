// Free TCP ports for servers that cannot take port 0 themselves.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range Linux hands out to outgoing connections (32768 and up), so that none of them takes the port meanwhile. */
const lowest = 20_000
const highest = 32_000

/** A port of 127.0.0.1 that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(lowest, highest)
    if (await isFree(port)) return port
  }
  throw new Error('no free port between 20000 and 32000 in 50 attempts')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
