import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { starter } from '../server/commands/init.ts'
import { ConfigError, loadConfig } from '../server/config.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'hoop-config-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const environment = () => ({ HOOP_ALICE_PASSWORD: 'a', HOOP_ROOT_PASSWORD: 'r', PROD_DB_PASSWORD: 's3cret' }) as NodeJS.ProcessEnv

function write(text: string): string {
  const file = join(folder, 'hoop.yaml')
  writeFileSync(file, text)
  return file
}

/** The starter's audit section with sinks in it. */
function withSink(text: string, sinks: string): string {
  const [, section] = /^(audit:\n(?: {2}.*\n)+)/m.exec(text)!
  return text.replace(section!, `audit: { directory: audit, export: [${sinks}] }\n`)
}

async function problems(text: string, env = environment()): Promise<string[]> {
  try {
    await loadConfig(write(text), { environment: env })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('a wrong configuration names the field and what would be right', () => {
  test.each<[string, (text: string) => string, RegExp]>([
    ['not YAML', () => 'listen: [', /is not YAML/],
    ['the same key twice', (text) => `${text}\nlog: info\nlog: warn\n`, /is not YAML.*unique/],
    ['an unknown section', (text) => `${text}\nplugins: []\n`, /^plugins: is not a field/],
    ['an unknown field of a target', (text) => text.replace('database: clinic', 'databse: clinic'), /^targets\.prod-db\.databse: is not a field/],
    ['a missing section', (text) => text.replace(/^state:.*$/m, ''), /^state: is missing/],
    ['a secret in the file itself', (text) => text.replace('env:PROD_DB_PASSWORD', 'hunter2'), /^targets\.prod-db\.credential\.password: a reference/],
    ['a variable that is not set', (text) => text.replace('env:PROD_DB_PASSWORD', 'env:NO_SUCH'), /NO_SUCH, which is not set/],
    ['an address without port', (text) => text.replace('127.0.0.1:5432', 'db.internal'), /^targets\.prod-db\.address: HOST:PORT/],
    ['an unknown tls mode', (text) => text.replace('tls: verify-full', 'tls: prefer'), /^targets\.prod-db\.tls: must be one of: disable, require, verify-ca, verify-full/],
    ['a client certificate without key', (text) => text.replace('tls: verify-full', 'tls: { mode: verify-full, cert: file:c.crt }'), /go together/],
    ['TLS to a Unix socket', (text) => text.replace('127.0.0.1:5432', '/run/postgresql/.s.PGSQL.5432'), /^targets\.prod-db\.tls: must be "disable"/],
    ['clear text beyond loopback', (text) => text.replace('127.0.0.1:8443', '0.0.0.0:8443'), /^listen\.tls: is missing/],
    ['both kinds of identity', (text) => text.replace('embedded:', 'issuer: https://idp.example.com\n  embedded:'), /^identity/],
    ['no target', (text) => text.replace(/^targets:[\s\S]*?(?=\n# The strictest)/m, 'targets: {}\n'), /^targets: is empty/],
    ['a target name that is no name', (text) => text.replace('prod-db:', 'Prod DB:'), /^targets\.Prod DB/],
    ['an effect that does not exist', (text) => text.replace('[read, session]', '[reed]'), /^policy\.0\.effects\.0: must be one of: read, write/],
    ['a webhook in clear text', (text) => `${text}\nreviews: { webhooks: [{ name: chat, url: 'http://chat.example/x' }] }\n`, /^reviews\.webhooks\.0\.url: must be https/],
    ['a webhook that is no URL', (text) => `${text}\nreviews: { webhooks: [{ name: chat, url: chat }] }\n`, /^reviews\.webhooks\.0\.url/],
    ['a webhook whose key stands in the file', (text) => `${text}\nreviews: { webhooks: [{ name: chat, url: 'https://chat.example', secret: hunter2 }] }\n`, /^reviews\.webhooks\.0\.secret: a reference/],
    ['a webhook\'s variable that is not set', (text) => `${text}\nreviews: { webhooks: [{ name: chat, url: 'env:NO_SUCH' }] }\n`, /NO_SUCH, which is not set/],
    ['two webhooks of one name', (text) => `${text}\nreviews: { webhooks: [{ name: chat, url: 'https://a.example' }, { name: chat, url: 'https://b.example' }] }\n`, /two webhooks have the same name/],
    ['a sink in clear text', (text) => withSink(text, '{ name: siem, kind: ocsf, url: \'http://siem.example/in\' }'), /^audit\.export\.0\.url: must be https/],
    ['a sink of no kind there is', (text) => withSink(text, '{ name: siem, kind: splunk }'), /^audit\.export\.0\.kind/],
    ['a sink with another kind\'s field', (text) => withSink(text, '{ name: a, kind: file, path: x, url: \'https://x.example\' }'), /^audit\.export\.0\.url: is not a field/],
    ['a sink whose token stands in the file', (text) => withSink(text, '{ name: a, kind: otlp, url: \'https://x.example\', bearer: hunter2 }'), /^audit\.export\.0\.bearer: a reference/],
    ['a sink\'s variable that is not set', (text) => withSink(text, '{ name: a, kind: otlp, url: \'https://x.example\', bearer: \'env:NO_SUCH\' }'), /NO_SUCH, which is not set/],
    ['a sink with two tokens', (text) => withSink(text, '{ name: a, kind: otlp, url: \'https://x.example\', bearer: \'file:x\', header: { name: AUTHORIZATION, secret: \'file:x\' } }'), /^audit\.export\.0\.header: is the header that "bearer" sets/],
    ['a header that is none', (text) => withSink(text, '{ name: a, kind: otlp, url: \'https://x.example\', header: { name: \'a b\', secret: \'file:x\' } }'), /^audit\.export\.0\.header\.name/],
    ['a webhook sink without a key', (text) => withSink(text, '{ name: a, kind: webhook, url: \'https://x.example\' }'), /^audit\.export\.0\.secret: is missing/],
    ['a syslog sink\'s certificate without key', (text) => withSink(text, '{ name: a, kind: syslog, address: \'x:6514\', tls: { cert: \'file:c\' } }'), /go together/],
    ['a sink\'s file in the log\'s own directory', (text) => withSink(text, '{ name: a, kind: file, path: ./audit/../audit/x.jsonl }'), /^audit\.export\.0\.path: lies in the audit log/],
    ['two sinks of one name', (text) => withSink(text, '{ name: a, kind: file, path: x }, { name: a, kind: file, path: y }'), /two sinks have the same name/],
    ['a strict sink that may not lag at all', (text) => withSink(text, '{ name: a, kind: file, path: x, strict: { entries: 0 } }'), /^audit\.export\.0\.strict/],
    ['a recipient without a key', (text) => text.replace('directory: audit\n', 'directory: audit\n  sealTo: [{ name: ines }]\n'), /^audit\.sealTo\.0\.key/],
    ['a recipient whose key is none', (text) => text.replace('directory: audit\n', 'directory: audit\n  sealTo: [{ name: ines, key: auditor.pub }]\n'), /^audit\.sealTo\.0\.key: an X25519 public key/],
    ['two recipients of one name', (text) => text.replace('directory: audit\n', 'directory: audit\n  sealTo: [{ name: a, key: file:a }, { name: a, key: file:b }]\n'), /^audit\.sealTo: two recipients have the same name/],
    ['a recording\'s key in the file', (text) => `${text}\nrecording: { directory: recordings, key: hunter2 }\n`, /^recording\.key: a reference/],
    ['recordings in the log\'s own directory', (text) => `${text}\nrecording: { directory: audit/recordings, key: 'file:x' }\n`, /^recording\.directory: lies in the audit log/],
    ['recordings without a directory', (text) => `${text}\nrecording: { key: 'file:x' }\n`, /^recording\.directory: is missing/],
    ['a command that is a string', (text) => `${text}\nreviews: { command: page oncall }\n`, /^reviews\.command/],
    ['an exemption for nobody', (text) => `${text}\nprotect: [{ name: PHI, columns: [t.c], except: { for: 1h } }]\n`, /^protect\.0\.except\.group: one group, or a list of them/],
    ['an exemption with a field of its own', (text) => `${text}\nprotect: [{ name: PHI, columns: [t.c], except: { group: g, reasons: required } }]\n`, /^protect\.0\.except\.reasons: is not a field/],
    ['an exemption with a reason given beforehand', (text) => `${text}\nprotect: [{ name: PHI, columns: [t.c], except: { group: g, reason: "INC-1" } }]\n`, /^protect\.0\.except\.reason: "required"|^protect\.0\.except\.reason: must be one of: required/],
    ['an exemption for a week', (text) => `${text}\nprotect: [{ name: PHI, columns: [t.c], except: { group: g, for: 168h } }]\n`, /^protect\.0\.except\.for: at most 24 h/],
    ['an exemption until a day that does not exist', (text) => `${text}\nprotect: [{ name: PHI, columns: [t.c], except: { group: g, until: 2027-02-30 } }]\n`, /^protect\.0\.except\.until: a date or a time/],
    ['two rules of one name that exempt', (text) => `${text}\nprotect: [{ name: PHI, columns: [t.c], except: { group: g } }, { name: PHI, columns: [t.d] }]\n`, /several rules of protect are named "PHI"/],
    ['two rules of one name', (text) => text.replace('no schema or privilege changes by hand', 'engineers may read'), /^policy.*engineers may read/]
  ])('%s', async (_, change, expected) => {
    const found = await problems(change(starter))
    expect(found.join('\n')).toMatch(expected)
    expect(found.join('\n')).not.toContain('hunter2')
  })

  test('a missing file points at hoop gateway init', async () => {
    await expect(loadConfig(join(folder, 'none.yaml'))).rejects.toThrow(/hoop gateway init/)
  })

  test('an alias bomb is refused', async () => {
    const layers = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`)
    expect((await problems(`a0: &a0 [x,x]\n${layers.join('\n')}\n`)).join()).toMatch(/aliases/)
  })

  test('the starter\'s own examples stand where taking their "#" away makes them count', async () => {
    const [, section] = /^(audit:\n[^]*?)^limits:/m.exec(starter)!
    const examples = section!.replace(/^( *)# (\w+: ?[\w{]|\w+:$|  - \{)/gm, '$1$2')
    const config = await loadConfig(write(starter.replace(section!, examples)), { environment: { ...environment(), SIEM_TOKEN: 't' } as NodeJS.ProcessEnv })
    expect(config.recording).toMatchObject({ keepDays: 90 })
    expect(config.audit).toMatchObject({ export: [{ name: 'siem' }, { name: 'logs' }], sealTo: [{ name: 'auditor' }], witnesses: [{ name: 'other-owner' }], retention: 6 * 366 })
  })

  test('several mistakes are told at once', async () => {
    const found = await problems(starter.replace('127.0.0.1:5432', 'nowhere').replace('tls: verify-full', 'tls: maybe'))
    expect(found).toHaveLength(2)
  })
})

describe('a right configuration', () => {
  test('the starter is one', async () => {
    expect(await problems(starter)).toEqual([])
  })

  test('webhooks and a command for reviews, with their defaults', async () => {
    const text = `${starter}\nreviews: { webhooks: [{ name: chat, url: 'env:CHAT_URL', secret: 'env:CHAT_KEY' }], command: [/usr/bin/page, oncall] }\n`
    const env = { ...environment(), CHAT_URL: 'https://chat.example/T0P', CHAT_KEY: 'k' } as NodeJS.ProcessEnv
    const { reviews } = await loadConfig(write(text), { environment: env })
    expect(reviews).toEqual({
      webhooks: [{ name: 'chat', url: 'env:CHAT_URL', secret: 'env:CHAT_KEY', format: 'full' }],
      command: ['/usr/bin/page', 'oncall'],
      limits: { pendingPerPrincipal: 100, pending: 5_000, heldMebibytes: 256 }
    })
    expect(env.CHAT_URL, 'taken out of the environment, which the command inherits').toBeUndefined()
    const local = `${starter}\nreviews: { webhooks: [{ name: chat, url: 'http://127.0.0.1:9/x' }, { name: six, url: 'http://[::1]:9/x' }] }\n`
    expect(await problems(local)).toEqual([])
  })

  test('sinks of the audit export, with their defaults', async () => {
    const sinks = [
      '{ name: siem, kind: ocsf, url: \'env:SIEM_URL\', bearer: \'env:SIEM_TOKEN\', strict: true }',
      '{ name: logs, kind: syslog, address: \'[::1]:6514\' }',
      '{ name: lines, kind: file, path: lines.jsonl, from: beginning, strict: { seconds: 60 } }',
      '{ name: otel, kind: otlp, url: \'http://127.0.0.1:4318/v1/logs\', strict: false }'
    ]
    const env = { ...environment(), SIEM_URL: 'https://siem.example', SIEM_TOKEN: 't' }
    const { audit } = await loadConfig(write(withSink(starter, sinks.join(', '))), { environment: env })
    expect(audit.export).toMatchObject([
      { name: 'siem', kind: 'ocsf', framing: 'array', from: 'end', strict: { entries: 10_000, seconds: 300 } },
      { name: 'logs', kind: 'syslog', maxMessageBytes: 8_192, tls: {} },
      { name: 'lines', kind: 'file', path: join(folder, 'lines.jsonl'), from: 'beginning', strict: { entries: 10_000, seconds: 60 } },
      { name: 'otel', kind: 'otlp' }
    ])
    expect(audit.export[3]!.strict).toBeUndefined()
    expect(env.SIEM_TOKEN).toBeUndefined()
  })

  test('variables named by references leave the environment and can still be read', async () => {
    const env = environment()
    const config = await loadConfig(write(starter), { environment: env })
    expect(env.PROD_DB_PASSWORD).toBeUndefined()
    expect(await config.secrets.read('env:PROD_DB_PASSWORD')).toBe('s3cret')
  })

  test('file and exec references are read when needed, without their last newline', async () => {
    const config = await loadConfig(write(starter), { environment: environment() })
    writeFileSync(join(folder, 'secret'), 'first\n')
    expect(await config.secrets.read('file:secret')).toBe('first')
    writeFileSync(join(folder, 'secret'), 'second\n')
    expect(await config.secrets.read('file:secret')).toBe('second')
    expect(await config.secrets.read('exec:printf third')).toBe('third')
    await expect(config.secrets.read('exec:echo visible; exit 3')).rejects.toThrow('the secret exec:echo visible; exit 3 cannot be read: it ended with 3')
    await expect(config.secrets.read('file:none')).rejects.toThrow(/ENOENT/)
  })
})
