// What a verification found, collected as it goes on. Pure.

export interface Problem {
  /** Index of the entry. */
  readonly entry?: number
  /** Path below the log's folder. */
  readonly file?: string
  readonly message: string
}

const maxProblems = 100

export class Findings {
  readonly problems: Problem[] = []
  readonly notes: string[] = []
  /** Set once entries had to be left unread: sizes and roots can no longer be compared. */
  unread = false

  problem(problem: Problem): void {
    if (this.problems.length < maxProblems) this.problems.push(problem)
    if (this.problems.length === maxProblems) this.problems.push({ message: 'there are more problems than are listed' })
  }

  note(text: string): void {
    this.notes.push(text)
  }
}
