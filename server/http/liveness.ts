// Ends a WebSocket whose other side has silently gone. Pings; the proof of life is the pong.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

export interface LivenessLimits {
  readonly pingMilliseconds: number
  readonly missedPings: number
}

/**
 * A ping waits behind whatever was sent before it, and a pong behind whatever the other side sent. So silence proves nothing
 * while our own reading is paused, or while the other side may still be busy with bytes sent since it last answered: a client
 * that reads a large result slowly is alive. TCP itself ends those whose other side is gone, and the session's events socket,
 * where nothing piles up, ends them sooner.
 */
export function watchLiveness(socket: WebSocket, wire: Socket, { pingMilliseconds, missedPings }: LivenessLimits): void {
  let number = 0
  let answered = 0
  let missed = 0
  let sentAfterPing = wire.bytesWritten
  let busy = false
  const timer = setInterval(() => {
    if (wire.bytesWritten !== sentAfterPing) busy = true
    if (answered !== number && !busy && !socket.isPaused && ++missed >= missedPings) return socket.terminate()
    socket.ping(String(++number))
    sentAfterPing = wire.bytesWritten
  }, pingMilliseconds)
  timer.unref()
  socket.on('pong', (payload) => {
    missed = 0
    if (payload.toString() !== String(number)) return
    answered = number
    busy = false
  })
  socket.once('close', () => clearInterval(timer))
}

const answerMilliseconds = 2_000

/** Asks now, for when it matters: is there somebody at the other end who answers? */
export function answers(socket: WebSocket, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (answered: boolean) => {
      clearTimeout(timer)
      socket.off('pong', onPong).off('close', onClose)
      resolve(answered)
    }
    const onPong = (payload: Buffer) => { if (payload.toString() === token) done(true) }
    const onClose = () => done(false)
    const timer = setTimeout(() => done(false), answerMilliseconds)
    socket.on('pong', onPong).on('close', onClose)
    // 1 is OPEN.
    if (socket.readyState === 1) socket.ping(token)
    else done(false)
  })
}
