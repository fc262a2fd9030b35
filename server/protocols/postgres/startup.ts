// The client's half of the greeting: what it asks for, and whether it may have it. Speaks with the client only.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { GatewayError, ProtocolViolation } from '../../../shared/errors.ts'
import type { Target } from '../../../shared/model.ts'
import { namesOthersTemporary, settingKind } from '../../sql/postgres/settings.ts'
import { FrameReader } from './frame-reader.ts'
import { answer } from './wire/backend.ts'
import { decodeStartup, type StartupPacket } from './wire/frontend.ts'
import { Reader } from './wire/reader.ts'

const maxStartupBytes = 10_000
const maxPasswordBytes = 16 * 1024
/** The newest minor version of protocol 3 spoken here. */
const newestMinor = 2

/** What a client's StartupMessage comes down to. */
export interface Greeting {
  readonly type: 'startup'
  readonly user: string
  readonly database: string
  /** Minor version the client asks for. */
  readonly askedMinor: number
  /** The one to ask the server for: at most the newest known here. */
  readonly minor: number
  /** Protocol options the client asked for and will be told are not known. */
  readonly options: readonly string[]
  /** Settings for the server: everything but user, database and application name. */
  readonly settings: ReadonlyMap<string, string>
  readonly applicationName: string | undefined
}

export type Opening = Greeting | Extract<StartupPacket, { type: 'CancelRequest' }>

/**
 * Reads up to and including the client's StartupMessage or CancelRequest; requests for encryption are declined, since the
 * way here is the person's own machine and the tunnel.
 * @throws ProtocolViolation | GatewayError; the caller tells the client
 */
export async function readOpening(client: Duplex, reader: FrameReader, target: Target): Promise<Opening> {
  const declined = new Set<string>()
  for (;;) {
    const packet = decodeStartup(await reader.next())
    if (packet.type === 'CancelRequest') return packet
    if (packet.type === 'StartupMessage') {
      reader.expect({ maxBodyBytes: maxPasswordBytes })
      return greetingFrom(packet, target)
    }
    if (declined.has(packet.type)) throw new ProtocolViolation(packet.type, 'sent twice')
    declined.add(packet.type)
    reader.requireEmpty(packet.type)
    client.write('N')
  }
}

export function startupReader(client: Duplex): FrameReader {
  return new FrameReader(client, { startup: true, maxBodyBytes: maxStartupBytes }, 'the client')
}

/** Pure. @throws GatewayError denied | bad_request naming the parameter */
export function greetingFrom(packet: Extract<StartupPacket, { type: 'StartupMessage' }>, target: Target): Greeting {
  if (packet.major !== 3) {
    throw new ProtocolViolation('StartupMessage', `protocol ${packet.major}.${packet.minor}, where 3.0 to 3.${newestMinor} are spoken`)
  }
  const settings = new Map<string, string>()
  const options: string[] = []
  let user: string | undefined
  let database: string | undefined
  let applicationName: string | undefined
  for (const [name, value] of packet.parameters) {
    if (name === 'user') user = value
    else if (name === 'database') database = value
    else if (name === 'application_name') applicationName = value
    else if (name === 'replication') refuseReplication(value)
    else if (name === 'options') for (const [option, given] of commandLineOptions(value)) addSetting(settings, option, given)
    else if (name.startsWith('_pq_.')) options.push(name)
    else addSetting(settings, name, value)
  }
  if (user === undefined || user === '') throw new GatewayError('unauthenticated', 'no PostgreSQL user name specified in startup packet')
  const asked = database === undefined || database === '' ? user : database
  return {
    type: 'startup',
    user,
    database: databaseFor(asked, user, target),
    askedMinor: packet.minor,
    minor: Math.min(packet.minor, newestMinor),
    options,
    settings,
    applicationName
  }
}

/**
 * A target may serve one database. Tools left unconfigured ask for one named like the user, or like the target;
 * both mean "the one there is". Any other name is a mistake the person should hear of.
 */
function databaseFor(asked: string, user: string, target: Target): string {
  if (target.database === undefined || asked === target.database) return asked
  if (asked === user || asked === target.name) return target.database
  throw new GatewayError('target_refused', `target "${target.name}" serves the database "${target.database}", not "${asked}"`, {
    hint: `connect to the database "${target.database}"`
  })
}

function refuseReplication(value: string): void {
  if (/^(false|off|no|0)$/i.test(value)) return
  throw new GatewayError('denied', 'replication connections are not passed on: what they carry cannot be judged statement by statement')
}

function addSetting(settings: Map<string, string>, name: string, value: string): void {
  const kind = settingKind(name)
  if (kind === 'pinned') {
    if (pinnedValueAccepted(name.toLowerCase(), value)) return
    throw new GatewayError('denied', `the setting "${name}" is fixed by the gateway, which reads statements as UTF-8 with standard strings`, {
      hint: name.toLowerCase() === 'client_encoding' ? 'ask for UTF8: PGCLIENTENCODING=UTF8' : `leave "${name}" out of the connection's settings`
    })
  }
  if (kind !== 'session' || namesOthersTemporary(name, value)) {
    throw new GatewayError('denied', `the setting "${name}" cannot be given when connecting`, { hint: `leave "${name}" out of the connection's settings` })
  }
  settings.set(name, value)
}

/** What the gateway sets anyway. SQL_ASCII is what psql asks for in the C locale; from a UTF-8 database it means the same bytes. */
function pinnedValueAccepted(name: string, value: string): boolean {
  const plain = value.replace(/^'(.*)'$/, '$1').toLowerCase().replace(/[^a-z0-9]/g, '')
  if (name === 'client_encoding') return plain === 'utf8' || plain === 'unicode' || plain === 'sqlascii'
  if (name === 'standard_conforming_strings') return plain === 'on' || plain === 'true' || plain === '1' || plain === 'yes'
  return false
}

/**
 * `-c name=value` and `--name=value` of the startup parameter `options`; nothing else a server's command line would take.
 * A backslash keeps the next character, a space separates.
 * @see PostgreSQL docs, Message Flow, Start-up
 */
export function commandLineOptions(text: string): [string, string][] {
  const words: string[] = []
  let word: string | undefined
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === '\\' && i + 1 < text.length) word = (word ?? '') + text[++i]!
    else if (/\s/.test(character)) { if (word !== undefined) words.push(word); word = undefined } else word = (word ?? '') + character
  }
  if (word !== undefined) words.push(word)
  const found: [string, string][] = []
  for (let i = 0; i < words.length; i++) {
    const current = words[i]!
    const assignment = current === '-c' ? words[++i] : current.startsWith('-c') ? current.slice(2) : current.startsWith('--') ? current.slice(2) : undefined
    const equals = assignment?.indexOf('=') ?? -1
    if (assignment === undefined || equals < 1) {
      throw new GatewayError('denied', `the connection option "${current}" is not passed on; only -c NAME=VALUE is`)
    }
    found.push([assignment.slice(0, equals).replaceAll('-', '_'), assignment.slice(equals + 1)])
  }
  return found
}

/** Asks for the session's own password, where the local port cannot tell who connects. @throws GatewayError unauthenticated */
export async function askPassword(client: Duplex, reader: FrameReader, password: string): Promise<void> {
  client.write(answer.authenticationCleartextPassword())
  const frame = await reader.next()
  if (frame.type !== 'p') throw new ProtocolViolation('message', `type ${JSON.stringify(frame.type)} where a password was asked for`)
  const given = new Reader(frame.body, 'PasswordMessage').cstringBytes()
  const digest = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest()
  if (!timingSafeEqual(digest(given), digest(password))) {
    throw new GatewayError('unauthenticated', 'the password is not the one of this session', { hint: 'use the URL that hoop connect printed' })
  }
}
