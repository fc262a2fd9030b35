import { expect, test } from 'vitest'
import { helpTail } from '../../cli/help.ts'
import { sinceFrom } from '../../cli/since.ts'
import { tableLines, timeFrom } from '../../cli/table.ts'
import { oneUser } from '../../cli/user.ts'
import { fillUsage } from '../../cli/tunnel/usage.ts'
import type { UserSummary } from '../../shared/api.ts'

const now = Date.parse('2026-03-10T12:00:00Z')

test.each(['', 'yesterday', '2x', '-1h', '1.5h', '10', '2026', '2026-13-01', '9999999d'])('%j is no time', (typed) => {
  expect(() => sinceFrom(typed, now)).toThrow(expect.objectContaining({ code: 'usage' }))
})

test.each([
  ['30s', '2026-03-10T11:59:30.000Z'],
  ['2h', '2026-03-10T10:00:00.000Z'],
  ['7d', '2026-03-03T12:00:00.000Z'],
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T08:00:00+02:00', '2026-01-31T06:00:00.000Z']
])('%s is since %s', (typed, since) => {
  expect(sinceFrom(typed, now)).toBe(since)
})

test('a table has one line a row, whatever a cell holds, and its columns are aligned', () => {
  expect(tableLines(['NAME', 'TEXT'], [['a\nb', 'x'], ['名前', 'y\u001B[2K'], ['e\u0301', 'z']])).toEqual([
    'NAME        TEXT',
    'a<U+000A>b  x',
    '名前        y<U+001B>[2K',
    'e\u0301           z'
  ])
})

test('a table wider than the terminal is folded, each row alike and its columns still aligned', () => {
  const rows = [['1', 'alice@example.com', 'SELECT 1'], ['22', 'bob@example.com', 'SELECT name FROM patients']]
  expect(tableLines(['ID', 'WHO', 'STATEMENT'], rows, 30)).toEqual([
    'ID  WHO',
    '  STATEMENT',
    '1   alice@example.com',
    '  SELECT 1',
    '22  bob@example.com',
    '  SELECT name FROM patients'
  ])
  expect(tableLines(['ID', 'WHO', 'STATEMENT'], rows, 49)).toEqual(tableLines(['ID', 'WHO', 'STATEMENT'], rows, 48))
  expect(tableLines(['ID', 'WHO', 'STATEMENT'], rows, 48)).toEqual(tableLines(['ID', 'WHO', 'STATEMENT'], rows))
  expect(tableLines(['ID', 'WHO', 'STATEMENT'], rows, 47)).not.toEqual(tableLines(['ID', 'WHO', 'STATEMENT'], rows))
})

test('columns that are folded away are aligned among themselves, and one that has no room at all has a line', () => {
  expect(tableLines(['A', 'B', 'C', 'D'], [['aaaa', 'b', 'cccc', 'd'], ['a', 'bb', 'c', 'dd']], 6)).toEqual([
    'A',
    '  B',
    '  C',
    '  D',
    'aaaa',
    '  b',
    '  cccc',
    '  d',
    'a',
    '  bb',
    '  c',
    '  dd'
  ])
  expect(tableLines(['A', 'B', 'C', 'D'], [['aaaa', 'b', 'cccc', 'd'], ['a', 'bb', 'c', 'dd']], 10)).toEqual([
    'A     B',
    '  C     D',
    'aaaa  b',
    '  cccc  d',
    'a     bb',
    '  c     dd'
  ])
})

test('a time is shown as the log has it', () => {
  expect(timeFrom('2026-03-10T12:00:00.123Z')).toBe('2026-03-10 12:00:00')
})

test('an example that would not fit beside what it does stands above it, and so do the others', () => {
  const long = `hoop ${'a'.repeat(70)}`
  expect(helpTail([[long, 'one'], ['hoop b', 'two']], ['hoop c'])).toBe(`\nExamples:\n  ${long}\n      one\n  hoop b\n      two\n\nSee also: hoop c`)
})

test('examples are aligned', () => {
  expect(helpTail([['hoop a', 'one'], ['hoop abc', 'two']], ['hoop b'])).toBe('\nExamples:\n  hoop a    one\n  hoop abc  two\n\nSee also: hoop b')
})

const usage = {
  url: 'postgresql://hoop@{host}:{port}/clinic?sslmode=disable',
  command: 'psql "host={host} port={port}"',
  environment: { PGHOST: '{host}', PGPORT: '{port}', PGPASSWORD: '{password}', DATABASE_URL: 'postgresql://hoop@{host}:{port}/clinic' },
  forms: { pgpass: '{host}:{port}:clinic:hoop:{password}', jdbc: 'jdbc:postgresql://{host}:{port}/clinic' },
  offline: { probes: [], errors: { unauthenticated: '', gateway_unreachable: '', session_ended: '' } }
}

test('usage is filled in with host and port, and without a password nothing speaks of one', () => {
  expect(fillUsage(usage, { host: '127.0.0.1', port: 20001 })).toEqual({
    url: 'postgresql://hoop@127.0.0.1:20001/clinic?sslmode=disable',
    command: 'psql "host=127.0.0.1 port=20001"',
    environment: { PGHOST: '127.0.0.1', PGPORT: '20001', DATABASE_URL: 'postgresql://hoop@127.0.0.1:20001/clinic' },
    forms: { jdbc: 'jdbc:postgresql://127.0.0.1:20001/clinic' }
  })
  const { forms: _, ...older } = usage
  expect(fillUsage(older, { host: 'h', port: 1 }).forms).toEqual({})
})

test('a session password stands in URLs and where the target asks for it', () => {
  const filled = fillUsage(usage, { host: '127.0.0.1', port: 20001, password: 'p/w@1' })
  expect(filled.url).toBe('postgresql://hoop:p%2Fw%401@127.0.0.1:20001/clinic?sslmode=disable')
  expect(filled.environment).toMatchObject({ PGPASSWORD: 'p/w@1', DATABASE_URL: 'postgresql://hoop:p%2Fw%401@127.0.0.1:20001/clinic' })
  expect(fillUsage({ ...usage, url: 'mysql://{host}:{port}/a@b' }, { host: 'h', port: 1, password: 'x' }).url).toBe('mysql://:x@h:1/a@b')
})

test('a person is found by id, or by an address that only one has', async () => {
  const user = (id: string, email: string): UserSummary => ({ id, email, issuer: 'https://idp.example', subject: id, groups: [] })
  const users = async () => [user('1', 'ann@example.com'), user('2', 'bob@example.com'), user('3', 'bob@example.com')]
  expect(await oneUser({ users }, 'ann@example.com')).toMatchObject({ id: '1' })
  expect(await oneUser({ users }, '3')).toMatchObject({ id: '3' })
  await expect(oneUser({ users }, 'bob@example.com')).rejects.toMatchObject({ code: 'usage', hint: 'name one by id: 2, 3' })
  await expect(oneUser({ users }, 'cat@example.com')).rejects.toMatchObject({ code: 'not_found' })
})
