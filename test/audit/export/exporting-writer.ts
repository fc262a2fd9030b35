// A gateway's writing and exporting without a gateway, to be killed: appends statements and hands them to the sinks of a parent.
// Prints a line for each acknowledged statement. Arguments: DIRECTORY URL FILE
import { openAuditLog } from '../../../server/audit/log.ts'
import { openExports } from '../../../server/audit/export/exports.ts'
import { createSink } from '../../../server/audit/export/sinks/index.ts'
import { intent, outcome } from '../sample.ts'
import { origin } from '../logs-origin.ts'

const [directory, url, file] = process.argv.slice(2)
const heartbeat = () => ({ sessions: 0 })
const audit = await openAuditLog({ directory: directory!, origin, now: Date.now, heartbeat, segmentBytes: 200_000 })
const surroundings = { origin, version: '0.1.0', now: Date.now }
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
await openExports({
  directory: directory!,
  origin,
  audit,
  sinks: [
    {
      name: 'siem',
      from: 'beginning',
      sink: createSink({
        kind: 'ocsf',
        framing: 'array',
        url: () => Promise.resolve(url!),
        headers: () => Promise.resolve({}),
        ca: () => Promise.resolve(undefined),
        timeoutMilliseconds: 300
      }, surroundings)
    },
    { name: 'lines', from: 'beginning', sink: createSink({ kind: 'file', path: file! }, surroundings) }
  ],
  operator: quiet,
  now: Date.now,
  random: Math.random,
  // The real pauses are for people's networks; here a sink comes back within moments.
  pause: (milliseconds, signal) => new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds / 20)
    signal.addEventListener('abort', done)
  })
})

await Promise.all(Array.from({ length: 4 }, async (_, connection) => {
  for (let i = 0; ; i++) {
    const [index] = await audit.append([intent(`select ${i}`, connection)])
    audit.note(outcome(index!, connection))
    process.stdout.write('.\n')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}))
