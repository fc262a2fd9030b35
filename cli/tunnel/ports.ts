// Which local port a target has: the same one each time, so that saved connections and open tools keep working. Another one only where
// something else of this user's has it, which is said; where it is somebody else's, what is set to it would reach them.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { GatewayError } from '../../shared/errors.ts'
import { withLock } from '../lock.ts'
import { readPrivateFile, writePrivateFile } from '../private-file.ts'

const maxFileBytes = 256 * 1024
/** Below the ports systems hand out by themselves (32768 and up on Linux), above the well-known ones. */
const firstPort = 20_000
const portCount = 10_000
/** How many taken ports are passed over before a target gets its first. */
const candidates = 50

export interface PortKey {
  readonly gatewayUrl: string
  readonly target: string
}

export interface BoundSticky<T> {
  readonly bound: T
  /** The target's own port, where something else of this user's has it just now and this is another one. */
  readonly taken?: number
}

/**
 * Binds the target's remembered port, or for once another one where that is in use; the first time, a free one nobody else has been given.
 * `bind` is asked with one port after another and returns undefined where that one is in use.
 * @param isOthers whether another user listens there; undefined where nobody can tell
 * @throws GatewayError conflict when none is free, or when it may be another user who has the target's own
 */
export async function bindSticky<T>(
  configDirectory: string,
  key: PortKey,
  bind: (port: number) => Promise<T | undefined>,
  isOthers: (port: number) => Promise<boolean | undefined>
): Promise<BoundSticky<T>> {
  const file = join(configDirectory, 'ports.json')
  const name = nameOf(key)
  return withLock(join(configDirectory, 'ports.lock'), async () => {
    const ports = portsFrom(file, await readPrivateFile(file, maxFileBytes))
    const own = ports.get(name)
    const atOwn = own === undefined ? undefined : await bind(own)
    if (atOwn !== undefined) return { bound: atOwn }
    const others = own === undefined ? false : await isOthers(own)
    if (others !== false) throw squatted(own!, key.target, others === true)
    const given = new Set(ports.values())
    for (const port of candidatesFor(name)) {
      if (given.has(port)) continue
      const bound = await bind(port)
      if (bound === undefined) continue
      // What is set to connect to the target's own port finds it there again next time.
      if (own !== undefined) return { bound, taken: own }
      await writePrivateFile(file, JSON.stringify(Object.fromEntries([...ports.set(name, port)].sort()), undefined, 2) + '\n')
      return { bound }
    }
    throw new GatewayError('conflict', `no free port was found for ${key.target}`, { hint: `name one: hoop connect ${key.target} --port PORT` })
  })
}

/** By target, of one gateway. @throws GatewayError config_invalid */
export async function rememberedPorts(configDirectory: string, gatewayUrl: string): Promise<Map<string, number>> {
  const file = join(configDirectory, 'ports.json')
  const ports = portsFrom(file, await readPrivateFile(file, maxFileBytes))
  const prefix = nameOf({ gatewayUrl, target: '' })
  return new Map([...ports].filter(([name]) => name.startsWith(prefix)).map(([name, port]) => [name.slice(prefix.length), port]))
}

/** An address holds no blank. */
function nameOf({ gatewayUrl, target }: PortKey): string {
  return `${gatewayUrl} ${target}`
}

function squatted(port: number, target: string, others: boolean): GatewayError {
  const who = others ? 'by another user of this machine' : 'and whose that is cannot be told here'
  return new GatewayError('conflict', `port ${port} on 127.0.0.1, which ${target} has otherwise, is in use ${who}: what is set to it would reach them`, {
    hint: `stop what listens there; or take another port, and set your tools to that: hoop connect ${target} --port PORT`
  })
}

export function portInUse(port: number, target: string): GatewayError {
  return new GatewayError('conflict', `port ${port} on 127.0.0.1 is in use, perhaps by another hoop connect ${target}`, {
    hint: `stop what uses it, or name another: hoop connect ${target} --port PORT`
  })
}

/** Pure. Starts at a port of the name's own, so that two machines and a lost file come to the same one. */
export function candidatesFor(name: string): number[] {
  const start = createHash('sha256').update(name).digest().readUInt32BE(0)
  return Array.from({ length: candidates }, (_, i) => firstPort + (start + i) % portCount)
}

/** Pure. @throws GatewayError config_invalid */
export function portsFrom(file: string, text: string | undefined): Map<string, number> {
  if (text === undefined) return new Map()
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    raw = undefined
  }
  const entries = typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? Object.entries(raw) : undefined
  if (entries?.every(([, port]) => Number.isInteger(port) && port > 0 && port < 65536) !== true) {
    throw new GatewayError('config_invalid', `${file} does not hold ports by target`, { hint: `remove it; ports are chosen anew: rm ${file}` })
  }
  return new Map(entries as [string, number][])
}
