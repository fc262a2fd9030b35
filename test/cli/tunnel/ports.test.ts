import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bindSticky, candidatesFor, portsFrom, rememberedPorts, type PortKey } from '../../../cli/tunnel/ports.ts'

let folder: string
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'hoop-ports-')) })
afterEach(() => rm(folder, { recursive: true, force: true }))

const key = { gatewayUrl: 'https://gw.example', target: 'prod-db' }
const free = async (port: number) => port
type Bind = (port: number) => Promise<number | undefined>
const sticky = (folder: string, key: PortKey, bind: Bind) => bindSticky(folder, key, bind, async () => false)
const portOf = async (...args: Parameters<typeof sticky>) => (await sticky(...args)).bound

test('a target has the same port each time', async () => {
  const first = await portOf(folder, key, free)
  expect(first).toBe(candidatesFor('https://gw.example prod-db')[0])
  expect(await portOf(folder, key, free)).toBe(first)
})

test('the first time, ports in use are passed over', async () => {
  const [first, second, third] = candidatesFor('https://gw.example prod-db')
  const bound = await portOf(folder, key, async (port) => port === first || port === second ? undefined : port)
  expect(bound).toBe(third)
  expect(await portOf(folder, key, free)).toBe(third)
})

test('later, a port in use is told, another one taken for once, and its own one kept', async () => {
  const { bound: own } = await sticky(folder, key, free)
  const { bound, taken } = await sticky(folder, key, async (port) => port === own ? undefined : port)
  expect({ bound, taken }).toEqual({ bound: candidatesFor('https://gw.example prod-db')[1], taken: own })
  expect(await sticky(folder, key, free)).toEqual({ bound: own })
})

test.each([
  ['another user has', true, 'is in use by another user of this machine: what is set to it would reach them'],
  ['somebody has, nobody knows who,', undefined, 'is in use and whose that is cannot be told here']
])('a port of its own that %s is not passed over', async (_, others, message) => {
  const own = await portOf(folder, key, free)
  const bound = bindSticky(folder, key, async (port) => port === own ? undefined : port, async () => others)
  await expect(bound).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(message) as string, hint: expect.stringContaining('--port PORT') as string })
})

test('the port taken instead is never one of another target', async () => {
  const { bound: own } = await sticky(folder, key, free)
  const second = candidatesFor('https://gw.example prod-db')[1]!
  await writeFile(join(folder, 'ports.json'), JSON.stringify({ 'https://gw.example prod-db': own, 'https://gw.example other': second }), { mode: 0o600 })
  expect((await sticky(folder, key, async (port) => port === own ? undefined : port)).bound).not.toBe(second)
})

test('where no port is free, the error names --port', async () => {
  await sticky(folder, key, free)
  await expect(sticky(folder, key, async () => undefined)).rejects.toMatchObject({ code: 'conflict', hint: expect.stringContaining('--port') as string })
})

test('what is remembered is told by target, of the one gateway', async () => {
  const { bound } = await sticky(folder, key, free)
  await sticky(folder, { gatewayUrl: 'https://gw.example.org', target: 'prod-db' }, free)
  expect(await rememberedPorts(folder, 'https://gw.example')).toEqual(new Map([['prod-db', bound]]))
  expect(await rememberedPorts(folder, 'https://other.example')).toEqual(new Map())
})

test('two targets that would begin at the same port get two, even while the first is not open', async () => {
  const [first, second] = candidatesFor('https://gw.example prod-db')
  await writeFile(join(folder, 'ports.json'), JSON.stringify({ 'https://gw.example other': first }), { mode: 0o600 })
  expect(await portOf(folder, key, free)).toBe(second)
})

test('the same target of two gateways has two ports', async () => {
  const ports = await Promise.all(['https://a.example', 'https://b.example'].map((gatewayUrl) => portOf(folder, { ...key, gatewayUrl }, free)))
  expect(new Set(ports).size).toBe(2)
})

test('processes that start at the same moment lose no port', async () => {
  const targets = Array.from({ length: 8 }, (_, i) => `target-${i}`)
  const ports = await Promise.all(targets.map((target) => portOf(folder, { ...key, target }, free)))
  const remembered = portsFrom('ports.json', await readFile(join(folder, 'ports.json'), 'utf8'))
  expect(targets.map((target) => remembered.get(`https://gw.example ${target}`))).toEqual(ports)
})

test.each(['', '[]', 'null', '{"a":0}', '{"a":65536}', '{"a":1.5}', '{"a":"22"}'])('a ports file that holds %j is refused and named', (text) => {
  expect(() => portsFrom('ports.json', text)).toThrow(expect.objectContaining({ code: 'config_invalid', hint: expect.stringContaining('rm ports.json') as string }))
})

test('first ports lie below those a system hands out by itself', () => {
  const ports = Array.from({ length: 200 }, (_, i) => candidatesFor(`name ${i}`)).flat()
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000)
  expect(Math.max(...ports)).toBeLessThan(30_000)
})
