// Words of a command line that people copy. Pure.

/** In quotes where a shell would cut, expand or drop it; readers of .env files take it, too. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`
}
