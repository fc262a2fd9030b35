// The protocols there are. Adding one: its folder, and its line here.
import { postgres } from './postgres/index.ts'
import type { Protocol } from './protocol.ts'

export function protocols(): readonly Protocol[] {
  return [postgres()]
}
