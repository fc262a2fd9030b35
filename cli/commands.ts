// Every command: what one types, a line about it, and the module that is loaded once it is typed.
import type { Command } from 'commander'
import type { Context } from './context.ts'

/** A command's module adds the command to `program`; nothing else happens until it is run. */
export interface CommandModule {
  readonly register: (program: Command, context: () => Promise<Context>) => void
}

/** One line of the help, and where the rest is: only the module of the command that was typed is loaded. */
export interface Row {
  readonly name: string
  readonly summary: string
  /** Absent for a word that only groups others. */
  readonly load?: () => Promise<CommandModule>
  readonly children?: readonly Row[]
}

export const table: readonly Row[] = [
  { name: 'demo', summary: 'try everything on this machine, with a made-up clinic', load: () => import('./commands/demo.ts') },
  { name: 'login', summary: 'log in to a gateway', load: () => import('./commands/login.ts') },
  { name: 'logout', summary: 'end the login, here and at the gateway', load: () => import('./commands/logout.ts') },
  { name: 'whoami', summary: 'show who you are to the gateway', load: () => import('./commands/whoami.ts') },
  {
    name: 'profiles',
    summary: 'list the gateways you have logged in to, by name',
    load: () => import('./commands/profiles.ts'),
    children: [
      { name: 'use', summary: 'use another one from now on', load: () => import('./commands/profiles/use.ts') },
      { name: 'remove', summary: 'forget one', load: () => import('./commands/profiles/remove.ts') }
    ]
  },
  { name: 'targets', summary: 'list what you may open', load: () => import('./commands/targets.ts') },
  { name: 'connect', summary: 'open a local port to a target, or run a command inside it', load: () => import('./commands/connect.ts') },
  {
    name: 'sessions',
    summary: 'list who opened what, and when',
    load: () => import('./commands/sessions.ts'),
    children: [
      { name: 'show', summary: 'show one session, statement by statement', load: () => import('./commands/sessions/show.ts') },
      { name: 'replay', summary: 'show again what its client was shown', load: () => import('./commands/sessions/replay.ts') },
      { name: 'follow', summary: 'show what its client is shown, as it happens', load: () => import('./commands/sessions/follow.ts') },
      { name: 'kill', summary: 'end a session, with a reason its client is told', load: () => import('./commands/sessions/kill.ts') }
    ]
  },
  { name: 'query', summary: 'run one statement and print its result', load: () => import('./commands/query.ts') },
  {
    name: 'reviews',
    summary: 'list and decide what waits for a decision',
    load: () => import('./commands/reviews.ts'),
    children: [
      { name: 'watch', summary: 'the screen to decide on, as things come in', load: () => import('./commands/reviews/watch.ts') },
      { name: 'show', summary: 'show one review, the exact statement first', load: () => import('./commands/reviews/show.ts') },
      { name: 'approve', summary: 'let what is held run, once', load: () => import('./commands/reviews/approve.ts') },
      { name: 'reject', summary: 'say no, with a reason', load: () => import('./commands/reviews/reject.ts') },
      { name: 'reason', summary: 'say why you want it', load: () => import('./commands/reviews/reason.ts') },
      { name: 'withdraw', summary: 'take back what you asked for', load: () => import('./commands/reviews/withdraw.ts') },
      { name: 'expire', summary: 'end the wait, for admins', load: () => import('./commands/reviews/expire.ts') }
    ]
  },
  {
    name: 'audit',
    summary: 'check and read the audit log, find things in it, and see where else it goes',
    children: [
      { name: 'verify', summary: 'prove from files and a public key that the log is whole', load: () => import('./commands/audit/verify.ts') },
      { name: 'prove', summary: 'write a file that proves one entry', load: () => import('./commands/audit/prove.ts') },
      { name: 'check', summary: 'check such a file, and show the entry', load: () => import('./commands/audit/check.ts') },
      { name: 'search', summary: 'find statements by person, relation, column, time or decision', load: () => import('./commands/audit/search.ts') },
      { name: 'reconcile', summary: 'compare it with the database\'s own log', load: () => import('./commands/audit/reconcile.ts') },
      { name: 'report', summary: 'tell of a period what an auditor wants to know', load: () => import('./commands/audit/report.ts') },
      { name: 'open', summary: 'show the exact text and parameters of one statement', load: () => import('./commands/audit/open.ts') },
      { name: 'identity', summary: 'make the key pair that statements are sealed to', load: () => import('./commands/audit/identity.ts') },
      { name: 'redact', summary: 'make what one session sealed unreadable for good', load: () => import('./commands/audit/redact.ts') },
      { name: 'prune', summary: 'remove the oldest entries, with two admins', load: () => import('./commands/audit/prune.ts') },
      {
        name: 'export',
        summary: 'who else gets each entry',
        children: [{ name: 'status', summary: 'show how far each sink is behind', load: () => import('./commands/audit/export/status.ts') }]
      }
    ]
  },
  {
    name: 'witness',
    summary: 'vouch, on another machine, that a gateway\'s audit log only grows',
    children: [
      { name: 'init', summary: 'make a witness\'s folder and key', load: () => import('./commands/witness/init.ts') },
      { name: 'start', summary: 'run a witness', load: () => import('./commands/witness/start.ts') }
    ]
  },
  {
    name: 'policy',
    summary: 'what is allowed, what is masked, and what should be',
    children: [
      { name: 'explain', summary: 'say what would happen to a statement, without running it', load: () => import('./commands/policy/explain.ts') },
      { name: 'test', summary: 'compare what a policy says with what it should say, beside the gateway', load: () => import('./commands/policy/test.ts') },
      { name: 'diff', summary: 'list the decisions in an audit log that another policy would change', load: () => import('./commands/policy/diff.ts') },
      { name: 'check', summary: 'compare what is protected with the targets\' catalogs, beside the gateway', load: () => import('./commands/policy/check.ts') },
      { name: 'suggest', summary: 'propose what to protect, beside the gateway', load: () => import('./commands/policy/suggest.ts') }
    ]
  },
  {
    name: 'tokens',
    summary: 'service tokens for CI jobs and agents',
    children: [
      { name: 'create', summary: 'make a service token', load: () => import('./commands/tokens/create.ts') },
      { name: 'list', summary: 'list service tokens', load: () => import('./commands/tokens/list.ts') },
      { name: 'revoke', summary: 'end a service token at once', load: () => import('./commands/tokens/revoke.ts') }
    ]
  },
  {
    name: 'users',
    summary: 'people, for admins',
    children: [
      { name: 'list', summary: 'list who has logged in', load: () => import('./commands/users/list.ts') },
      { name: 'disable', summary: 'shut a person out: logins, sessions and tokens end at once', load: () => import('./commands/users/disable.ts') },
      { name: 'enable', summary: 'let a disabled person in again', load: () => import('./commands/users/enable.ts') }
    ]
  },
  {
    name: 'gateway',
    summary: 'run the gateway, check or write its configuration',
    children: [
      { name: 'init', summary: 'write a commented configuration to begin with', load: () => import('./commands/gateway/init.ts') },
      { name: 'check', summary: 'say what is wrong with one, and whether each target answers', load: () => import('./commands/gateway/check.ts') },
      { name: 'start', summary: 'run the gateway', load: () => import('./commands/gateway/start.ts') }
    ]
  },
  { name: 'doctor', summary: 'say what is wrong between here and a target', load: () => import('./commands/doctor.ts') },
  { name: 'completion', summary: 'print the script that completes words in your shell', load: () => import('./commands/completion.ts') }
]
