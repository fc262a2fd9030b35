// What stands below a command's flags in its help: three examples that work, and where to read on. Pure.

/** For `command.addHelpText('after', ...)`. Each example is [what is typed, what it does]. */
export function helpTail(examples: readonly (readonly [string, string])[], seeAlso: readonly string[]): string {
  const width = Math.max(...examples.map(([typed]) => typed.length))
  const lines = examples.map(([typed, does]) => `  ${typed.padEnd(width)}  ${does}`)
  return `\nExamples:\n${lines.join('\n')}\n\nSee also: ${seeAlso.join(', ')}`
}
