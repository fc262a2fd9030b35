// What real clients sent, as recordings keep it (test/masking/clients/*.sql): read from there, and said again to a server.
//
//   -- what was recorded                        the head, for people
//   --- connection {"TimeZone":"UTC"}           another connection, with its startup parameters
//   --> allow .M : P B DP E S ["3"] {...}       verdict : messages, values of parameters, options
//   SELECT id, ssn FROM patients WHERE id = $1  the text, up to the next such line
//
// Messages by their letters (PostgreSQL docs, Message Formats), a name behind a colon, a portal behind a slash, a row limit behind #:
// Q, P:name, B:name/portal, DP:portal, DS:name, E/portal#rows, CP:portal, CS:name, S, H, d, c. A text that has several statements has
// their verdicts joined by ` ; `. `{relation clinic.patients}` and `{type clinic.sex}` stand for object ids.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as frontend from '../../support/messages.ts'

/** A parameter: text, NULL, bytes in hexadecimal, or an object id sent as a binary integer of so many bytes. */
type Parameter = string | null | { readonly hex: string } | { readonly id: string, readonly bytes: number }

interface Options {
  /** Of parameters, by object id, as Parse had them. */
  readonly types?: readonly number[]
  /** Formats of results. */
  readonly results?: readonly number[]
  /** What CopyData carried, one for each `d`. */
  readonly copy?: readonly string[]
  /** SQLSTATE of the error the client got. */
  readonly fails?: string
  /** Its bytes differ between any two runs, for this reason. */
  readonly varies?: string
}

export interface Recorded extends Options {
  readonly verdict: string
  readonly text: string
  readonly messages: readonly string[]
  readonly parameters: readonly Parameter[]
}

export interface RecordedConnection {
  readonly startup: Readonly<Record<string, string>>
  readonly statements: readonly Recorded[]
}

export interface Recording {
  readonly client: string
  readonly connections: readonly RecordedConnection[]
}

export const recordings = join(import.meta.dirname, '../clients')

/** Every recording, by the client's name. @throws Error naming the line that is none */
export function readRecordings(): Recording[] {
  return readdirSync(recordings).filter((file) => file.endsWith('.sql')).sort()
    .map((file) => ({ client: file.slice(0, -4), connections: connectionsIn(readFileSync(join(recordings, file), 'utf8')) }))
}

const marker = /\n(?=--> |--- connection)/
const headline = /^--> ([^:]+) : ([^[{\n]*[^[{\n ])(?: (\[.*\]))?(?: (\{.*\}))?$/

export function connectionsIn(text: string): RecordedConnection[] {
  const connections: { startup: Record<string, string>, statements: Recorded[] }[] = []
  // The file ends with one newline more than its last statement.
  for (const part of text.replace(/\n$/, '').split(marker).slice(1)) {
    if (part.startsWith('--- connection')) {
      connections.push({ startup: JSON.parse(part.slice('--- connection'.length).trim() || '{}') as Record<string, string>, statements: [] })
      continue
    }
    const end = part.indexOf('\n')
    const [, verdict, messages, parameters = '[]', options = '{}'] = headline.exec(part.slice(0, end)) ?? []
    if (verdict === undefined || messages === undefined) throw new Error(`not the head of a statement: ${part.slice(0, end)}`)
    connections.at(-1)!.statements.push({
      verdict,
      text: part.slice(end + 1),
      messages: messages.split(' '),
      parameters: JSON.parse(parameters) as Parameter[],
      ...JSON.parse(options) as Options
    })
  }
  return connections
}

/** Whether it touches nothing protected, so that its bytes are the server's own. */
export function passes({ verdict }: Recorded): boolean {
  return verdict.split(' ; ').every((one) => one === 'nothing' || /^allow [.-]*$/.test(one))
}

/** Whether it waits for people: it writes or compares protected values, runs code that is not known, or names what is not there. */
export function holds({ verdict }: Recorded): boolean {
  return verdict.split(' ; ').some((one) => /^(?:hold|deny) /.test(one))
}

/** Object ids by what recordings call them. */
export type Named = (what: string) => number

const reference = /\{((?:relation|type) [^}]+)\}/g

/** A text as it was sent. */
export function spoken(text: string, named: Named): string {
  return text.replace(reference, (_, what: string) => String(named(what)))
}

/** Messages a client sends before it waits, and the types of messages it waits for; none where it goes on at once. */
export interface Write { readonly send: readonly Buffer[], readonly until: string | undefined }

/** @returns the messages in the order they were sent */
export function writesOf(recorded: Recorded, named: Named): Write[] {
  const put = (text: string) => spoken(text, named)
  const values = recorded.parameters.map((value) => {
    if (value === null) return null
    if (typeof value === 'string') return put(value)
    if ('hex' in value) return Buffer.from(value.hex, 'hex')
    const bytes = Buffer.alloc(value.bytes)
    bytes.writeUInt32BE(Number(put(value.id)), value.bytes - 4)
    return bytes
  })
  const copied = [...recorded.copy ?? []]
  const messages = recorded.messages.map((word) => {
    const [, letters, name = '', portal = '', rows = '0'] = /^([A-Za-z]+)(?::([^/#]*))?(?:\/([^#]*))?(?:#(\d+))?$/.exec(word)!
    return message(letters!, { name, portal, rows: Number(rows) })
  })
  return splitAtWaits(messages, recorded.messages)

  function message(letters: string, { name, portal, rows }: { name: string, portal: string, rows: number }): Buffer {
    switch (letters) {
      case 'Q': return frontend.query(put(recorded.text))
      case 'P': return frontend.parse(put(recorded.text), name, recorded.types ?? [])
      case 'B': return frontend.bind({
        portal,
        statement: name,
        parameters: values,
        formats: recorded.parameters.map((value) => typeof value === 'object' && value !== null ? 1 : 0),
        results: recorded.results ?? []
      })
      case 'DP': return frontend.describePortal(name)
      case 'DS': return frontend.describeStatement(name)
      case 'E': return frontend.execute(portal, rows)
      case 'CP': return frontend.closePortal(name)
      case 'CS': return frontend.closeStatement(name)
      case 'S': return frontend.sync()
      case 'H': return frontend.flush()
      case 'd': return frontend.copyData(copied.shift() ?? '')
      case 'c': return frontend.copyDone()
      default: throw new Error(`no such message in recordings: ${letters}`)
    }
  }
}

/** What a client waits for behind a message, and how it ends; what no such message follows goes out with the next statement. */
function waitFor(words: readonly string[], at: number): string | undefined {
  const word = words[at]!
  if (word === 'Q') return words[at + 1] === 'd' ? 'GE' : 'Z'
  if (word === 'S' || word === 'c') return 'Z'
  if (word !== 'H') return undefined
  return words[at - 1]!.startsWith('E') ? 'CsE' : 'TnE'
}

function splitAtWaits(messages: readonly Buffer[], words: readonly string[]): Write[] {
  const writes: Write[] = []
  let send: Buffer[] = []
  for (const [at, bytes] of messages.entries()) {
    send.push(bytes)
    const until = waitFor(words, at)
    if (until === undefined) continue
    writes.push({ send, until })
    send = []
  }
  return send.length === 0 ? writes : [...writes, { send, until: undefined }]
}
