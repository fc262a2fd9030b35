// Random statements over the shared schema that the server mostly accepts: types are kept track of, meaning is not.
import { Random } from '../support/random.ts'

type Type = 'text' | 'int' | 'numeric' | 'date' | 'bool' | 'json' | 'array'
interface Column { readonly name: string, readonly type: Type, readonly secret?: true }
interface Item { readonly alias: string, readonly columns: readonly Column[], readonly row?: true }

const column = (name: string, type: Type, secret?: true): Column => ({ name, type, ...(secret === undefined ? {} : { secret }) })

const tables: Readonly<Record<string, readonly Column[]>> = {
  'clinic.patients': [
    column('id', 'int'),
    column('mrn', 'text'),
    column('name', 'text'),
    column('ssn', 'text', true),
    column('ssn_num', 'int', true),
    column('ssn_last4', 'text', true),
    column('email', 'text', true),
    column('dob', 'date', true),
    column('city', 'text'),
    column('balance', 'numeric'),
    column('aliases', 'array', true),
    column('profile', 'json', true)
  ],
  'clinic.visits': [column('id', 'int'), column('patient', 'int'), column('day', 'date'), column('diagnosis', 'text', true), column('cost', 'int')],
  'clinic.visits_2026': [column('id', 'int'), column('patient', 'int'), column('day', 'date'), column('diagnosis', 'text', true)],
  'clinic.staff': [column('id', 'int'), column('name', 'text'), column('ssn', 'text', true), column('room', 'int')],
  'clinic.surgeons': [column('id', 'int'), column('name', 'text'), column('ssn', 'text', true), column('room', 'int'), column('specialty', 'text')],
  'clinic.billing': [column('id', 'int'), column('patient_ssn', 'text', true), column('amount', 'int'), column('note', 'text')],
  'clinic.notes': [column('id', 'int'), column('patient', 'int'), column('body', 'text', true), column('kind', 'text')],
  'clinic.rooms': [column('id', 'int'), column('name', 'text'), column('floor', 'int')],
  'clinic.codes': [column('code', 'text'), column('title', 'text')],
  'clinic.tenants': [column('id', 'int'), column('tenant', 'int')],
  'public.kv': [column('k', 'text'), column('v', 'text')],
  'clinic.v_patients': [column('id', 'int'), column('name', 'text'), column('number', 'text', true), column('city', 'text')],
  'clinic.v_cities': [column('city', 'text'), column('n', 'int')],
  'clinic.v_rooms': [column('id', 'int'), column('name', 'text'), column('floor', 'int')],
  'reporting.m_patients': [column('id', 'int'), column('email', 'text', true)],
  'reporting.m_rooms': [column('floor', 'int'), column('n', 'int')]
}
const tableNames = Object.keys(tables)

export class Generator {
  readonly #random: Random
  readonly #major: number
  #aliases = 0
  #scope: readonly Item[] = []

  /** @param major whose grammar it writes */
  constructor(seed: number, major: number) {
    this.#random = new Random(seed)
    this.#major = major
  }

  statement(): string {
    this.#aliases = 0
    this.#scope = []
    const kind = this.#random.next()
    if (kind < 0.76) return this.#query(2)
    if (kind < 0.81) return `WITH c AS (${this.#select(1, ['text', 'int'])}) SELECT * FROM c${this.#random.chance(0.3) ? ' WHERE column2 > 3' : ''}`.replace('c AS', 'c(column1, column2) AS')
    if (kind < 0.85) return this.#recursive()
    if (kind < 0.91) return this.#merge()
    return this.#change()
  }

  #query(depth: number): string {
    const choice = this.#random.next()
    if (choice < 0.15) {
      const types = this.#types()
      const word = this.#random.pick(['UNION ALL', 'UNION ALL', 'UNION', 'INTERSECT', 'EXCEPT'])
      return `${this.#select(depth - 1, types)} ${word} ${this.#select(depth - 1, types)}`
    }
    return this.#select(depth)
  }

  #types(): Type[] {
    return Array.from({ length: 1 + this.#random.below(3) }, () => this.#random.pick(['text', 'int', 'text', 'date', 'bool'] as const))
  }

  #alias(): string {
    return `t${++this.#aliases}`
  }

  #within<Result>(items: readonly Item[], make: () => Result): Result {
    const before = this.#scope
    this.#scope = [...items, ...before]
    try {
      return make()
    } finally {
      this.#scope = before
    }
  }

  #select(depth: number, types?: readonly Type[]): string {
    const { sql, items } = this.#from(depth)
    return this.#within(items, () => {
      const random = this.#random
      const local = this.#scope
      const where = random.chance(0.45) ? ` WHERE ${this.#condition(depth)}` : ''
      if (random.chance(0.15)) {
        // Grouped: every target is a key or an aggregate.
        const key = this.#column(random.pick(['text', 'int'] as const), 0.15)
        const rest = (types ?? this.#types()).slice(1)
        const targets = [types === undefined || types[0] === 'text' ? `(${key})::text` : this.#aggregate(types[0]!, depth), ...rest.map((type) => this.#aggregate(type, depth))]
        const having = random.chance(0.2) ? ` HAVING count(*) > ${random.below(3)}` : ''
        return `SELECT ${targets.join(', ')} FROM ${sql}${where} GROUP BY (${key})::text${having}`
      }
      if (random.chance(0.1)) return `SELECT ${(types ?? this.#types()).map((type) => this.#aggregate(type, depth)).join(', ')} FROM ${sql}${where}`
      const star = types === undefined && random.chance(0.2)
      const targets = star
        ? random.pick(['*', `${local[0]!.alias}.*`, `${local[0]!.alias}.*, 1`])
        : (types ?? this.#types())
            .map((type) => this.#expression(type, depth) + (random.chance(0.3) && types === undefined ? ` AS n${random.below(5)}` : '')).join(', ')
      const distinct = random.chance(0.06) ? 'DISTINCT ' : ''
      const order = types === undefined && distinct === '' && random.chance(0.25) ? ` ORDER BY ${random.chance(0.4) ? '1' : this.#column(random.pick(['text', 'int'] as const), 0.15)}` : ''
      const limit = types === undefined && random.chance(0.15) ? ` LIMIT ${random.below(8)}` : ''
      return `SELECT ${distinct}${targets} FROM ${sql}${where}${order}${limit}`
    })
  }

  #from(depth: number): { sql: string, items: Item[] } {
    const first = this.#source(depth)
    if (!this.#random.chance(0.35)) return first
    const second = this.#source(depth)
    const [a, b] = [first.items[0]!, second.items[0]!]
    const items = [...first.items, ...second.items]
    const choice = this.#random.next()
    if (choice < 0.15) return { sql: `${first.sql}, ${second.sql}`, items }
    const kind = this.#random.pick(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'])
    const same = a.columns.filter((one) => b.columns.some((other) => one.name === other.name && one.type === other.type))
    const shared = same.find(({ secret }) => secret !== true || this.#random.chance(0.2))
    if (shared !== undefined && choice < 0.35) return { sql: `${first.sql} ${kind} ${second.sql} USING (${shared.name})`, items }
    if (choice < 0.42) return { sql: `${first.sql} NATURAL ${kind} ${second.sql}`, items }
    const ints = (item: Item) => item.columns.filter(({ type, secret }) => type === 'int' && secret !== true)
    const [left, right] = [ints(a), ints(b)]
    if (left.length === 0 || right.length === 0) return { sql: `${first.sql} CROSS JOIN ${second.sql}`, items }
    return { sql: `${first.sql} ${kind} ${second.sql} ON ${a.alias}.${this.#random.pick(left).name} = ${b.alias}.${this.#random.pick(right).name}`, items }
  }

  #source(depth: number): { sql: string, items: Item[] } {
    const alias = this.#alias()
    const choice = this.#random.next()
    if (depth > 0 && choice < 0.2) {
      const types = this.#types()
      const inner = this.#detached(() => this.#select(depth - 1, types))
      const columns = types.map((type, at) => column(`c${at}`, type))
      return { sql: `(${inner}) ${alias}(${columns.map(({ name }) => name).join(', ')})`, items: [{ alias, columns }] }
    }
    if (choice < 0.25) return { sql: `generate_series(1, ${1 + this.#random.below(4)}) ${alias}(g)`, items: [{ alias, columns: [column('g', 'int')] }] }
    if (choice < 0.29) return this.#document(alias)
    const name = this.#random.pick(tableNames)
    return { sql: `${name} ${alias}`, items: [{ alias, columns: tables[name]!, row: true }] }
  }

  /** XMLTABLE or JSON_TABLE, of what is around it or of nothing protected. */
  #document(alias: string): { sql: string, items: Item[] } {
    const random = this.#random
    const columns = [column('c0', 'text'), column('c1', 'int')]
    const value = this.#column('text', 0.3)
    if (this.#major < 17 || random.chance(0.5)) {
      const path = random.pick(['\'c0\'', '\'c0\' DEFAULT \'none\'', `'c0' DEFAULT ${this.#column('text', 0.1)}`])
      return { sql: `xmltable('/r/x' PASSING xmlelement(name r, xmlelement(name x, xmlelement(name c0, ${value})), xmlelement(name x)) COLUMNS c0 text PATH ${path}, c1 FOR ORDINALITY) ${alias}`, items: [{ alias, columns }] }
    }
    const behaviour = random.pick(['', ' DEFAULT \'none\' ON EMPTY', ' ERROR ON ERROR'])
    const document = random.pick([`jsonb_build_array(${value}, 1)`, `to_jsonb(ARRAY[${value}])`, this.#column('json', 0.3)])
    return { sql: `json_table(${document}, '$[*]' COLUMNS (c0 text PATH '$'${behaviour}, c1 FOR ORDINALITY)) ${alias}`, items: [{ alias, columns }] }
  }

  /** A subquery in FROM does not see its neighbours. */
  #detached<Result>(make: () => Result): Result {
    const before = this.#scope
    this.#scope = []
    try {
      return make()
    } finally {
      this.#scope = before
    }
  }

  /** @param secrets how often a protected column may be it, of the times one comes up */
  #column(type: Type, secrets: number): string {
    const candidates = this.#scope.flatMap((item) => item.columns
      .filter((one) => one.type === type && (one.secret !== true || this.#random.chance(secrets))).map((one) => `${item.alias}.${one.name}`))
    return candidates.length > 0 ? this.#random.pick(candidates) : this.#constant(type)
  }

  #constant(type: Type): string {
    const random = this.#random
    switch (type) {
      case 'text': return random.pick(['\'x\'', '\'9%\'', '\'c1\'', 'NULL::text', '\'room 3\'', '\'abc\'::text'])
      case 'int': return String(random.below(12))
      case 'numeric': return `${random.below(50)}.5`
      case 'date': return `date '2025-${10 + random.below(3)}-01'`
      case 'bool': return random.pick(['true', 'false', 'NULL::bool'])
      case 'json': return '\'{"tag": "t1"}\'::jsonb'
      case 'array': return 'ARRAY[\'alias1\', \'x\']'
    }
  }

  #expression(type: Type, depth: number): string {
    const random = this.#random
    if (depth <= 0 || random.chance(0.4)) return random.chance(0.85) ? this.#column(type, 0.6) : this.#constant(type)
    const down = (of: Type) => this.#expression(of, depth - 1)
    if (random.chance(0.12)) return `CASE WHEN ${this.#predicate(depth - 1, 0.4)} THEN ${down(type)} ELSE ${down(type)} END`
    if (random.chance(0.08)) return `coalesce(${down(type)}, ${down(type)})`
    if (random.chance(0.05)) return `nullif(${down(type)}, ${down(type)})`
    if (random.chance(0.05) && type !== 'json') return `greatest(${down(type)}, ${down(type)})`
    if (random.chance(0.06)) return this.#subquery(type, depth - 1)
    switch (type) {
      case 'text': return random.pick([
        () => `lower(${down('text')})`,
        () => `substr(${down('text')}, 1, 3)`,
        () => `left(${down('text')}, 2)`,
        () => `${down('text')} || ${down('text')}`,
        () => `concat(${down('text')}, ${down('int')})`,
        () => `md5(${down('text')})`,
        () => `(${down('int')})::text`,
        () => `(${down('date')})::text`,
        () => `replace(${down('text')}, '1', '')`,
        () => `${down('json')} ->> 'tag'`,
        () => `(${down('array')})[1]`,
        () => `split_part(${down('text')}, '-', 1)`,
        () => this.#wholeRow(),
        () => `to_char(${down('date')}, 'YYYY')`,
        () => `array_to_string(${down('array')}, ',')`,
        () => `format('%s', ${down('text')})`,
        () => `repeat(${down('text')}, 2)`,
        () => `trim(${down('text')})`,
        () => this.#major < 17 ? down('text') : `json_value(${down('json')}, '$.tag'${random.pick(['', ' NULL ON EMPTY', ' ERROR ON EMPTY', ' DEFAULT \'x\' ON ERROR'])})`,
        () => `(${down('bool')})::text`
      ])()
      case 'int': return random.pick([
        () => `length(${down('text')})`,
        () => `${down('int')} + ${down('int')}`,
        () => `coalesce(array_length(${down('array')}, 1), 0)`,
        () => `extract(year FROM ${down('date')})::int`,
        () => `abs(${down('int')})`,
        () => `${down('int')} % 7`,
        () => `strpos(${down('text')}, '1')`,
        () => `(${down('bool')})::int`,
        () => `(row_number() OVER (ORDER BY ${this.#column('int', 0.1)}))::int`,
        () => `(count(*) OVER ())::int`,
        () => `(${down('json')} ->> 'n')::int`,
        () => `100 / (${down('int')} + 1)`,
        () => `clinic.add_one(${down('int')})`
      ])()
      case 'numeric': return random.pick([() => `${down('numeric')} * 2`, () => `round(${down('numeric')})`, () => `(${down('int')})::numeric`])()
      case 'date': return random.pick([() => `${down('date')} + 1`, () => `date_trunc('month', ${down('date')})::date`, () => this.#column('date', 0.6)])()
      case 'bool': return this.#predicate(depth - 1, 0.6)
      case 'json': return random.pick([() => `to_jsonb(${down('text')})`, () => `jsonb_build_object('k', ${down('text')})`, () => this.#major < 17 ? `${down('json')} -> 'tag'` : `json_query(${down('json')}, '$.tag')`])()
      case 'array': return random.pick([() => `ARRAY[${down('text')}, ${down('text')}]`, () => `string_to_array(${down('text')}, '-')`])()
    }
  }

  #wholeRow(): string {
    const rows = this.#scope.filter(({ row }) => row === true)
    if (rows.length === 0) return this.#constant('text')
    const { alias } = this.#random.pick(rows)
    return this.#random.pick([`row_to_json(${alias})::text`, `to_jsonb(${alias}) ->> 'id'`, `md5(${alias}::text)`])
  }

  #subquery(type: Type, depth: number): string {
    if (type === 'bool') return `EXISTS (${this.#select(0, ['int'])})`
    const { sql, items } = this.#from(0)
    return this.#within(items, () => {
      const where = this.#random.chance(0.6) ? ` WHERE ${this.#predicate(depth, 0.2)}` : ''
      return this.#random.chance(0.5) ? `(SELECT ${this.#aggregate(type, 0)} FROM ${sql}${where})` : `(SELECT ${this.#expression(type, 0)} FROM ${sql}${where} LIMIT 1)`
    })
  }

  #aggregate(type: Type, depth: number): string {
    const random = this.#random
    const filter = random.chance(0.1) ? ` FILTER (WHERE ${this.#predicate(0, 0.3)})` : ''
    const plain = (of: Type) => this.#column(of, 0.6)
    switch (type) {
      case 'text': return random.pick([`max(${plain('text')})${filter}`, `string_agg(${plain('text')}, ','${random.chance(0.5) ? ` ORDER BY ${plain('int')}` : ''})${filter}`, `min(lower(${plain('text')}))${filter}`])
      case 'int': return random.pick([`count(*)${filter}`, `count(${plain('text')})${filter}`, `max(${plain('int')})${filter}`, `sum(length(${this.#expression('text', Math.min(depth, 1) - 1)}))::int`, `count(DISTINCT ${plain('text')})`])
      case 'numeric': return `avg(${plain('int')})${filter}`
      case 'date': return `max(${plain('date')})${filter}`
      case 'bool': return `bool_or(${this.#predicate(0, 0.5)})`
      case 'json': return `jsonb_agg(${plain('text')})`
      case 'array': return `array_agg(${plain('text')})`
    }
  }

  /** Mostly of clean columns, so that something is let through. */
  #condition(depth: number): string {
    const terms = Array.from({ length: 1 + this.#random.below(2) }, () => this.#predicate(depth - 1, 0.06))
    return terms.join(' AND ')
  }

  #predicate(depth: number, secrets: number): string {
    const random = this.#random
    const text = () => this.#column('text', secrets)
    const int = () => this.#column('int', secrets)
    if (depth > 0 && random.chance(0.2)) return `(${this.#predicate(depth - 1, secrets)} ${random.pick(['AND', 'OR'])} ${this.#predicate(depth - 1, secrets)})`
    if (depth > 0 && random.chance(0.06)) return `EXISTS (${this.#select(0, ['int'])})`
    if (depth > 0 && random.chance(0.06)) return `${int()} IN (${this.#select(0, ['int'])})`
    return random.pick([
      () => `${this.#column('text', secrets * 2)} = 'u3@x.io'`, () => `${this.#column('int', secrets * 2)} IN (5003, 8997, 4)`,
      () => `${text()} LIKE '%1%'`,
      () => `${text()} = 'c1'`,
      () => `${text()} < ${text()}`,
      () => `${int()} < ${random.below(20)}`,
      () => `${int()} = ${int()}`,
      () => `${int()} BETWEEN 2 AND 9`,
      () => `${text()} IS NOT NULL`,
      () => `${int()} IN (1, 2, 3, 5, 8)`,
      () => `length(${text()}) > 6`,
      () => `${this.#column('date', secrets)} > '2025-10-01'`,
      () => `NOT (${int()} > 6)`,
      () => `${text()} ~ '^c'`,
      () => `${int()} % 2 = 0`
    ])()
  }

  #recursive(): string {
    const random = this.#random
    const item: Item = { alias: 'p', columns: tables['clinic.patients']!, row: true }
    const key = random.pick(['n', 'n', 't'])
    const [added, also] = random.pick([
      ['', []],
      ['', []],
      [` SEARCH ${random.pick(['DEPTH', 'BREADTH'])} FIRST BY ${key} SET o`, ['o::text', 'n, o::text', 'n, t']],
      [` CYCLE ${key} SET c USING w`, ['n, c', 'w::text', 'c, t']]
    ] as const)
    return this.#within([item], () => `WITH RECURSIVE r(n, t) AS (SELECT 1, 'x'::text UNION ${random.chance(0.8) ? 'ALL ' : ''}SELECT r.n + 1, ${this.#expression('text', 1)} FROM r JOIN clinic.patients p ON p.id = r.n WHERE ${random.chance(0.8) ? 'r.n < 4' : `r.n < 4 AND ${this.#predicate(0, 0.3)}`})${added} SELECT ${random.pick(['*', 'n', 'max(t)', 'count(*)', ...also])} FROM r`)
  }

  #merge(): string {
    const random = this.#random
    const target: Item = { alias: 'kv', columns: tables['public.kv']! }
    const { sql, items: [source] } = this.#source(1)
    const from = source!
    const key = from.columns.find(({ name }) => name === 'id')?.name ?? from.columns.find(({ type }) => type === 'int')?.name
    const on = [
      key === undefined ? this.#within([from], () => `kv.k = ${this.#column('text', 0.1)}`) : `kv.k = 'k' || ${from.alias}.${key}`,
      ...random.chance(0.25) ? [this.#within([from, target], () => this.#predicate(0, 0.15))] : []
    ].join(' AND ')
    const when = (items: readonly Item[]) => random.chance(0.3) ? ` AND ${this.#within(items, () => this.#predicate(0, 0.1))}` : ''
    const text = (items: readonly Item[], secrets: number) => this.#within(items, () => random.chance(0.6) ? this.#column('text', secrets) : this.#expression('text', 1))
    const clauses = [
      ...random.chance(0.7)
        ? [`WHEN MATCHED${when([from, target])} THEN ${random.pick([() => 'DELETE', () => `UPDATE SET v = ${text([from, target], 0.15)}`, () => 'DO NOTHING'])()}`]
        : [],
      ...random.chance(0.5) || this.#major < 17 ? [`WHEN NOT MATCHED${when([from])} THEN ${random.pick([() => `INSERT (k, v) VALUES ('m' || ${from.alias}.${key ?? from.columns[0]!.name}, ${text([from], 0.15)})`, () => 'DO NOTHING'])()}`] : [],
      ...this.#major < 17 ? [] : [`WHEN NOT MATCHED BY SOURCE${when([target])} THEN ${random.pick([() => 'DELETE', () => `UPDATE SET v = ${text([target], 0.15)}`])()}`]
    ]
    const columns = random.pick(['*', 'merge_action(), kv.*', `v, ${from.alias}.*`])
    const returning = this.#major >= 17 && random.chance(0.5) ? ` RETURNING ${columns}` : ''
    const sentence = `MERGE INTO public.kv USING ${sql} ON ${on} ${clauses.join(' ')}${returning}`
    return returning !== '' && random.chance(0.3) ? `WITH w AS (${sentence.replace(columns, 'k, v')}) SELECT ${random.pick(['*', 'count(*)'])} FROM w` : sentence
  }

  #change(): string {
    const random = this.#random
    const returning = (columns: string) => random.chance(0.5) ? ` RETURNING ${columns}` : ''
    const p: Item = { alias: 'p', columns: tables['clinic.patients']!, row: true }
    return random.pick([
      () => `INSERT INTO public.kv (k, v) SELECT 'n' || ${this.#random.below(1000)}, ${this.#within([p], () => this.#expression('text', 1))} FROM clinic.patients p WHERE p.id = 1${returning('*')}`,
      () => `INSERT INTO clinic.notes (id, patient, body, kind) VALUES (${1000 + random.below(1000)}, 1, 'b', ${this.#constant('text')})${returning('*')}`,
      () => `UPDATE public.kv SET v = ${this.#within([{ alias: 'kv', columns: tables['public.kv']! }], () => this.#expression('text', 1))}${returning('*')}`,
      () => `UPDATE clinic.notes n SET kind = ${this.#within([{ alias: 'n', columns: tables['clinic.notes']! }], () => this.#expression('text', 1))} WHERE n.id < 5${returning('n.*')}`,
      () => `UPDATE clinic.patients p SET city = ${this.#within([p], () => this.#expression('text', 1))} WHERE ${this.#within([p], () => this.#predicate(0, 0.1))}${returning('p.id, p.city, p.ssn')}`,
      () => `UPDATE clinic.patients p SET balance = ${random.below(9000)} WHERE p.id = 3${returning('*')}`,
      () => `DELETE FROM clinic.notes n WHERE ${this.#within([{ alias: 'n', columns: tables['clinic.notes']! }], () => this.#predicate(0, 0.1))}${returning('n.id, n.body')}`,
      () => `DELETE FROM public.kv USING clinic.rooms r WHERE kv.k = 'k' || r.id${returning('kv.*, r.name')}`,
      () => `INSERT INTO public.kv VALUES ('k1', 'x') ON CONFLICT (k) DO ${random.chance(0.5) ? 'NOTHING' : 'UPDATE SET v = excluded.v || kv.v'}${returning('*')}`,
      () => `WITH w AS (UPDATE public.kv SET v = 'x' WHERE k < 'k4' RETURNING *) SELECT ${random.pick(['*', 'count(*)'])} FROM w`
    ])()
  }
}
