// Transcripts with a real gateway: what people type, one after the other, and exactly what they are told.
//
//   $ alice: NAME=VALUE hoop words "quoted words"     as alice, with nobody at a terminal; 'quotes' of either kind
//   $ alice: hoop query prod-db <<< "SELECT 1"        with that on stdin
//   $ alice: hoop query ... & until "decide: hoop"    goes on meanwhile, once it has said that; nothing is compared yet
//   $ alice: wait                                     ... until it has ended: all that it said
//   $ alice: interrupt                                ... the same, after Ctrl-C
//   $ operator: hoop gateway check                    in the gateway's folder; $ stranger: somebody who has not logged in
//   $ browser: stranger enters the code as alice      what `hoop login --device` asks for
//   $ alice: write report.sql <<< "SELECT 1"          makes a file where she works
//   $ somebody: does what this world knows            such as copying the database's log; see who makes the world
//   2> a line of stderr                               other lines are stdout
//   exit CODE
//   ## a comment
//
// What differs from run to run has a name: {id1} is the first id that was shown, and the same one wherever {id1} stands, also where it is
// typed; {time}, {port} and the like are any such thing. The columns of a table with a duration or an age in it stand two blanks apart.
// Nothing else is left out.
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TestBrowser } from './browser.ts'
import { testUsers, type TestGateway, type TestUser } from './gateway.ts'
import type { TestPerson } from './person.ts'
import { until } from './until.ts'

export interface Step {
  readonly typed: string
  readonly expected: string
}

/** Whose folder it is run in, and what stands in its environment. */
interface Place {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

interface Running {
  stdout: string
  stderr: string
  readonly ended: Promise<string>
  readonly interrupt: () => void
}

export async function stepsOf(file: string): Promise<Step[]> {
  return (await readFile(file, 'utf8')).split(/^\$ /m).slice(1).map((part) => {
    const [typed, ...lines] = part.split('\n')
    return { typed: typed!, expected: lines.filter((line) => line !== '' && !line.startsWith('## ')).join('\n') }
  })
}

/** Writes what was told into the file, in the place of what had been expected; its comments and order stay. */
export async function rewrite(file: string, told: readonly string[]): Promise<void> {
  const [head, ...parts] = (await readFile(file, 'utf8')).split(/^\$ /m)
  const written = parts.map((part, i) => {
    const [typed, ...rest] = part.split('\n')
    // Those below what was told are about what comes next.
    const comments = rest.filter((line) => line.startsWith('## '))
    const said = told[i] ?? rest.filter((line) => line !== '' && !line.startsWith('## ')).join('\n')
    return [typed!, ...said === '' ? [] : [said], '', ...comments, ''].join('\n')
  })
  await writeFile(file, `${[head, ...written].join('$ ').trimEnd()}\n`)
}

export class Transcript {
  readonly #gateway: TestGateway
  readonly #users: readonly TestUser[]
  readonly #values: (readonly [string, string])[]
  readonly #acts: Readonly<Record<string, () => Promise<void>>>
  readonly #ids: string[] = []
  readonly #running = new Map<string, Running>()
  #stranger: TestPerson | undefined

  /**
   * @param values what stands as `{name}` in this world alone, such as the database's address
   * @param acts what somebody does who is not at a command line, by the words for it
   */
  constructor(
    gateway: TestGateway,
    users: readonly TestUser[] = testUsers,
    values: Readonly<Record<string, string>> = {},
    acts: Readonly<Record<string, () => Promise<void>>> = {}
  ) {
    this.#acts = acts
    this.#gateway = gateway
    this.#users = users
    this.#values = [...Object.entries(values), ['gateway', gateway.url], ['server', gateway.folder]]
  }

  /** @returns what was told, with names in the place of what differs */
  async run(typed: string): Promise<string> {
    const [, who, line] = /^(\w+): (.*)$/.exec(typed) ?? []
    if (who === undefined) throw new Error(`who types "${typed}"?`)
    if (who === 'browser') return this.#enterCode(line!)
    if (who === 'somebody') {
      await this.#acts[line!]!()
      return ''
    }
    if (line === 'wait' || line === 'interrupt') {
      const running = this.#running.get(who)!
      this.#running.delete(who)
      if (line === 'interrupt') running.interrupt()
      return this.#named(await running.ended, await this.#placeOf(who))
    }
    const place = await this.#placeOf(who)
    const [, command, awaited] = /^(.*?)(?: & until "(.*)")?$/.exec(line!)!
    const written = /^write (\S+) <<< (.*)$/.exec(command!)
    if (written !== null) {
      await writeFile(join(place.cwd, written[1]!), `${this.#unnamed(wordsFrom(written[2]!)[0]!, place)}\n`)
      return ''
    }
    const running = this.#start(this.#unnamed(command!, place), place)
    if (awaited === undefined) return this.#named(await running.ended, place)
    this.#running.set(who, running)
    await until(`"${command}" to say "${awaited}"`, () => `${running.stdout}${running.stderr}`.includes(awaited)).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${running.stdout}${running.stderr}`)
    })
    return ''
  }

  async end(): Promise<void> {
    for (const running of this.#running.values()) running.interrupt()
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
    await this.#stranger?.leave()
  }

  async #placeOf(who: string): Promise<Place> {
    const base = { PATH: process.env.PATH ?? '' }
    if (who === 'operator') return { cwd: this.#gateway.folder, env: { ...base, HOME: this.#gateway.folder, HOOP_KEYCHAIN: 'off', HOOP_CONFIG_DIR: this.#gateway.folder } }
    const person = who === 'stranger' ? this.#stranger ??= await this.#gateway.stranger() : await this.#gateway.person(who)
    return { cwd: person.configDirectory, env: { ...base, HOME: person.configDirectory, ...person.environment } }
  }

  #start(command: string, { cwd, env }: Place): Running {
    const [words, input] = splitInput(wordsFrom(command))
    const at = words.indexOf('hoop')
    const variables = Object.fromEntries(words.slice(0, at).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
    const child = spawn(process.execPath, [this.#gateway.hoop, ...words.slice(at + 1)], { cwd, env: { ...env, ...variables }, stdio: 'pipe' })
    child.stdin.on('error', () => undefined).end(input)
    const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const running: Running = {
      stdout: '',
      stderr: '',
      interrupt: () => child.kill('SIGINT'),
      ended: new Promise((resolve) => {
        child.once('close', (code, signal) => {
          clearTimeout(limit)
          resolve([...lines(running.stdout), ...lines(running.stderr).map((line) => `2> ${line}`), `exit ${code ?? signal}`].join('\n'))
        })
      })
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => { running.stdout += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { running.stderr += text })
    return running
  }

  async #enterCode(line: string): Promise<string> {
    const [, who, username] = /^(\w+) enters the code as (\w+)$/.exec(line)!
    const { stderr } = this.#running.get(who!)!
    const [, url] = /open (\S+) on any device/.exec(stderr)!
    const [, code] = /\b([A-Z0-9]{4}-[A-Z0-9]{4})\b/.exec(stderr)!
    await new TestBrowser(this.#gateway.authority?.ca).confirmDevice(url!, code!, this.#users.find((user) => user.username === username)!)
    return ''
  }

  #unnamed(text: string, { cwd }: Place): string {
    const known = [...this.#values, ['home', cwd] as const, ...this.#ids.map((id, i) => [`id${i + 1}`, id] as const)]
    return known.reduce((so, [name, value]) => so.replaceAll(`{${name}}`, value), text)
  }

  #named(text: string, { cwd }: Place): string {
    const values = [...this.#values, ...cwd === this.#gateway.folder ? [] : [['home', cwd] as const]]
    const placed = values.reduce((so, [name, value]) => so.replaceAll(value, `{${name}}`), text)
    const withIds = placed.replace(/\b(?=\w*\d)[0-9a-hjkmnp-tv-z]{26}\b/g, (id) => {
      if (!this.#ids.includes(id)) this.#ids.push(id)
      return `{id${this.#ids.indexOf(id) + 1}}`
    })
    const swaying = tableHead.test(withIds) && /\d ms\b|\d (s|min|h|d) ago\b|:\d\d left\b/.test(withIds)
    const steady = swaying ? withIds.replace(/(?<=\S) {2,}(?=\S)/g, '  ') : withIds
    return varying.reduce((so, [pattern, name]) => so.replace(pattern, name), steady)
  }
}

const tableHead = /^[A-Z]+(?: {2,}[A-Z][A-Z ()]*){3}/m

/** What differs, however it is reached; in this order. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/hoop_(st|at|rt)_[\w-]+/g, '{token}'],
  [/\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,}/g, '+{key}'],
  [/\+[0-9a-f]{8}\b/g, '+{key id}'],
  [/-[0-9a-f]{8}(?=\/\.s\.PGSQL)/g, '-{hash}'],
  [/(\.s\.PGSQL\.|PGPORT(?:":"|=))\d+/g, '$1{port}'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '{time}'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/g, '{time}'],
  [/\b\d\d:\d\d:\d\d(\.\d+)?\b/g, '{clock}'],
  [/"at":\d+/g, '"at":{n}'],
  [/\b[0-9a-f]{64}\b/g, '{sha256}'],
  [/\b(?!0{16})[0-9a-f]{16}\b/g, '{hash}'],
  [/\b[0-9a-f]{32}\b/g, '{hash}'],
  [/"\d{4}-\d\d-\d\d"/g, '"{day}"'],
  [/\b[A-Z0-9]{4}-[A-Z0-9]{4}\b/g, '{code}'],
  [/(?<![\w+/])[A-Za-z0-9+/]{43,}={0,2}(?![\w+/])/g, '{base64}'],
  [/127\.0\.0\.1:\d{4,5}/g, '127.0.0.1:{port}'],
  [/\b(port[ =":]+)\d{4,5}/gi, '$1{port}'],
  [/PostgreSQL \d+\.\d+( \([^)]*\))?/g, 'PostgreSQL {version}'],
  [/(\d+:)?\d{1,2}:\d\d left/g, '{clock} left'],
  [/\d+ (s|min|h|d) ago/g, '{while} ago'],
  [/"monotonic":( ?)"\d+"/g, '"monotonic":$1{n}'],
  [/"durationMilliseconds":[\d.]+/g, '"durationMilliseconds":{n}'],
  [/"sealed":\{"bytes":\d+/g, '"sealed":{"bytes":{n}'],
  [/\bin \d+ (min|h|days)\b/g, 'in {while}'],
  [/\b\d+(\.\d+)? ms\b/g, '{n} ms']
]

function wordsFrom(command: string): string[] {
  return [...command.matchAll(/((?:[A-Z_]+=)?)(?:"([^"]*)"|'([^']*)')|(\S+)/g)].map(([, name, double, single, plain]) => plain ?? `${name!}${double ?? single ?? ''}`)
}

function splitInput(words: readonly string[]): [string[], string] {
  const at = words.indexOf('<<<')
  return at < 0 ? [[...words], ''] : [words.slice(0, at), `${words[at + 1]!}\n`]
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n').filter((line) => line !== '')
}
