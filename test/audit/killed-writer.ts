// A gateway's writing without a gateway, to be killed: many connections append statements and settle them. Adds `index token` to a file
// for each entry once it was acknowledged, and prints a line so that the parent can count. Arguments: DIRECTORY FILE ROUND
import { openSync, writeSync } from 'node:fs'
import { openAuditLog } from '../../server/audit/log.ts'
import { intent, outcome } from './sample.ts'
import { origin } from './logs-origin.ts'

const [directory, file, round] = process.argv.slice(2)
const acknowledged = openSync(file!, 'a')
const log = await openAuditLog({ directory: directory!, origin, now: Date.now, heartbeat: () => ({ sessions: 0 }), segmentBytes: 200_000 })

await Promise.all(Array.from({ length: 16 }, async (_, connection) => {
  for (let i = 0; ; i++) {
    const token = `${round}-${connection}-${i}`
    const [index] = await log.append([intent(token, connection)])
    // Not on a pipe, which may be full: what the kernel has of a file outlives the process.
    writeSync(acknowledged, `${index} ${token}\n`)
    process.stdout.write('.\n')
    log.note(outcome(index!, connection))
  }
}))
