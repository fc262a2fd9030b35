// Writes the vectors of every way of lying into test/vectors/audit, and their table into its README: `npm run vectors`. The files are the
// same each time; what is not one of them goes.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { lies } from './index.ts'
import { tableMarks, tableOf, vectorOf } from './vector.ts'

const folder = join(import.meta.dirname, '..', '..', 'vectors', 'audit')
for (const found of await readdir(folder, { withFileTypes: true })) {
  if (found.isDirectory()) await rm(join(folder, found.name), { recursive: true })
}
for (const lie of lies) {
  for (const [path, bytes] of vectorOf(lie)) {
    await mkdir(dirname(join(folder, lie.name, path)), { recursive: true })
    await writeFile(join(folder, lie.name, path), bytes)
  }
}
const readme = join(folder, 'README.md')
const text = await readFile(readme, 'utf8')
const [begin, end] = tableMarks.map((mark) => text.indexOf(mark)) as [number, number]
await writeFile(readme, `${text.slice(0, begin)}${tableMarks[0]}\n\n${tableOf(lies)}\n\n${text.slice(end)}`)
console.log(`${lies.length} vectors`)
