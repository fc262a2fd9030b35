// `hoop doctor [TARGET]`: the first thing that is wrong between here and a target, and what to type.
import type { Command } from 'commander'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import { safeJson } from '../../shared/text.ts'
import type { Context } from '../context.ts'
import { stepNames, stepsTo, type StepName } from '../doctor/steps.ts'
import { helpTail } from '../help.ts'

/** With --json, one a line; the first that is not ok is the last. */
interface Found {
  readonly step: StepName
  readonly ok: boolean
  readonly detail: string
  /** Where it is wrong. */
  readonly code?: string
  readonly hint?: string
}

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('doctor')
    .description('Say what is wrong between here and a target, the first thing first: configuration, tokens, clock, gateway, login, target.')
    .argument('[target]', 'open it too, up to its database; without, only what you may open is looked at')
    .option('--json', 'one JSON object a step: step, ok, detail, and where it is wrong code and hint')
    .addHelpText('after', helpTail([
      ['hoop doctor', 'as far as the login'],
      ['hoop doctor prod-db', 'as far as the database'],
      ['hoop doctor prod-db --json', 'for a program; exit code 1 where something is wrong']
    ], ['hoop login', 'hoop whoami', 'hoop gateway check']))
    .action(async (target: string | undefined, { json = false }: { readonly json?: boolean }, command: Command) => {
      const { writeOut } = command.configureOutput()
      const show = (found: Found) => writeOut!(json ? safeJson(found) : lineOf(found))
      // Whatever kind of failure it is, the exit code says that something is wrong.
      const fail = (step: StepName, error: unknown): never => {
        const { message, hint } = asGatewayError(error)
        show(wrong(step, error))
        throw new GatewayError('config_invalid', message, { ...(hint === undefined ? {} : { hint }), cause: error })
      }
      const opened = await context().catch((error: unknown) => fail('config', error))
      for (const [step, look] of stepsTo(target)) {
        try {
          show({ step, ok: true, detail: await look(opened) })
        } catch (error) {
          opened.signal.throwIfAborted()
          fail(step, error)
        }
      }
      if (!json) opened.terminal.say('nothing is wrong')
    })
}

function wrong(step: StepName, error: unknown): Found {
  const { code, message, hint } = asGatewayError(error)
  return { step, ok: false, detail: message, code, ...(hint === undefined ? {} : { hint }) }
}

/** What is wrong is told on stderr, where all errors are. */
function lineOf({ step, ok, detail }: Found): string {
  const title = `${ok ? 'ok   ' : 'wrong'}  ${step.padEnd(Math.max(...stepNames.map(({ length }) => length)))}`
  return ok ? `${title}  ${detail}` : title
}
