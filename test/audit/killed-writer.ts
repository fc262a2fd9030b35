// A gateway's writing without a gateway, to be killed: many connections append statements and settle them. Prints `index token` on
// stdout for each entry once it was acknowledged. Arguments: DIRECTORY ROUND
import { writeSync } from 'node:fs'
import { openAuditLog } from '../../server/audit/log.ts'
import { intent, outcome } from './sample.ts'
import { origin } from './logs-origin.ts'

const [directory, round] = process.argv.slice(2)
const log = await openAuditLog({ directory: directory!, origin, now: Date.now, heartbeat: () => ({ sessions: 0 }), segmentBytes: 200_000 })

await Promise.all(Array.from({ length: 16 }, async (_, connection) => {
  for (let i = 0; ; i++) {
    const token = `${round}-${connection}-${i}`
    const [index] = await log.append([intent(token, connection)])
    // A pipe takes this at once: what the parent reads had been acknowledged before the kill.
    writeSync(1, `${index} ${token}\n`)
    log.note(outcome(index!, connection))
  }
}))
