// Several statements on several connections, one after the other, through the gateway's own protocol to two servers whose databases
// differ in protected values alone; and whether any byte that comes back shows which of them it was.
import pg from 'pg'
import { defaultFlows, strictFlows } from '../../server/masking/postgres/judge.ts'
import type { Protection } from '../../server/policy/protect.ts'
import { postgres } from '../../server/protocols/postgres/index.ts'
import { protectedComment, protectedPatterns, rows, schemaWithoutUpper } from '../masking/postgres/schema.ts'
import { byExposure, ProtocolHarness } from '../protocols/harness.ts'
import { copyData, copyDone, sync } from '../support/messages.ts'
import type { StatementOperation } from '../../shared/model.ts'
import { TestPostgres, type TestPostgresOptions } from '../support/postgres.ts'
import { serverLine, type TestFrame } from '../support/trace.ts'
import { WireClient } from '../support/wire.ts'

/** alice on two connections of one session, bob on one of his own. */
export type Who = 'alice' | 'alice again' | 'bob'

export interface Step {
  readonly on: Who
  /** For people: its SQL, and how it is sent. */
  readonly text: string
  /** They end so that one ReadyForQuery answers them. */
  readonly messages: readonly Uint8Array[]
  /** Rows for COPY FROM STDIN, sent if the server asks for them. */
  readonly data?: string
}

export type Sequence = readonly Step[]
export type PolicyName = 'strict' | 'default'

export interface Shown {
  /** One line a message. */
  readonly lines: readonly string[]
  readonly released: boolean
  /** Kinds of flows that were allowed, with the columns, as the audit entry has them. */
  readonly flags: readonly string[]
  readonly masked: boolean
  /** It does more than read, or keeps something under a name. */
  readonly acts: boolean
}

/** Both twins' answers to each step. */
export type Run = readonly (readonly [Shown, Shown])[]

/**
 * Besides the shared schema: what is checked at the end of a transaction, what an index that could not be built leaves behind, and
 * columns that are computed or left out and still compared. The trigger's time is made the same for everybody.
 */
const more = `
CREATE OR REPLACE FUNCTION clinic.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created := '2026-02-02'; RETURN NEW; END $$;
CREATE TABLE clinic.badges (id integer PRIMARY KEY, holder text, code text UNIQUE DEFERRABLE INITIALLY DEFERRED,
  patient_ssn clinic.ssn REFERENCES clinic.patients (ssn) DEFERRABLE INITIALLY DEFERRED);
COMMENT ON COLUMN clinic.badges.code IS 'PHI';
INSERT INTO clinic.badges SELECT id, 'h' || id, 'c' || CASE 'TWIN' WHEN 'a' THEN id ELSE id + 4 END FROM generate_series(1, 6) id;
CREATE TABLE clinic.logins (id integer PRIMARY KEY, mail text, low text GENERATED ALWAYS AS (lower(mail)) STORED UNIQUE, pin text UNIQUE DEFAULT 'none');
COMMENT ON COLUMN clinic.logins.mail IS 'PHI';
COMMENT ON COLUMN clinic.logins.pin IS 'PHI';
INSERT INTO clinic.logins (id, mail, pin) SELECT id, 'U' || CASE 'TWIN' WHEN 'a' THEN id ELSE id + 4 END || '@x.io', CASE WHEN id = 3 AND 'TWIN' = 'a' THEN 'none' ELSE 'p' || id END
  FROM generate_series(1, 6) id;
CREATE TABLE clinic.slots (id integer PRIMARY KEY, name text, during int4range, EXCLUDE USING gist (during WITH &&) DEFERRABLE INITIALLY DEFERRED);
COMMENT ON COLUMN clinic.slots.during IS 'PHI';
INSERT INTO clinic.slots VALUES (1, 's1', CASE 'TWIN' WHEN 'a' THEN int4range(10, 20) ELSE int4range(40, 55) END), (2, 's2', int4range(100, 110));
CREATE VIEW clinic.v_moves AS SELECT set_config('search_path', 'clinic', false) AS path;
`

export class SequenceTwins {
  /** Whether the databases may differ in more than protected values. */
  #spoilt = true
  #age = 0

  private constructor(
    readonly servers: readonly [TestPostgres, TestPostgres],
    readonly major: number,
    private readonly admins: readonly [pg.Client, pg.Client],
    private readonly doors: Readonly<Record<PolicyName, readonly [Doors, Doors]>>
  ) {}

  static async start(options: TestPostgresOptions = {}): Promise<SequenceTwins> {
    const servers = await Promise.all((['a', 'b'] as const).map(async (twin) => {
      const server = await TestPostgres.start({
        logStatements: false,
        // What waits for another of the connections waits in vain: they speak one after the other.
        settings: { search_path: 'clinic, reporting, public', lock_timeout: '150ms', statement_timeout: '5s', jit: 'off', max_parallel_workers_per_gather: '0' },
        hba: 'local all all trust\nhost all all 127.0.0.1/32 trust',
        ...options
      })
      await server.query('CREATE DATABASE mould')
      await server.query(schemaWithoutUpper + rows(twin) + more.replaceAll('TWIN', twin), { database: 'mould' })
      // Not in a transaction: it fails, since two notes are alike, and leaves an index behind that is not valid.
      if (twin === 'a') await server.query('UPDATE clinic.notes SET body = (SELECT body FROM clinic.notes WHERE id = 1) WHERE id = 2', { database: 'mould' })
      const built = await server.query('CREATE UNIQUE INDEX CONCURRENTLY notes_unique ON clinic.notes (body)', { database: 'mould' }).then(() => true, () => false)
      if (built) await server.query('UPDATE pg_index SET indisvalid = false WHERE indexrelid = \'clinic.notes_unique\'::regclass', { database: 'mould' })
      return server
    })) as [TestPostgres, TestPostgres]
    const admins = await Promise.all(servers.map(async (server) => {
      const client = new pg.Client({ host: server.socketDirectory, port: server.port, user: server.superuser, database: 'postgres' })
      await client.connect()
      return client
    })) as [pg.Client, pg.Client]
    const both = (flows: Protection['flows']) => Promise.all(servers.map((server) => Doors.open(server, flows))) as Promise<[Doors, Doors]>
    const doors = { strict: await both(strictFlows), default: await both(defaultFlows) }
    return new SequenceTwins(servers, servers[0].programs.major, admins, doors)
  }

  async stop(): Promise<void> {
    for (const doors of Object.values(this.doors).flat()) await doors.close()
    for (const admin of this.admins) await admin.end().catch(() => undefined)
    for (const server of this.servers) await server.stop()
  }

  /**
   * Both twins, through the gateway. What differs in protected values alone still does after a sequence that told nothing, so the
   * next one goes on from there.
   * @param anew from databases nobody has used
   */
  async run(sequence: Sequence, policy: PolicyName, anew = false): Promise<Run> {
    if (anew || this.#spoilt || this.#age >= maxAge) await this.#renew()
    const run = await this.#both(sequence, (twin) => this.doors[policy][twin])
    this.#age++
    this.#spoilt = run.some(([a, b]) => a.lines.join() !== b.lines.join() || a.flags.length > 0)
    return run
  }

  /** As if there were no gateway. */
  async direct(sequence: Sequence): Promise<Run> {
    await this.#renew()
    this.#spoilt = true
    return this.#both(sequence, (twin) => new Direct(this.servers[twin]))
  }

  async #renew(): Promise<void> {
    await Promise.all(this.admins.map(async (admin) => {
      await admin.query('DROP DATABASE IF EXISTS twin WITH (FORCE)')
      await admin.query('CREATE DATABASE twin TEMPLATE mould')
    }))
    this.#age = 0
    this.#spoilt = false
  }

  async #both(sequence: Sequence, doorOf: (twin: 0 | 1) => Door): Promise<Run> {
    const visits = [new Visit(doorOf(0)), new Visit(doorOf(1))] as const
    const run: (readonly [Shown, Shown])[] = []
    try {
      for (const step of sequence) run.push(await Promise.all([visits[0].take(step), visits[1].take(step)]))
    } finally {
      for (const visit of visits) visit.leave()
    }
    return run
  }
}

/** Reads that leave something behind all the same: names, locks, sequences, settings. */
const keeps = /\b(?:PREPARE|DECLARE|parse|bind|FOR (?:NO KEY )?UPDATE|FOR (?:KEY )?SHARE|nextval|setval|set_config|pg_\w*advisory\w*|pg_notify|log_room)\b/i

/** Rows that are written again and again come to stand elsewhere, sooner where protected values are longer (docs/masking.md, Limits). */
const maxAge = 20

/** A way in, for each person. */
interface Door {
  enter(who: Who): Promise<WireClient>
  /** What was asked of the gate since it was last called. */
  asked(): readonly Pick<StatementOperation, 'exposure' | 'effects'>[]
}

/** The gateway's protocol for one server: a session for each person, as one gateway has them. */
class Doors implements Door {
  #seen = new Map<ProtocolHarness, number>()

  private constructor(private readonly alice: ProtocolHarness, private readonly bob: ProtocolHarness) {}

  static async open(server: TestPostgres, flows: Protection['flows']): Promise<Doors> {
    const protocol = postgres()
    const rule = { name: 'people', columns: protectedPatterns, byComment: protectedComment, mask: 'redact', exempt: false } as const
    const harness = async (subject: string) => {
      const one = await ProtocolHarness.start(protocol, {
        address: server.address,
        user: server.superuser,
        password: server.password,
        subject,
        protection: { rules: [rule], flows, trust: [] }
      })
      one.gate = byExposure
      return one
    }
    return new Doors(await harness('alice'), await harness('bob'))
  }

  async close(): Promise<void> {
    await this.alice.stop()
    await this.bob.stop()
  }

  enter(who: Who): Promise<WireClient> {
    return WireClient.open((who === 'bob' ? this.bob : this.alice).to, { user: 'me', database: 'twin' })
  }

  asked() {
    return [this.alice, this.bob].flatMap((harness) => {
      const from = this.#seen.get(harness) ?? 0
      const operations = harness.operations
      this.#seen.set(harness, operations.length)
      return operations.slice(from).flatMap((operation) => operation.kind === 'statement' ? [operation] : [])
    })
  }
}

class Direct implements Door {
  constructor(private readonly server: TestPostgres) {}

  enter(): Promise<WireClient> {
    return WireClient.open({ host: '127.0.0.1', port: this.server.port }, { user: this.server.superuser, database: 'twin' })
  }

  asked(): [] { return [] }
}

/** One twin, for one sequence. */
class Visit {
  readonly #clients = new Map<Who, WireClient>()
  readonly #gone = new Set<Who>()
  /** Relations made on the way, as the server numbers them; which number it takes depends on what was made and dropped before. */
  readonly #made = new Map<number, number>()

  constructor(private readonly door: Door) {}

  async take(step: Step): Promise<Shown> {
    const frames = await this.#answer(step)
    const asked = this.door.asked()
    const exposures = asked.flatMap(({ exposure }) => exposure ?? [])
    return {
      lines: frames.map((frame) => typeof frame === 'string' ? frame : this.#line(frame)),
      released: exposures.every(({ action }) => action === 'allow'),
      flags: [...new Set(exposures.flatMap(({ flags }) => flags))],
      masked: exposures.some(({ masked }) => masked.length > 0),
      acts: asked.some(({ effects }) => effects.some((effect) => effect !== 'read')) || keeps.test(step.text)
    }
  }

  leave(): void {
    for (const client of this.#clients.values()) client.destroy()
  }

  async #answer({ on, messages, data }: Step): Promise<readonly (TestFrame | string)[]> {
    if (this.#gone.has(on)) return ['the connection has ended']
    let client = this.#clients.get(on)
    if (client === undefined) this.#clients.set(on, client = await this.door.enter(on))
    const from = client.frames.length
    try {
      client.send(...messages)
      if (data !== undefined) {
        const frames = await client.until('GZ')
        if (frames.at(-1)!.type === 'Z') return client.frames.slice(from)
        client.send(copyData(data), copyDone(), ...messages.length > 1 ? [sync()] : [])
      }
      await client.until('Z')
      return client.frames.slice(from)
    } catch {
      this.#gone.add(on)
      return [...client.frames.slice(from), 'the connection ends']
    }
  }

  /** Every byte is in it, but those that are the run's own. */
  #line(frame: TestFrame): string {
    // The session's id, which the gateway puts into application_name.
    if (frame.type !== 'T') return `${frame.type} ${frame.body.toString('latin1').replace(/hoop\/[0-9a-z]{26}/g, 'hoop/session')}`
    return serverLine(frame).replace(/ of (\d+)\./g, (whole, oid) => {
      if (Number(oid) < 16384) return whole
      if (!this.#made.has(Number(oid))) this.#made.set(Number(oid), this.#made.size)
      return ` of relation ${this.#made.get(Number(oid))}.`
    })
  }
}
