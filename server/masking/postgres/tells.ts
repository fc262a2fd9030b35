// What a mask tells of a value nevertheless, in words for people; the table of values.ts. Pure data.
import type { MaskName } from './values.ts'

export const tells: Readonly<Record<MaskName, string | undefined>> = {
  redact: undefined,
  null: undefined,
  last4: 'the last four characters, and whether there are eight at least',
  domain: 'the domain, and that it is an e-mail address',
  hash: 'which values are equal',
  fake: 'which values are equal, and their shape',
  year: 'the year, and so order and equality by it',
  zip3: 'the first three digits, and so equality by them',
  age90: 'the age up to 89, and so order and equality'
}
