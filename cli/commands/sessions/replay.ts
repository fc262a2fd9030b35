// `hoop sessions replay ID`: what the client of a session was shown; as it happened on a terminal, at once elsewhere.
import { InvalidArgumentError, type Command } from 'commander'
import { GatewayError } from '../../../shared/errors.ts'
import type { ReplayLine } from '../../../shared/recording.ts'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../failure.ts'
import { helpTail } from '../../help.ts'
import { fastest, slowest } from '../../replay/player.ts'
import { ReplayText } from '../../replay/text.ts'
import { sessionId } from '../../sessions/find.ts'

interface Flags {
  readonly text?: boolean
  readonly json?: boolean
  readonly speed?: number
  readonly idleLimit?: number
}

/** Nobody sees more happen in a silence by waiting for its end. */
const idleSeconds = 2

export function register(sessions: Command, context: () => Promise<Context>): void {
  sessions.command('replay')
    .description('Show again what the client of a session was shown, after masking; say whether the recording matches the audit log.')
    .argument('<id>', 'as hoop sessions lists it; its beginning or end will do')
    .option('--text', 'as lines, all at once; so it is too where there is no terminal')
    .option('--json', 'one JSON object a line: the session first, then each event')
    .option('--speed <times>', `so many times as fast, ${slowest} to ${fastest}`, speedFrom)
    .option('--idle-limit <seconds>', `the longest that a silence lasts (${idleSeconds}); 0: as long as it did`, idleFrom)
    .addHelpText('after', helpTail([
      ['hoop sessions replay 01k5b2y8v4s0q9m3t7x6c1n0ad --speed 4', 'on a terminal: space, n for the next statement, h hold, e error, q'],
      ['hoop sessions replay 01k5b2y8v4s0q9m3t7x6c1n0ad --text', 'statements, rows and errors as lines'],
      ['hoop sessions replay 01k5b2y8v4s0q9m3t7x6c1n0ad --json', 'every event with its time'],
      ['hoop sessions --since 1h', 'find the id']
    ], ['hoop sessions show', 'hoop sessions follow']))
    .action(async (typed: string, _: unknown, command: Command) => {
      // A flag that the listing has too is taken for the listing's own.
      await replay(await context(), typed, command.optsWithGlobals<Flags>())
    })
}

async function replay(context: Context, typed: string, { text, json, speed, idleLimit }: Flags): Promise<void> {
  const { terminal, now, exitWith } = context
  const onScreen = terminal.interactive && terminal.onTerminal && text !== true && json !== true
  if (text === true && json === true) throw new GatewayError('usage', '--text and --json are two forms: give one of them')
  if (!onScreen && (speed !== undefined || idleLimit !== undefined)) {
    throw new GatewayError('usage', '--speed and --idle-limit are for the screen, and there is none here', {
      hint: 'leave them out; or leave out --text and --json, on a terminal'
    })
  }
  const gateway = await context.gateway()
  const lines = await gateway.recording(await sessionId({ gateway, now }, typed))
  if (onScreen) {
    const { showReplay } = await import('../../screens/replay-screen.tsx')
    const idleMilliseconds = (idleLimit ?? idleSeconds) * 1000
    if (!await showReplay(context, lines, { speed: speed ?? 1, idleMilliseconds })) exitWith(exitCodes.failed)
  } else await print(context, lines, json === true)
}

async function print({ terminal, exitWith }: Context, lines: AsyncIterable<ReplayLine>, json: boolean): Promise<void> {
  const text = new ReplayText()
  for await (const line of lines) {
    if (json) terminal.json(line)
    else for (const shown of text.lines(line)) terminal.out(shown)
    const wrong = line.type === 'damaged' || (line.type === 'recording' && line.matches === false)
    if (wrong) exitWith(exitCodes.failed)
    await terminal.flush()
  }
}

function speedFrom(text: string): number {
  const speed = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (speed >= slowest && speed <= fastest) return speed
  throw new InvalidArgumentError(`a number from ${slowest} to ${fastest}.`)
}

function idleFrom(text: string): number {
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('seconds, such as 2 or 0.5; 0 shortens nothing.')
}
