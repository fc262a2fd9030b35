// The whole script, in the order it runs on one connection.
import { copy, large } from './bulk.ts'
import { errors, notices } from './errors.ts'
import type { Chapter } from './exchange.ts'
import { protocol } from './protocol.ts'
import { cursors, notifications, rows, settings, transactions } from './statements.ts'
import { types } from './types.ts'

export const script: readonly Chapter[] = [
  types,
  errors,
  notices,
  rows,
  transactions,
  cursors,
  settings,
  notifications,
  protocol,
  copy,
  large
]
