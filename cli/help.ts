// What stands below a command's flags in its help: three examples that work, and where to read on. Pure.

/** As wide as every terminal is. */
const columns = 80

/**
 * For `command.addHelpText('after', ...)`. Each example is [what is typed, what it does]: beside each other where all of them fit, else
 * what it does stands below, so that what is typed is not broken where a terminal ends.
 */
export function helpTail(examples: readonly (readonly [string, string])[], seeAlso: readonly string[]): string {
  const width = Math.max(...examples.map(([typed]) => typed.length))
  const beside = examples.map(([typed, does]) => `  ${typed.padEnd(width)}  ${does}`)
  const lines = beside.every((line) => line.length <= columns) ? beside : examples.flatMap(([typed, does]) => [`  ${typed}`, `      ${does}`])
  return `\nExamples:\n${lines.join('\n')}\n\nSee also: ${seeAlso.join(', ')}`
}
