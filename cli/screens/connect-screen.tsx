// The live part of `hoop connect` on a terminal, below the lines that were printed: connections, and what is held, with its clock.
import { useInput, useStdout } from 'ink'
import { useEffect, useSyncExternalStore, type ReactElement } from 'react'
import { asGatewayError } from '../../shared/errors.ts'
import type { Line } from '../reviews/detail.ts'
import { clockText, cutCells, visible, wrapCells } from '../reviews/text.ts'
import { maxReasonCharacters } from '../reviews/vote.ts'
import type { Terminal } from '../terminal.ts'
import type { Held, Holds, HoldsStore } from '../tunnel/holds.ts'
import { edited, Lines, show, useLatest, useNow, useSize, type Size } from './screen.tsx'

export interface ConnectScreenProps {
  readonly store: HoldsStore
  readonly withdraw: (review: string) => Promise<void>
  readonly giveReason: (review: string, reason: string) => Promise<void>
  readonly now: () => number
  /** q, or Ctrl-C. */
  readonly quit: () => void
}

export interface ConnectFacts {
  readonly holds: Holds
  readonly selected: number
  /** The reason being typed. */
  readonly reason: string | undefined
  readonly told: string | undefined
  readonly now: number
}

/** Pure. */
export function connectView({ holds, selected, reason, told, now }: ConnectFacts, { columns, rows }: Size): Line[] {
  const { held, connections } = holds
  const room = Math.max(1, Math.floor((rows - 6) / 3))
  const first = Math.max(0, Math.min(selected - Math.floor(room / 2), held.length - room))
  const shown = held.slice(first, first + room)
  const count = `${connections} connection${connections === 1 ? '' : 's'}${held.length === 0 ? '' : `, ${held.length} held`}`
  const keys = held.length === 0 ? 'q quits' : 'r says why, w withdraws, q quits'
  const foot: Line[] = reason === undefined
    ? [{ text: cutCells(`${count}  |  ${keys}`, columns), tone: 'dim' }]
    : [
        ...wrapCells(`Reason: ${visible(reason)}_`, columns).slice(-3).map((text): Line => ({ text, tone: 'strong' })),
        { text: cutCells('Enter tells it, Esc goes back', columns), tone: 'dim' }
      ]
  return [
    ...shown.flatMap((hold, i) => holdLines(hold, first + i === selected && held.length > 1, columns, now)),
    ...(held.length > shown.length ? [{ text: cutCells(`${held.length - shown.length} more`, columns), tone: 'dim' as const }] : []),
    ...(told === undefined ? [] : [{ text: cutCells(visible(told), columns), tone: 'strong' as const }]),
    ...foot
  ]
}

function holdLines(hold: Held, marked: boolean, columns: number, now: number): Line[] {
  const { review, connection, rule, asked, expiresAt, statement } = hold
  const left = clockText(Date.parse(expiresAt) - now)
  const wanted = hold.reasonWanted && !hold.reasonGiven ? ': a reason is wanted, press r' : ''
  const line = (text: string, tone: Line['tone']): Line => ({ text: cutCells(visible(text), columns), tone })
  return [
    line(`${marked ? '>' : ' '} held, ${left} left: connection ${connection}, asked ${asked.join(', ')}, rule "${rule}"`, 'warning'),
    line(`    ${statement}`, 'strong'),
    line(`    ${review}${wanted}`, 'dim')
  ]
}

export function ConnectScreen({ store, withdraw, giveReason, now, quit }: ConnectScreenProps): ReactElement {
  const size = useSize()
  const time = useNow(now)
  const holds = useSyncExternalStore(store.subscribe, store.current)
  const { write } = useStdout()
  const [read, change] = useLatest<State>({ mark: undefined, typing: undefined, told: undefined })
  useEffect(() => store.printWith(write), [store, write])

  const state = () => {
    const { mark, typing, told } = read()
    const { held } = store.current()
    return {
      held,
      told,
      selected: Math.max(0, held.findIndex(({ review }) => review === mark)),
      // It may be decided while its reason is typed.
      typing: typing !== undefined && held.some(({ review }) => review === typing.review) ? typing : undefined
    }
  }
  const act = (what: Promise<void>, done: string) => {
    what.then(() => change({ told: done }), (error: unknown) => change({ told: asGatewayError(error).message }))
  }

  useInput((input, key) => {
    if (key.ctrl && input === 'c') return quit()
    const { held, selected, typing } = state()
    if (typing !== undefined) {
      if (key.escape) return change({ typing: undefined })
      if (!key.return) return change({ typing: { ...typing, text: edited(typing.text, input, key, maxReasonCharacters) } })
      const reason = typing.text.trim()
      if (reason === '') return
      change({ typing: undefined })
      return act(giveReason(typing.review, reason).then(() => store.reasoned(typing.review)), 'those who decide see your reason now')
    }
    change({ told: undefined })
    const hold = held[selected]
    if (input === 'q') return quit()
    if (key.upArrow || input === 'k') return change({ mark: held[Math.max(0, selected - 1)]?.review })
    if (key.downArrow || input === 'j') return change({ mark: held[Math.min(held.length - 1, selected + 1)]?.review })
    if (hold === undefined) return
    if (input === 'r') return change({ typing: { review: hold.review, text: '' } })
    if (input === 'w') act(withdraw(hold.review), `${hold.review} is withdrawn`)
  })

  const { selected, typing, told } = state()
  return <Lines lines={connectView({ holds, selected, reason: typing?.text, told, now: time }, size)} />
}

interface State {
  /** The hold under the mark. */
  readonly mark: string | undefined
  readonly typing: { readonly review: string, readonly text: string } | undefined
  readonly told: string | undefined
}

export interface LivePart {
  close(): Promise<void>
}

/** Until closed, what is said is printed above it. */
export function showConnect(terminal: Terminal, props: ConnectScreenProps): LivePart {
  const screen = show(terminal, () => <ConnectScreen {...props} />, props.store.print, { full: false })
  return {
    async close() {
      props.store.flush()
      screen.close()
      await screen.over
    }
  }
}
