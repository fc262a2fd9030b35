import { expect, test } from 'vitest'
import { progressText } from '../../../cli/audit/progress.ts'

test.each([
  [0, 0, '0 entries'],
  [5000, Infinity, '5,000 entries'],
  // A log that grows while it is read.
  [101, 100, '101 entries'],
  [0, 1_200_000, '0%, 0 of 1,200,000 entries'],
  [599_999, 1_200_000, '49%, 599,999 of 1,200,000 entries'],
  [1_200_000, 1_200_000, '100%, 1,200,000 of 1,200,000 entries']
])('%d of %d', (read, total, text) => {
  expect(progressText(read, total)).toBe(text)
})
