// Run by keychain.test.ts inside a session bus: uses the token store as a command would and prints what it found, as one JSON line.
// Arguments: the folder, the patience in milliseconds, and `keep` to leave the login where it is.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openTokenStore } from '../../../cli/login/tokens.ts'

const [folder, patience, keep] = process.argv.slice(2)
const gateway = 'https://hoop.example'
const directory = join(folder!, 'config')
const started = performance.now()
const said: string[] = []
const open = () => openTokenStore({ directory, keychain: 'auto', say: (line) => said.push(line), patienceMilliseconds: Number(patience) })

const store = await open()
const first = await store.load(gateway)
await store.save(gateway, {
  accessToken: 'secret-access',
  refreshToken: 'r'.repeat(3000),
  expiresAt: 1_900_000_000_000,
  principal: { issuer: 'https://idp.example', subject: 'alice', groups: [], kind: 'human' }
})
const fileAfterSave = existsSync(join(directory, 'tokens.json'))
const { where } = store
const second = await (await open()).load(gateway)
let afterRemoval: unknown
if (keep === undefined) {
  await store.remove(gateway)
  afterRemoval = await (await open()).load(gateway)
}
console.log(JSON.stringify({ where, first, second, afterRemoval, fileAfterSave, said, milliseconds: performance.now() - started }))
