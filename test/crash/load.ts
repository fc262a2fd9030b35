// Everything at once that clients do, until the gateway is gone: each kind of work on a connection of its own, chosen by a seed.
import { paths, type ReviewDetail, type ReviewSummary } from '../../shared/api.ts'
import type { TestGateway } from '../support/gateway.ts'
import * as m from '../support/messages.ts'
import { WireClient } from '../support/wire.ts'
import { Random } from '../support/random.ts'

/** What `Load` works on. */
export const tables = `CREATE TABLE ledger (n bigint, what text); INSERT INTO ledger SELECT n, 'old' FROM generate_series(1, 500) n;
  CREATE TABLE reviewed (n bigint)`

/** Writes to `reviewed` wait for bob, schema changes are refused. */
export const policy = [
  { name: 'engineers work', who: { group: 'engineers' }, effects: ['read', 'write', 'session', 'unknown'], then: 'allow' },
  { name: 'some rows wait', who: { group: 'engineers' }, effects: ['write'], relations: 'reviewed', then: 'hold', approvers: { group: 'dba' }, timeout: '5m' }
]

export const users = [
  { username: 'alice', password: 'alice-password', email: 'alice@example.com', groups: ['engineers'] },
  { username: 'bob', password: 'bob-password', email: 'bob@example.com', groups: ['dba'] }
]

/** A client at its work. */
interface Desk {
  readonly client: WireClient
  readonly random: Random
  /** A number that no other statement has. */
  readonly next: () => number
  /** Another connection of the same session, on which nothing was sent. */
  readonly another: () => Promise<WireClient>
}

/** One piece of work; leaves the connection ready for the next. */
type Work = (desk: Desk) => Promise<unknown>

const works = {
  async simple({ client, random, next }) {
    const n = next()
    await client.ask(random.pick([
      `SELECT ${n}`,
      `INSERT INTO ledger VALUES (${n}, 'simple')`,
      `SELECT ${n}; UPDATE ledger SET what = 'new' WHERE n = ${n % 500}; SELECT 'behind ${n}'`,
      `SELECT ${n} / 0`,
      `SELEC ${n}`,
      `DROP TABLE ledger -- ${n}`
    ]))
  },

  async 'rolled back'({ client, random, next }) {
    await client.ask('BEGIN')
    await client.ask(`INSERT INTO ledger VALUES (${next()}, 'undone')`)
    if (random.chance(0.3)) await client.ask(`SELECT ${next()} / 0`)
    await client.ask('ROLLBACK')
  },

  async extended({ client, random, next }) {
    const rows = m.bind({ portal: 'p', statement: 's', parameters: [String(next())] })
    await client.exchange([m.parse('SELECT n, $1::bigint FROM ledger LIMIT 20', 's'), rows, m.execute('p', 3), m.sync()])
    for (let i = random.below(4); i >= 0; i--) {
      await client.exchange([m.bind({ statement: 's', parameters: [String(next())] }), m.describePortal(), m.execute(), m.sync()])
    }
    await client.exchange([m.closeStatement('s'), m.parse(`SELECT ${next()}`), m.sync()])
  },

  async pipeline({ client, random, next }) {
    const group = (failing: number) => Array.from({ length: 2 + random.below(4) }, (_, i) => {
      const text = i === failing ? `SELECT ${next()} / 0` : random.chance(0.5) ? `SELECT ${next()}` : `INSERT INTO ledger VALUES (${next()}, 'piped')`
      return [m.parse(text), m.bind(), m.execute(), ...(random.chance(0.2) ? [m.flush()] : [])]
    }).flat()
    await client.exchange([...group(random.below(12)), m.sync(), ...group(-1), m.sync()], 2)
  },

  async 'copy in'({ client, random, next }) {
    client.send(m.query(`COPY ledger FROM STDIN WITH (DELIMITER ',') -- ${next()}`))
    await client.until('GE')
    for (let i = 0; i < 20; i++) client.send(m.copyData(`${next()},copied\n`))
    await client.exchange([random.chance(0.2) ? m.copyFail('enough') : m.copyDone()])
  },

  'copy out': ({ client, next }) => client.ask(`COPY (SELECT n, ${next()} FROM generate_series(1, 2000) n) TO STDOUT`),

  async held({ client, random, next }) {
    const text = `INSERT INTO reviewed VALUES (${next()})`
    await (random.chance(0.5) ? client.ask(text) : client.exchange([m.parse(text), m.bind(), m.execute(), m.sync()]))
  },

  async cancelled({ client, next, another }) {
    client.send(m.query(`SELECT pg_sleep(0.3), ${next()}`))
    const key = client.frames.find(({ type }) => type === 'K')!.body
    const side = await another()
    side.sendRaw(m.cancelRequest(key.readInt32BE(0), key.subarray(4)))
    await side.closed
    await client.until('Z')
  },

  /** Goes away in the middle; the next piece of work has a connection of its own. */
  async leaving({ client, random, next }) {
    const write = `INSERT INTO ledger SELECT n, '${next()}' FROM generate_series(1, 100) n`
    client.send(m.query(`SELECT ${next()}`), m.query(write), m.query(`SELECT ${next()}`))
    await client.until('Z', 1 + random.below(2))
    client.destroy()
    await client.closed
  }
} satisfies Record<string, Work>

export type Kind = keyof typeof works
export const kinds = Object.keys(works) as Kind[]

export class Load {
  /** Pieces of work that were finished, of each kind. */
  readonly done = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>
  readonly #gateway: TestGateway
  readonly #random: Random
  #number: number
  #over = false
  #running: Promise<unknown> = Promise.resolve()

  /** @param first the first of the numbers that tell statements apart */
  constructor(gateway: TestGateway, random: Random, first: number) {
    this.#gateway = gateway
    this.#random = random
    this.#number = first
  }

  get number(): number { return this.#number }
  /** Pieces of work of all kinds. */
  get finished(): number { return Object.values(this.done).reduce((sum, count) => sum + count, 0) }

  /** Resolves when every kind of client is connected and at work. */
  async begin(): Promise<void> {
    const sessions = await Promise.all([0, 1].map(() => this.#gateway.openSession('alice', 'prod-db')))
    const clients = await Promise.all(kinds.map(async (kind, i) => {
      const session = sessions[i % 2]!.id
      return { kind, session, client: await this.#open(session) }
    }))
    const working = clients.map(({ kind, session, client }) => this.#work(kind, session, client, new Random(this.#random.below(2 ** 31))))
    this.#running = Promise.all([...working, this.#approve(new Random(this.#random.below(2 ** 31)))])
    this.#running.catch(() => undefined)
  }

  /** Kills the gateway, and resolves when all clients have noticed. @throws what went wrong before */
  async end(kill: () => Promise<void>): Promise<void> {
    // Whoever failed while the gateway lived has found a bug.
    await Promise.race([this.#running, Promise.resolve()])
    this.#over = true
    await kill()
    await this.#running
  }

  async #open(session: string): Promise<WireClient> {
    return WireClient.open(await this.#gateway.tunnel('alice', session), { user: 'x', database: 'clinic' })
  }

  async #work(kind: Kind, session: string, first: WireClient, random: Random): Promise<void> {
    const another = async () => new WireClient(await this.#gateway.tunnel('alice', session))
    for (let client = first; ;) {
      try {
        await works[kind]({ client, random, another, next: () => this.#number++ })
        this.done[kind]++
        if (kind === 'leaving') client = await this.#open(session)
      } catch (error) {
        if (!this.#over) throw new Error(`${kind} failed before the kill`, { cause: error })
        client.destroy()
        return
      }
    }
  }

  /** Bob approves most of what waits, and rejects some of it. */
  async #approve(random: Random): Promise<void> {
    const bob = this.#gateway
    try {
      for (;;) {
        const { body: pending } = await bob.get<ReviewSummary[]>('bob', `${paths.reviews}?state=pending`)
        for (const { id } of pending) {
          const { body: { binding } } = await bob.get<ReviewDetail>('bob', paths.review(id))
          if (random.chance(0.8)) await bob.post('bob', paths.approveReview(id), { binding })
          else await bob.post('bob', paths.rejectReview(id), { binding, reason: 'not now' })
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    } catch (error) {
      if (!this.#over) throw error
    }
  }
}
