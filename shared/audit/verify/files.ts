// How the verifier reaches a log's folder, wherever it lies. Types only.

/** A log's folder. Paths are relative to it and use "/". */
export interface LogFiles {
  /** undefined when absent */
  read(path: string): Promise<Uint8Array | undefined>
  /** Names in a folder, in any order; none when it is absent. */
  list(folder: string): Promise<readonly string[]>
  stream(path: string): AsyncIterable<Uint8Array>
}
