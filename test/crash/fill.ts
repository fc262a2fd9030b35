// Makes a gateway's log long: entries as it would have written them, by its own writer, while it stands still.
import { openAuditLog } from '../../server/audit/log.ts'
import { intent, outcome } from '../audit/sample.ts'
import type { TestGateway } from '../support/gateway.ts'

/** Stops the gateway, appends statements and their outcomes, and starts it again. */
export async function fill(gateway: TestGateway, entries: number): Promise<void> {
  await gateway.halt()
  const log = await openAuditLog({ directory: gateway.auditDirectory, origin: 'test.example/log', now: Date.now, heartbeat: () => ({ sessions: 0 }) })
  const intents = Array.from({ length: 500 }, () => intent())
  while (log.size < entries) {
    for (const index of await log.append(intents)) log.note(outcome(index))
  }
  await log.close()
  await gateway.resume()
}
