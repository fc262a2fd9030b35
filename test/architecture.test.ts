// Who may import whom, as data; the same rules as in ARCHITECTURE.md. Breaking one of them breaks the build.
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Part {
  /** Files this row speaks about; the first row that matches a file is its part. */
  readonly files: RegExp
  /** Files of the project it may import, besides its own part. */
  readonly may: readonly RegExp[]
  /** Computes and decides only: no I/O, clock, randomness or promise of its own. */
  readonly pure?: boolean
}

const shared = /^shared\//
const outbound = /^server\/outbound\//
const policy = /^server\/policy\//
const protocolTypes = /^server\/protocols\/protocol\.ts$/

const parts: Record<string, Part> = {
  shared: { files: shared, may: [] },
  'command line, composition root': { files: /^cli\/(main|commands|context)\.ts$/, may: [/^cli\//, shared] },
  'demo, which is a command': { files: /^cli\/(commands\/demo\.ts|demo\/)/, may: [/^cli\/(?!commands\/)/, shared] },
  commands: { files: /^cli\/commands\//, may: [/^cli\/(?!commands\/)/, shared] },
  'command line': { files: /^cli\//, may: [/^cli\/(?!commands\/)/, shared] },
  'gateway, composition root': { files: /^server\/main\.ts$/, may: [/^server\//, shared] },
  'gateway commands': { files: /^server\/commands\//, may: [/^server\/targets\//, policy, protocolTypes, shared] },
  configuration: { files: /^server\/(config|config-fields|config-export|config-recording|secrets)\.ts$/, may: [policy, shared] },
  'audit export, configured': { files: /^server\/exports\.ts$/, may: [/^server\/audit\/export\//, /^server\/(config|config-export|secrets)\.ts$/, shared] },
  'recordings, configured': { files: /^server\/recordings\.ts$/, may: [/^server\/recording\//, /^server\/(config|log)\.ts$/, shared] },
  recording: { files: /^server\/recording\//, may: [shared] },
  log: { files: /^server\/log\.ts$/, may: [] },
  'SQL, effects and redaction': { files: /^server\/sql\//, may: [shared], pure: true },
  masking: { files: /^server\/masking\//, may: [/^server\/sql\//, shared], pure: true },
  // What may be masked, and how, is named by the policy; the analysis itself knows nothing of it.
  policy: { files: policy, may: [/^server\/masking\/(postgres\/(finding|judge|values|vouch)|detect\/hits)\.ts$/, shared], pure: true },
  'PostgreSQL codec': { files: /^server\/protocols\/postgres\/wire\//, may: [shared], pure: true },
  PostgreSQL: { files: /^server\/protocols\/postgres\//, may: [protocolTypes, /^server\/(sql|masking)\//, /^server\/policy\/protect\.ts$/, /^server\/protocols\/postgres\/wire\//, shared] },
  'protocol contract': { files: protocolTypes, may: [/^server\/policy\/protect\.ts$/, shared] },
  'list of protocols': { files: /^server\/protocols\/index\.ts$/, may: [/^server\/protocols\//, shared] },
  session: {
    files: /^server\/session\//,
    may: [policy, /^server\/masking\/(budget|detect\/hits)\.ts$/, /^server\/(audit|targets|state|review|recording)\//, /^server\/identity\/identity\.ts$/, protocolTypes, shared]
  },
  targets: { files: /^server\/targets\//, may: [protocolTypes, /^server\/(config|secrets)\.ts$/, shared] },
  state: { files: /^server\/state\//, may: [shared] },
  identity: { files: /^server\/identity\//, may: [/^server\/state\//, shared] },
  outbound: { files: /^server\/outbound\//, may: [] },
  'audit export, forms': { files: /^server\/audit\/export\/forms\//, may: [/^server\/audit\/export\/contract\.ts$/, shared], pure: true },
  audit: { files: /^server\/audit\//, may: [outbound, /^server\/audit\/export\/forms\//, shared] },
  'reviews, judged': {
    files: /^server\/review\/(review|places|show|entries|payload)\.ts$/,
    may: [/^server\/state\/reviews\.ts$/, shared],
    pure: true
  },
  reviews: { files: /^server\/review\//, may: [/^server\/state\//, /^server\/review\//, outbound, shared] },
  http: { files: /^server\/http\//, may: [/^server\/(session|identity|targets|audit|review)\//, /^server\/log\.ts$/, shared] }
}

/** Words that mean I/O, a clock, randomness or the process; none stands in a pure part. */
const impure = /\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|process\.)|from 'node:(net|tls|http|https|fs|fs\/promises|child_process|timers)'/

const files = ['bin', 'cli', 'server', 'shared'].flatMap((folder) => sources(folder))
const text = new Map(files.map((file) => [file, stripComments(readFileSync(join(root, file), 'utf8'))]))
const imports = new Map(files.map((file) => [file, importsOf(file)]))

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') || file.endsWith('.tsx'))
    .map((file) => join(folder, file))
}

/** Comments may name what code may not; strings that look like comments are rare enough to be written another way. */
function stripComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

function importsOf(file: string): string[] {
  const found = text.get(file)!.matchAll(/(?:from|import\()\s*'([^']+)'|^import '([^']+)'/gm)
  return [...found].map((match) => match[1] ?? match[2]!)
}

function projectImports(file: string): string[] {
  return imports.get(file)!.filter((name) => name.startsWith('.')).map((name) => normalize(join(dirname(file), name)))
}

function partOf(file: string): [string, Part] {
  const found = Object.entries(parts).find(([, part]) => part.files.test(file))
  if (found === undefined) throw new Error(`${file} belongs to no part: give it a row in test/architecture.test.ts`)
  return found
}

function offenders(pattern: RegExp, allowed: RegExp): string[] {
  return files.filter((file) => !allowed.test(file) && pattern.test(text.get(file)!))
}

describe('architecture', () => {
  test('the scan sees the project', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(projectImports('server/session/registry.ts')).toContain('server/policy/access.ts')
  })

  test.each(files)('%s imports only what its part may', (file) => {
    const [name, part] = partOf(file)
    const forbidden = projectImports(file).filter((target) => partOf(target)[0] !== name && !part.may.some((may) => may.test(target)))
    expect(forbidden).toEqual([])
  })

  test('a command imports no other command', () => {
    const crossing = files.filter((file) => file.startsWith('cli/commands/')).flatMap((file) =>
      projectImports(file).filter((target) => target.startsWith('cli/commands/')).map((target) => `${file} -> ${target}`))
    expect(crossing).toEqual([])
  })

  test('pure parts have no I/O, clock or randomness', () => {
    const broken = files.filter((file) => partOf(file)[1].pure && impure.test(text.get(file)!))
    expect(broken).toEqual([])
  })

  test('shared/ uses nothing of Node but crypto, stream and buffer, and no clock', () => {
    const builtins = files.filter((file) => shared.test(file)).flatMap((file) => imports.get(file)!
      .filter((name) => name.startsWith('node:') || builtinModules.includes(name))
      .filter((name) => !/^node:(crypto|stream|buffer)$/.test(name)).map((name) => `${file}: ${name}`))
    expect(builtins).toEqual([])
    expect(files.filter((file) => shared.test(file) && /\b(Date\.now|Math\.random|process\.)/.test(text.get(file)!))).toEqual([])
  })

  test('the environment is read in the two config.ts only', () => {
    expect(offenders(/process\.env\b/, /^(cli|server)\/config\.ts$/)).toEqual([])
  })

  test('the process is ended by the mains only', () => {
    expect(offenders(/process\.exit\(/, /^(cli|server)\/main\.ts$/)).toEqual([])
  })

  test('the console is used by terminal.ts and log.ts only', () => {
    expect(offenders(/\bconsole\./, /^(cli\/terminal|server\/log)\.ts$/)).toEqual([])
  })

  test('nothing imports the gateway\'s main, and there are no cycles, types included', () => {
    expect(files.filter((file) => projectImports(file).includes('server/main.ts'))).toEqual([])
    // SQL is recursive: an expression holds queries, a query expressions, a view both. The analysis of it is cut along these nouns.
    const analysis = /^server\/masking\/postgres\//
    expect(cycles().filter((cycle) => !cycle.split(' -> ').every((file) => analysis.test(file)))).toEqual([])
  })

  test('a file over 300 lines says why in its first comment', () => {
    const long = files.filter((file) => {
      const source = readFileSync(join(root, file), 'utf8')
      return source.split('\n').length > 300 && !/long because|one table|one place/i.test(source.slice(0, 800))
    })
    expect(long).toEqual([])
  })
})

/** Each cycle once, as a path that ends where it began. */
function cycles(): string[] {
  const done = new Set<string>()
  const path: string[] = []
  const found: string[] = []
  const visit = (file: string) => {
    const at = path.indexOf(file)
    if (at >= 0) { found.push([...path.slice(at), file].join(' -> ')); return }
    if (done.has(file)) return
    path.push(file)
    for (const target of projectImports(file)) if (imports.has(target)) visit(target)
    path.pop()
    done.add(file)
  }
  files.forEach(visit)
  return found
}
