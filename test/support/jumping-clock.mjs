// Loaded before a program (`node --import`): on SIGUSR2 its wall clock moves by as many milliseconds as the file in HOOP_TEST_CLOCK says.
// The monotonic clock stays as it is.
import { readFileSync } from 'node:fs'

const now = Date.now
let offset = 0
Date.now = () => now() + offset
process.on('SIGUSR2', () => { offset = Number(readFileSync(process.env.HOOP_TEST_CLOCK, 'utf8')) })
