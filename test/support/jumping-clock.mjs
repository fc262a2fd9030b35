// Loaded before a program (`node --import`): its wall clock is off by as many milliseconds as the file in HOOP_TEST_CLOCK says, from the
// start where the file is there, and anew on each SIGUSR2. The monotonic clock stays as it is.
import { existsSync, readFileSync } from 'node:fs'

const file = process.env.HOOP_TEST_CLOCK
const now = Date.now
const read = () => Number(readFileSync(file, 'utf8'))
let offset = existsSync(file) ? read() : 0
Date.now = () => now() + offset
process.on('SIGUSR2', () => { offset = read() })
