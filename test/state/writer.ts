// A process for the crash test: writes sessions until it is killed, and names each one only once it is durable.
import { writeSync } from 'node:fs'
import { openState } from '../../server/state/state.ts'

const state = await openState({ path: process.argv[2]! })
for (let n = 0; ; n++) {
  const id = String(n).padStart(26, '0')
  state.transaction(() => {
    state.sessions.insert({ id, principal: { issuer: 'i', subject: 's', groups: [], kind: 'human' }, target: 't', startedAt: n, firstEntry: n })
    state.users.loggedIn(id, { issuer: 'i', subject: `person-${n}`, groups: [], kind: 'human' }, n)
  })
  await state.synced()
  writeSync(1, `${id}\n`)
}
