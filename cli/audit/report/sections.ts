// The sections of a report, each with the paragraphs of the rule it is evidence for. Pure.
import { timeFrom } from '../../table.ts'
import type { Report, Section, Table } from './document.ts'
import type { Bounded, Decided, ReportFacts } from './facts.ts'

const shownRows = 200
const shownBars = 12

export function sectionsOf(report: Report): readonly Section[] {
  const { facts } = report
  return [
    scopeSection(report),
    integritySection(report),
    reconcileSection(report),
    activitySection(facts),
    peopleSection(report),
    policySection(facts),
    columnsSection(facts),
    clearSection(facts),
    reviewsSection(facts),
    loginsSection(facts),
    tokensSection(facts),
    endsSection(facts),
    {
      title: 'How to check this again',
      rules: ['164.316(b)(1)', '164.316(b)(2)(i)'],
      text: ['Everything above comes from the files of the audit log. Whoever has a copy of them, and a key that was kept where the gateway\'s operator cannot write, can count it again.'],
      tables: [{ head: ['COMMAND'], rows: report.again.map((line) => [line]) }]
    }
  ]
}

function scopeSection({ scope, facts, madeAt, version }: Report): Section {
  return {
    title: 'Scope',
    rules: ['164.312(b)', '164.316(b)(1)'],
    text: ['No value of a row and no constant of a statement is in this report: the log holds none in clear. Reasons that people typed are left out as well.'],
    tables: [{
      head: ['WHAT', ''],
      rows: [
        ['log', facts.origin],
        ['period', `${timeFrom(scope.from)} to ${timeFrom(scope.to)} UTC`],
        ['target', scope.target ?? `all (${[...facts.targets].sort().join(', ') || 'none was used'}); identities and policy are the gateway's as a whole`],
        ['entries', facts.firstEntry === undefined ? 'none in the period' : `${facts.entries}: ${facts.firstEntry} to ${facts.lastEntry!}`],
        ['sessions', String(facts.sessions)],
        ['statements', `${facts.allowed} permitted, ${facts.denied} refused; ${facts.failed} ended in an error or unknown`],
        ['report made', `${timeFrom(madeAt)} UTC by hoop ${version}`]
      ]
    }]
  }
}

function integritySection({ verified, facts }: Report): Section {
  const { ok, problems, notes, entries, checkpointSize, rootHash, anchors } = verified
  const damage: Table = {
    caption: 'Problems',
    head: ['FILE', 'ENTRY', 'WHAT'],
    rows: problems.map(({ file = '', entry, message }) => [file, entry === undefined ? '' : String(entry), message])
  }
  const gaps = listed(facts.gaps, 'In the period there is no time in which the log says less than it should.', ['ENTRY', 'TIME (UTC)', 'WHAT'],
    ({ entry, at, what }) => [String(entry), timeFrom(at), what], 'Times in which the log says less than it should')
  return {
    title: 'Integrity of the log',
    rules: ['164.312(c)(1)', '164.312(c)(2)', '164.312(b)'],
    text: [
      ok
        ? `The log is whole: of ${entries} entries in all, the first ${checkpointSize} are those its key has signed (root ${rootHash}).`
        : 'THE LOG IS DAMAGED. Nothing else in this report may be relied on before the cause is known.',
      ...anchors.map(({ entries: first, witness, time }) => witness === undefined
        ? `Anchored through entry ${first - 1} by a checkpoint kept elsewhere.`
        : `Anchored through entry ${first - 1} by the witness ${witness} at ${timeFrom(time!)} UTC.`),
      ...notes.map((note) => `Limit of that proof: ${note}.`),
      ...gaps.text
    ],
    tables: [...ok ? [] : [damage], ...gaps.tables]
  }
}

function reconcileSection({ reconciled, verified }: Report): Section {
  const rules = ['164.312(b)', '164.308(a)(1)(ii)(D)']
  const title = 'Comparison with the database\'s own log'
  if (reconciled === undefined) {
    return { title, rules, text: ['Not made: no log of the database was given. It would show what reached the database past the gateway (--csvlog).'], tables: [] }
  }
  const { matched, gateway, databaseOnly, logOnly, past } = reconciled
  return {
    title,
    rules,
    text: [
      `${matched} statements are on both sides; ${gateway} are the gateway's own, about the catalog.`,
      `Only in the database's log: ${databaseOnly.total}. Only in the audit log: ${logOnly.total}. Past the gateway with its credential: ${past.total}.`,
      ...(verified.ok ? [] : ['The log is damaged: what cannot be read of it is compared with nothing, and its statements are told as only in the database\'s log.'])
    ],
    tables: []
  }
}

function activitySection(facts: ReportFacts): Section {
  const series = ['allowed', 'approved after a hold', 'refused']
  const bar = ([label, { allowed, held, denied }]: readonly [string, Decided]) => ({ label, values: [allowed, held, denied] })
  const rules = [...facts.rules].sort(([, a], [, b]) => sum(b) - sum(a))
  return {
    title: 'Activity',
    rules: ['164.308(a)(1)(ii)(D)', '164.312(b)'],
    text: [],
    charts: [
      { caption: 'Statements by day', series, bars: [...facts.days].sort(([a], [b]) => a < b ? -1 : 1).map(bar), across: true },
      { caption: 'Decisions by rule', series, bars: rules.slice(0, shownBars).map(bar), across: false }
    ],
    tables: [
      { head: ['RULE', 'ALLOWED', 'APPROVED', 'REFUSED'], rows: rules.slice(0, shownRows).map(([rule, { allowed, held, denied }]) => [rule, String(allowed), String(held), String(denied)]), ...left(rules.length) }
    ]
  }
}

function peopleSection({ facts, scope }: Report): Section {
  const people = [...facts.people.values()].sort((a, b) => b.statements + b.denied - a.statements - a.denied)
  const readers = people.filter(({ masked, clear }) => masked + clear > 0)
  return {
    title: 'People, groups, and who came and went',
    rules: ['164.308(a)(3)(ii)(C)', '164.308(a)(4)(ii)(C)', '164.312(a)(2)(i)', '164.312(d)'],
    text: [
      `${people.length} identities; ${facts.joiners.length} logged in for the first time in the period.`,
      facts.leavers.length === 0
        ? 'Nobody was shut out in the period.'
        : facts.leavers.some(({ statementsAfter }) => statementsAfter > 0)
          ? 'STATEMENTS RAN AFTER A CUT-OFF: see below.'
          : `${facts.leavers.length} were shut out; no statement of theirs was permitted afterwards.`
    ],
    charts: [{
      caption: 'Statements that touched protected columns, by person',
      series: ['masked', 'in clear'],
      bars: readers.slice(0, shownBars).map(({ who, masked, clear }) => ({ label: who, values: [masked, clear] })),
      across: false
    }],
    tables: [
      {
        caption: 'Identities',
        head: ['WHO', 'KIND', 'GROUPS', 'FIRST LOGIN (UTC)', 'STATEMENTS', 'REFUSED', 'MASKED', 'IN CLEAR'],
        rows: people.slice(0, shownRows).map(({ who, kind, groups, firstLogin, statements, denied, masked, clear }) => [
          who, kind, groups.join(', '), `${when(firstLogin)}${firstLogin !== undefined && firstLogin >= scope.from ? ' (new)' : ''}`,
          ...[statements, denied, masked, clear].map(String)
        ]),
        ...left(people.length)
      },
      ...(facts.leavers.length === 0
        ? []
        : [{
            caption: 'Shut out',
            head: ['ENTRY', 'WHO', 'BY', 'CUT OFF (UTC)', 'SESSIONS ENDED', 'LAST OF THEM (UTC)', 'STATEMENTS AFTERWARDS', 'LET IN AGAIN (UTC)'],
            rows: facts.leavers.map(({ entry, who, by, at, sessionsEnded, lastSessionEnd, statementsAfter, enabledAt }) =>
              [String(entry), who, by, timeFrom(at), String(sessionsEnded), when(lastSessionEnd), String(statementsAfter), when(enabledAt)])
          }])
    ]
  }
}

function policySection(facts: ReportFacts): Section {
  return {
    title: 'Policy in force',
    rules: ['164.308(a)(4)(ii)(B)', '164.316(b)(1)', '164.312(a)(1)'],
    text: [facts.policies.length === 0 ? 'The policy did not change, and the gateway was not started, in the period.' : 'Each entry names the SHA-256 of the rules that held from then on; every decision in the log names the policy it was made by.'],
    tables: [{
      head: ['ENTRY', 'FROM (UTC)', 'POLICY', 'BEFORE IT'],
      rows: facts.policies.slice(-shownRows).map(({ entry, at, policy, previous }) => [String(entry), timeFrom(at), policy.slice(0, 16), previous?.slice(0, 16) ?? 'start of the gateway']),
      ...left(facts.policies.length)
    }]
  }
}

function columnsSection({ columns: counts, protects }: ReportFacts): Section {
  const columns = [...counts].sort(([a], [b]) => a < b ? -1 : 1)
  return {
    title: 'Protected columns',
    rules: ['164.312(a)(1)', '164.308(a)(4)(ii)(B)', '164.502(b)'],
    text: [columns.length === 0
      ? 'No statement had to do with a protected column.'
      : 'How many statements had to do with each: masked, shown in clear by an exemption, looked at (a look-up, a count), or refused because of it.'],
    tables: [
      {
        caption: 'What the policy in force at the end of the period protects, as its author wrote it',
        head: ['RULE', 'COLUMNS', 'MASK'],
        rows: protects.map(({ name, columns: patterns, mask, more = 0 }) => [name, `${patterns.join(', ')}${more > 0 ? ` and ${more} more` : ''}`, mask])
      },
      {
        caption: 'Statements, by column',
        head: ['COLUMN', 'MASKED', 'IN CLEAR', 'LOOKED AT', 'REFUSED'],
        rows: columns.slice(0, shownRows).map(([name, { masked, clear, flagged, refused }]) =>
          [name, ...[masked, clear, flagged, refused].map(String)]),
        ...left(columns.length)
      }
    ]
  }
}

function clearSection(facts: ReportFacts): Section {
  return {
    title: 'Protected columns read in clear',
    rules: ['164.308(a)(1)(ii)(D)', '164.312(b)', '164.502(b)'],
    ...listed(facts.clearReads, 'Nobody read one in clear.', ['ENTRY', 'TIME (UTC)', 'WHO', 'TARGET', 'COLUMNS', 'STATEMENT'],
      ({ entry, at, who, target, columns, statement }) => [String(entry), timeFrom(at), who, target, columns.join(', '), statement])
  }
}

function reviewsSection(facts: ReportFacts): Section {
  const reviews = [...facts.reviews.values()]
  const { breakGlass } = facts
  return {
    title: 'Held, approved, rejected',
    rules: ['164.308(a)(4)(ii)(B)', '164.312(a)(1)', '164.312(a)(2)(ii)'],
    text: [
      `${reviews.length} held: ${['approved', 'rejected', 'expired', 'withdrawn', 'pending'].map((state) => `${reviews.filter((review) => review.state === state).length} ${state}`).join(', ')}.`,
      breakGlass.length === 0 ? 'Nobody released what they had asked for themselves (break-glass).' : `BREAK-GLASS WAS USED ${breakGlass.length} TIMES: marked below.`
    ],
    tables: [{
      head: ['ENTRY', 'HELD (UTC)', 'ASKED BY', 'TARGET', 'RULE', 'END', 'DECIDED BY', 'RAN (UTC)', 'STATEMENT'],
      rows: reviews.slice(0, shownRows).map(({ entry, at, requester, target, rule, state, votes, ranAt, statement }) => [
        String(entry), timeFrom(at), requester, target, rule, state,
        votes.map(({ by, approve, breakGlass: alone }) => `${approve ? '+' : '-'} ${by}${alone ? ' (BREAK-GLASS)' : ''}`).join(', '),
        when(ranAt), statement
      ]),
      ...left(reviews.length)
    }]
  }
}

function loginsSection(facts: ReportFacts): Section {
  return {
    title: 'Logins that failed',
    rules: ['164.308(a)(5)(ii)(C)', '164.312(d)'],
    ...listed(facts.failedLogins, 'None did.', ['ENTRY', 'TIME (UTC)', 'FROM', 'BY', 'WHO', 'WHY'],
      ({ entry, at, source, method, who, reason }) => [String(entry), timeFrom(at), source, method, who, reason])
  }
}

function tokensSection(facts: ReportFacts): Section {
  return {
    title: 'Service tokens and who owns them',
    rules: ['164.308(a)(4)(ii)(C)', '164.312(d)'],
    ...listed(facts.tokens, 'None was made, revoked, or used twice.', ['ENTRY', 'TIME (UTC)', 'WHAT', 'TOKEN', 'OWNER'],
      ({ entry, at, action, token, owner }) => [String(entry), timeFrom(at), action, token, owner])
  }
}

function endsSection(facts: ReportFacts): Section {
  const ends = [...facts.ends].sort(([, a], [, b]) => b - a)
  return {
    title: 'How sessions ended, and what they ran over',
    rules: ['164.312(a)(2)(iii)', '164.312(e)(1)', '164.312(e)(2)(ii)'],
    text: [
      'A login ends by itself, and its sessions with it (identity.loginHours).',
      'The gateway takes connections over TLS, or on its own machine only; how it reaches each target is in its configuration (tls), not in the log.'
    ],
    tables: [{ head: ['REASON', 'SESSIONS'], rows: ends.slice(0, shownRows).map(([reason, count]) => [reason, String(count)]), ...left(ends.length) }]
  }
}

/** A table, or that there is nothing to list. */
function listed<T>(
  { items, more }: Bounded<T>,
  none: string,
  head: readonly string[],
  row: (item: T) => readonly string[],
  caption?: string
): Pick<Section, 'text' | 'tables'> {
  if (items.length === 0) return { text: [none], tables: [] }
  const named = caption === undefined ? {} : { caption }
  return { text: [], tables: [{ ...named, head, rows: items.slice(0, shownRows).map(row), ...left(items.length + more) }] }
}

function left(total: number): { more?: number } {
  return total > shownRows ? { more: total - shownRows } : {}
}

function when(time: string | undefined): string {
  return time === undefined ? '-' : timeFrom(time)
}

function sum({ allowed, held, denied }: Decided): number {
  return allowed + held + denied
}
