// The least a tunnel through WebSockets can do: two processes that move bytes between TCP and wss, with no login, policy or audit.
// What hoop costs above it is what hoop does. Started twice by paths.ts: `far PORT CERT KEY UPSTREAM_PORT` and `near PORT CA FAR_PORT`.
import { readFileSync } from 'node:fs'
import { createServer as createHttps } from 'node:https'
import { connect, createServer } from 'node:net'
import WebSocket, { createWebSocketStream, WebSocketServer } from 'ws'

const [role, port, ...rest] = process.argv.slice(2)

function join(socket: NodeJS.ReadWriteStream & { destroy(): void }, stream: NodeJS.ReadWriteStream & { destroy(): void }): void {
  const end = () => { socket.destroy(); stream.destroy() }
  socket.on('error', end).on('close', end).pipe(stream)
  stream.on('error', end).on('close', end).pipe(socket)
}

if (role === 'far') {
  const [cert, key, upstream] = rest
  const server = createHttps({ cert: readFileSync(cert!), key: readFileSync(key!) })
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (webSocket) => {
    join(connect({ host: '127.0.0.1', port: Number(upstream), noDelay: true }), createWebSocketStream(webSocket))
  })
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
} else {
  const [ca, far] = rest
  createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    const webSocket = new WebSocket(`wss://127.0.0.1:${far}`, { ca: readFileSync(ca!), perMessageDeflate: false })
    webSocket.once('error', () => socket.destroy()).once('open', () => {
      join(socket, createWebSocketStream(webSocket))
      socket.resume()
    })
  }).listen(Number(port), '127.0.0.1', () => console.log('ready'))
}
