// A certificate authority of the tests' own, made with the openssl command: for TLS to PostgreSQL and to the gateway.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of two PEM files, and their text. */
export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export class TestAuthority {
  readonly #folder: string
  readonly #ca: Certificate
  #issued = 0

  /** @param folder where the files go; it and they are the caller's to remove */
  constructor(folder: string, commonName = 'hoop test authority') {
    this.#folder = folder
    this.#openssl('req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${commonName}`, '-keyout', 'ca.key', '-out', 'ca.crt')
    this.#ca = this.#read('ca')
  }

  /** The authority's own certificate, PEM. */
  get ca(): string { return this.#ca.cert }
  get caFile(): string { return this.#ca.certFile }

  /** @param names subjectAltName in openssl's form, e.g. `DNS:localhost,IP:127.0.0.1`; none for a client's certificate */
  issue(commonName: string, names?: string): Certificate {
    const name = `issued-${++this.#issued}`
    this.#openssl('req', '-new', ...newKey, '-subj', `/CN=${commonName}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    writeFileSync(join(this.#folder, `${name}.ext`), names === undefined ? '' : `subjectAltName=${names}\n`)
    this.#openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.crt`)
    return this.#read(name)
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' })
  }

  #read(name: string): Certificate {
    const [certFile, keyFile] = [join(this.#folder, `${name}.crt`), join(this.#folder, `${name}.key`)]
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
