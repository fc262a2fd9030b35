// A real rsyslog with TLS as an ordinary process of the test's: what it receives stands in a file, one JSON object a line.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from './certificates.ts'
import { freePort } from './ports.ts'
import { until } from './until.ts'

export interface SyslogMessage {
  readonly severity: string
  readonly facility: string
  readonly host: string
  readonly app: string
  readonly pid: string
  readonly id: string
  /** As sent. */
  readonly data: string
  readonly message: string
}

const program = '/usr/sbin/rsyslogd'

/** Undefined where rsyslog or its OpenSSL driver is not installed. */
export function rsyslogVersion(): string | undefined {
  const { stdout, status } = spawnSync(program, ['-v'], { encoding: 'utf8' })
  const driver = readdirSync('/usr/lib').some((folder) => existsSync(join('/usr/lib', folder, 'rsyslog/lmnsd_ossl.so')))
  return status === 0 && driver ? /rsyslogd\s+(\S+)/.exec(stdout)?.[1] : undefined
}

export class SyslogServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hoop-rsyslog-'))
  readonly #config = join(this.#folder, 'rsyslog.conf')
  readonly #file = join(this.#folder, 'messages')
  #process: ChildProcess | undefined

  private constructor(readonly port: number) {}

  static async start(certificate: Certificate, caFile: string): Promise<SyslogServer> {
    const server = new SyslogServer(await freePort())
    writeFileSync(server.#file, '')
    writeFileSync(server.#config, configuration(server.#folder, server.#file, server.port, certificate, caFile))
    await server.run()
    return server
  }

  async run(): Promise<void> {
    const child = spawn(program, ['-n', '-f', this.#config, '-i', join(this.#folder, 'pid')], { stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
    this.#process = child
    await until('rsyslog to listen', () => {
      if (child.exitCode !== null) throw new Error(`rsyslog ended: ${errors}`)
      return answers(this.port)
    })
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  get messages(): SyslogMessage[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n')
    return lines.slice(0, -1).map((line) => JSON.parse(line) as SyslogMessage)
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Control characters are taken as they come; one write a message, so that a kill loses none it has written. */
function configuration(folder: string, file: string, port: number, { certFile, keyFile }: Certificate, caFile: string): string {
  const property = (name: string, as: string) => `property(outname="${as}" name="${name}" format="jsonf")`
  return `global(workDirectory="${folder}" maxMessageSize="64k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="${caFile}" defaultNetstreamDriverCertFile="${certFile}" defaultNetstreamDriverKeyFile="${keyFile}"
  parser.escapeControlCharactersOnReceive="off")
main_queue(queue.type="Direct")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="line" type="list") {
  constant(value="{")
  ${['syslogseverity-text:severity', 'syslogfacility-text:facility', 'hostname:host', 'app-name:app', 'procid:pid', 'msgid:id', 'structured-data:data', 'msg:message']
    .map((pair) => property(pair.split(':')[0]!, pair.split(':')[1]!)).join('\n  constant(value=",")\n  ')}
  constant(value="}\\n")
}
ruleset(name="keep") { action(type="omfile" file="${file}" template="line" flushOnTXEnd="on" asyncWriting="off") }
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="keep")
`
}
