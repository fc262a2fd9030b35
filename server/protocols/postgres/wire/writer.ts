// Builds one frame: type byte, length, fields. Pure.

/** Fields are appended in order; `frame` patches the length in. */
export class Writer {
  readonly #parts: Buffer[] = []

  byte(value: number): this { return this.#add(Buffer.of(value)) }

  int16(value: number): this {
    const part = Buffer.allocUnsafe(2)
    part.writeUInt16BE(value & 0xffff)
    return this.#add(part)
  }

  int32(value: number): this {
    const part = Buffer.allocUnsafe(4)
    part.writeInt32BE(value | 0)
    return this.#add(part)
  }

  cstring(text: string): this { return this.#add(Buffer.from(`${text}\0`, 'utf8')) }

  bytes(value: Uint8Array): this { return this.#add(Buffer.from(value)) }

  /** @param type one ASCII character; empty for startup frames, which have none */
  frame(type: string): Buffer {
    const length = this.#parts.reduce((sum, part) => sum + part.length, 4)
    const head = Buffer.allocUnsafe(type.length + 4)
    head.write(type, 0, 'latin1')
    head.writeInt32BE(length, type.length)
    return Buffer.concat([head, ...this.#parts])
  }

  #add(part: Buffer): this {
    this.#parts.push(part)
    return this
  }
}
