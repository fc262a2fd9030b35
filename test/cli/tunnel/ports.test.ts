import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bindSticky, candidatesFor, portsFrom } from '../../../cli/tunnel/ports.ts'

let folder: string
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'hoop-ports-')) })
afterEach(() => rm(folder, { recursive: true, force: true }))

const key = { gatewayUrl: 'https://gw.example', target: 'prod-db' }
const free = async (port: number) => port

test('a target has the same port each time', async () => {
  const first = await bindSticky(folder, key, free)
  expect(first).toBe(candidatesFor('https://gw.example prod-db')[0])
  expect(await bindSticky(folder, key, free)).toBe(first)
})

test('the first time, ports in use are passed over', async () => {
  const [first, second, third] = candidatesFor('https://gw.example prod-db')
  const bound = await bindSticky(folder, key, async (port) => port === first || port === second ? undefined : port)
  expect(bound).toBe(third)
  expect(await bindSticky(folder, key, free)).toBe(third)
})

test('later, a port in use is an error that names --port, never another port', async () => {
  const port = await bindSticky(folder, key, free)
  const asked: number[] = []
  await expect(bindSticky(folder, key, async (wanted) => { asked.push(wanted); return undefined })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(String(port)) as string,
    hint: expect.stringContaining('--port') as string
  })
  expect(asked).toEqual([port])
})

test('two targets that would begin at the same port get two, even while the first is not open', async () => {
  const [first, second] = candidatesFor('https://gw.example prod-db')
  await writeFile(join(folder, 'ports.json'), JSON.stringify({ 'https://gw.example other': first }), { mode: 0o600 })
  expect(await bindSticky(folder, key, free)).toBe(second)
})

test('the same target of two gateways has two ports', async () => {
  const ports = await Promise.all(['https://a.example', 'https://b.example'].map((gatewayUrl) => bindSticky(folder, { ...key, gatewayUrl }, free)))
  expect(new Set(ports).size).toBe(2)
})

test('processes that start at the same moment lose no port', async () => {
  const targets = Array.from({ length: 8 }, (_, i) => `target-${i}`)
  const ports = await Promise.all(targets.map((target) => bindSticky(folder, { ...key, target }, free)))
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
