import { describe, expect, test } from 'vitest'
import { printedAs } from '../../../cli/tunnel/printed.ts'
import { fillUsage } from '../../../cli/tunnel/usage.ts'
import { usage } from '../../../server/protocols/postgres/usage.ts'

function opened(password?: string, database = 'app:1') {
  const place = { host: '127.0.0.1', port: 6543, ...(password === undefined ? {} : { password }) }
  const target = { name: 'prod-db', protocol: 'postgres', address: 'db:5432', database, tls: 'verify-full', labels: {} } as const
  return { ...place, target, session: 's1', usage: fillUsage(usage(target), place) }
}

describe('an open port, for the configuration of a client', () => {
  test('a password file needs a password', () => {
    expect(() => printedAs('pgpass', opened())).toThrow(/this session has no password/)
  })

  test('a form the protocol does not have is said to be none', () => {
    const other = { ...opened('x'), target: { name: 'box', protocol: 'ssh' }, usage: { url: 'ssh://x', command: 'ssh', environment: {}, forms: {} } }
    expect(() => printedAs('jdbc', other)).toThrow(/an? port of a ssh target has no form "jdbc"/)
    expect(() => printedAs('pgpass', other)).toThrow(/no form "pgpass"/)
  })

  test('a line of the password file, its separators behind a backslash', () => {
    expect(printedAs('pgpass', opened('s3cret'))).toBe('127.0.0.1:6543:app\\:1:hoop:s3cret')
  })

  test('no other form but url and env holds the password', () => {
    for (const form of ['jdbc', 'service'] as const) expect(printedAs(form, opened('s3cret'))).not.toContain('s3cret')
    expect(printedAs('url', opened('s3cret'))).toBe('postgresql://hoop:s3cret@127.0.0.1:6543/app%3A1?sslmode=disable')
  })

  test('jdbc and a service', () => {
    expect(printedAs('jdbc', opened())).toBe('jdbc:postgresql://127.0.0.1:6543/app%3A1?user=hoop&sslmode=disable')
    expect(printedAs('service', opened())).toBe('[prod-db]\nhost=127.0.0.1\nport=6543\ndbname=app:1\nuser=hoop\nsslmode=disable')
  })

  test('variables, quoted where a shell would cut or expand them', () => {
    const lines = printedAs('env', opened(undefined, 'it\'s $HOME')).split('\n')
    expect(lines).toContain('PGHOST=127.0.0.1')
    expect(lines).toContain('PGDATABASE=\'it\'\\\'\'s $HOME\'')
    expect(lines.some((line) => line.startsWith('PGPASSWORD'))).toBe(false)
  })

  test('json has all of it', () => {
    expect(JSON.parse(printedAs('json', opened()))).toMatchObject({ target: 'prod-db', session: 's1', port: 6543, environment: { PGUSER: 'hoop' } })
  })
})
