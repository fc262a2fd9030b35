// Every way of lying there is a vector for, in the order of the table.
import { entryLies } from './entries.ts'
import { fileLies } from './files.ts'
import { removalLies } from './removals.ts'
import { signatureLies } from './signatures.ts'

export const lies = [...entryLies, ...fileLies, ...signatureLies, ...removalLies]
