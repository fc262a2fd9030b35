// What the tunnel costs beside a plain TCP pair and a bare WebSocket: `npx tsx test/bench/tunnel.ts`.
// One process answers, one asks; the paths take turns in shuffled order, and a figure is the median of the ratios to TCP of the same round.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import WebSocket, { WebSocketServer } from 'ws'
import { maxPayloadBytes, tunnelStream } from '../../shared/tunnel.ts'

const rounds = Number(process.argv[2] ?? 7)
const echoMilliseconds = 400
const bulkBytes = 64 * 1024 * 1024

/** First byte of a connection: 0 echoes it and what follows, n sends `bulkBytes` in chunks of n KiB. */
function answer(stream: Duplex): void {
  stream.on('error', () => stream.destroy())
  stream.once('data', (first: Buffer) => {
    if (first[0] === 0) {
      stream.write(first)
      stream.on('data', (chunk) => stream.write(chunk))
      return
    }
    const chunk = Buffer.alloc(first[0]! * 1024, 7)
    let left = bulkBytes
    const pour = () => {
      while (left > 0) {
        left -= chunk.length
        if (!stream.write(chunk)) return void stream.once('drain', pour)
      }
    }
    pour()
  })
}

/** A WebSocket without the tunnel: one frame a chunk, no limits; what `ws` itself costs. */
function bareAnswer(socket: WebSocket): void {
  let left = bulkBytes
  socket.once('message', (first: Buffer) => {
    if (first[0] === 0) {
      socket.send(first)
      socket.on('message', (data) => socket.send(data as Buffer))
      return
    }
    const chunk = Buffer.alloc(first[0]! * 1024, 7)
    const pour = () => {
      while (left > 0 && socket.bufferedAmount < 512 * 1024) {
        left -= chunk.length
        socket.send(chunk, pour)
      }
    }
    pour()
  })
}

async function serve(): Promise<void> {
  const tcp = createServer({ noDelay: true }, answer).listen(0, '127.0.0.1')
  const options = { port: 0, host: '127.0.0.1', perMessageDeflate: false, maxPayload: maxPayloadBytes }
  const tunnels = new WebSocketServer(options).on('connection', (socket) => answer(tunnelStream(socket)))
  const bare = new WebSocketServer(options).on('connection', bareAnswer)
  await Promise.all([tcp, tunnels, bare].map((server) => once(server, 'listening')))
  const cpu = () => Object.values(process.cpuUsage()).reduce((sum, part) => sum + part, 0)
  process.on('message', () => process.send!(cpu()))
  process.send!([tcp, tunnels, bare].map((server) => (server.address() as AddressInfo).port))
}

type Open = () => Promise<{ send(data: Buffer): void, onData(listener: (data: Buffer) => void): void, close(): void }>

function paths([tcp, tunnels, bare]: number[]): Record<string, Open> {
  const webSocket = async (port: number) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, maxPayload: maxPayloadBytes })
    await once(socket, 'open')
    return socket
  }
  const over = (stream: Duplex) => ({
    send: (data: Buffer) => void stream.write(data),
    onData: (listener: (data: Buffer) => void) => void stream.on('data', listener),
    close: () => void stream.destroy()
  })
  return {
    tcp: async () => {
      const socket: Socket = connect({ port: tcp!, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      return over(socket)
    },
    bare: async () => {
      const socket = await webSocket(bare!)
      return { send: (data) => socket.send(data), onData: (listener) => void socket.on('message', listener), close: () => socket.terminate() }
    },
    tunnel: async () => over(tunnelStream(await webSocket(tunnels!)))
  }
}

/** Echoes of 64 bytes a second. */
async function echoes(open: Open, clients: number): Promise<number> {
  const message = Buffer.alloc(64, 1)
  const links = await Promise.all(Array.from({ length: clients }, open))
  let done = 0
  let running = true
  const ready = links.map((link) => new Promise<void>((resolve) => {
    let answered = false
    link.onData(() => {
      if (!answered) {
        answered = true
        return resolve()
      }
      done++
      if (running) link.send(message)
    })
    link.send(Buffer.from([0]))
  }))
  await Promise.all(ready)
  const began = performance.now()
  links.forEach((link) => link.send(message))
  await new Promise((resolve) => setTimeout(resolve, echoMilliseconds))
  running = false
  const took = performance.now() - began
  links.forEach((link) => link.close())
  return done / took * 1000
}

/** Bytes a second from the answering side. */
async function bulk(open: Open, kibibytes: number): Promise<number> {
  const link = await open()
  const began = performance.now()
  await new Promise<void>((resolve) => {
    let left = bulkBytes
    link.onData((data) => {
      left -= data.length
      if (left <= 0) resolve()
    })
    link.send(Buffer.from([kibibytes]))
  })
  link.close()
  return bulkBytes / (performance.now() - began) * 1000
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, ['--serve'], { execArgv: process.execArgv })
  const [ports] = await once(child, 'message') as [number[]]
  const answererCpu = async () => {
    child.send('cpu')
    return (await once(child, 'message') as [number])[0]
  }
  const open = paths(ports)
  const cells: Record<string, (open: Open) => Promise<number>> = {
    'echo 1': (path) => echoes(path, 1),
    'echo 8': (path) => echoes(path, 8),
    'echo 32': (path) => echoes(path, 32),
    'bulk 8K': (path) => bulk(path, 8),
    'bulk 64K': (path) => bulk(path, 64)
  }
  const figures: Record<string, { rate: number, cpu: number }[]> = {}
  for (let round = -1; round < rounds; round++) {
    for (const [cell, run] of Object.entries(cells)) {
      for (const name of Object.keys(open).sort(() => Math.random() - 0.5)) {
        const [mine, theirs] = [process.cpuUsage(), await answererCpu()]
        const rate = await run(open[name]!)
        const { user, system } = process.cpuUsage(mine)
        if (round >= 0) (figures[`${cell} ${name}`] ??= []).push({ rate, cpu: user + system + await answererCpu() - theirs })
      }
    }
  }
  child.kill()
  for (const cell of Object.keys(cells)) {
    const unit = cell.startsWith('bulk') ? 'MB/s' : 'echoes/s'
    for (const name of Object.keys(open)) {
      const mine = figures[`${cell} ${name}`]!
      const ratio = median(mine.map(({ rate }, i) => rate / figures[`${cell} tcp`]![i]!.rate))
      const work = mine.map(({ rate }) => cell.startsWith('bulk') ? bulkBytes / 1e9 : rate * echoMilliseconds / 1000)
      const cpu = median(mine.map((figure, i) => figure.cpu / work[i]!))
      const rate = median(mine.map((figure) => figure.rate)) / (cell.startsWith('bulk') ? 1e6 : 1)
      const cost = cell.startsWith('bulk') ? `${(cpu / 1e6).toFixed(2)} CPU s/GB` : `${cpu.toFixed(1)} CPU us an echo`
      console.log(`${cell.padEnd(10)}${name.padEnd(8)}${rate.toFixed(0).padStart(8)} ${unit.padEnd(9)}  ${ratio.toFixed(2)} of TCP   ${cost}`)
    }
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

await (process.argv[2] === '--serve' ? serve() : measure())
