// Where in a statement an error is, as psql shows it: the line, and a mark below. Pure.
import { safeLine } from '../../shared/text.ts'
import { cellsOf } from '../table.ts'

/** Of a long line, so much before the place and behind it. */
const aroundCharacters = 40

/**
 * @param position characters from 1 on, as the server counts them ("P" of an ErrorResponse)
 * @returns two lines; none where the place is not in the text
 */
export function placeLines(text: string, position: number): string[] {
  const characters = [...text]
  if (!(position >= 1 && position <= characters.length + 1)) return []
  const before = characters.slice(0, position - 1).join('').split('\n')
  const line = text.split('\n')[before.length - 1]!.replace(/\r$/, '')
  const [head, tail] = [[...before.at(-1)!], [...line].slice([...before.at(-1)!].length)]
  const shownHead = `${head.length > aroundCharacters ? '...' : ''}${printed(head.slice(-aroundCharacters))}`
  const shownTail = `${printed(tail.slice(0, aroundCharacters))}${tail.length > aroundCharacters ? '...' : ''}`
  const name = `LINE ${before.length}: `
  return [`${name}${shownHead}${shownTail}`, `${' '.repeat(name.length + cellsOf(shownHead))}^`]
}

function printed(characters: readonly string[]): string {
  return safeLine(characters.join('').replaceAll('\t', ' '))
}
