// Options that are whole numbers.
import { InvalidArgumentError } from 'commander'

/** @returns reads one from `least` to `most`. @throws InvalidArgumentError that begins with `what` */
export function wholeNumber(least: number, most: number, what = 'a number'): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text) && text.length <= String(most).length && Number(text) >= least && Number(text) <= most) return Number(text)
    throw new InvalidArgumentError(`${what} from ${least} to ${most}.`)
  }
}
