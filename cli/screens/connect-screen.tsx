// The live part of `hoop connect` on a terminal, below the lines that were printed. What it looks like is connect-view.ts's; here are the
// keys and what they do.
import { useInput } from 'ink'
import { useEffect, useRef, useSyncExternalStore, type ReactElement } from 'react'
import type { ReviewDetail, ReviewVote } from '../../shared/api.ts'
import { asGatewayError } from '../../shared/errors.ts'
import type { LoginWay } from '../login/anew.ts'
import { maxReasonCharacters } from '../reviews/vote.ts'
import type { Terminal } from '../terminal.ts'
import type { LiveStore } from '../tunnel/live.ts'
import { connectView, type PortFacts, type Prompt } from './connect-view.ts'
import { edited, Lines, show, useLatest, useNow, useSize } from './screen.tsx'

export interface ConnectScreenProps {
  readonly store: LiveStore
  /** A new session may have another URL. */
  readonly port: () => PortFacts
  readonly withdraw: (review: string) => Promise<void>
  readonly giveReason: (review: string, reason: string) => Promise<void>
  readonly review: (review: string) => Promise<ReviewDetail>
  readonly approve: (review: string, vote: ReviewVote) => Promise<unknown>
  /** @returns what to say of it */
  readonly copy: (text: string) => Promise<string>
  /** Resolves when there is a login again; absent where none can be made here. */
  readonly logIn?: (way: LoginWay, signal: AbortSignal) => Promise<void>
  readonly now: () => number
  /** q, or Ctrl-C. */
  readonly quit: () => void
}

interface State {
  /** The hold under the mark. */
  readonly mark: string | undefined
  readonly prompt: Prompt | undefined
  readonly told: string | undefined
  /** The hold that `told` is about, which goes with it; undefined where it is to be read afterwards. */
  readonly toldOf?: string | undefined
}

export function ConnectScreen(props: ConnectScreenProps): ReactElement {
  const { store, now, quit } = props
  const size = useSize()
  const time = useNow(now)
  const live = useSyncExternalStore(store.subscribe, store.current)
  const [read, change] = useLatest<State>({ mark: undefined, prompt: undefined, told: undefined })
  const login = useRef<AbortController | undefined>(undefined)
  const away = live.away !== undefined
  // It may have been made in another window.
  useEffect(() => { if (!away) login.current?.abort() }, [away])
  useEffect(() => () => login.current?.abort(), [])

  const state = () => {
    const { mark, prompt, told, toldOf } = read()
    const { held } = store.current()
    return {
      held,
      told: toldOf === undefined || held.some(({ review }) => review === toldOf) ? told : undefined,
      selected: Math.max(0, held.findIndex(({ review }) => review === mark)),
      // It may be decided while its reason is typed.
      prompt: prompt === undefined || prompt.type === 'login' || held.some(({ review }) => review === prompt.review) ? prompt : undefined
    }
  }
  const act = (what: Promise<unknown>, done: string, toldOf?: string) => {
    what.then(() => change({ told: done, toldOf }), (error: unknown) => change({ told: failed(error), toldOf: undefined }))
  }
  const logIn = (way: LoginWay) => {
    const stop = new AbortController()
    login.current = stop
    change({ prompt: { type: 'login', way }, told: undefined })
    props.logIn!(way, stop.signal).catch((error: unknown) => { if (!stop.signal.aborted) change({ told: failed(error) }) }).finally(() => {
      if (login.current === stop) change({ prompt: undefined })
    })
  }
  const openRelease = (review: string) => {
    change({ prompt: { type: 'release', review, text: '', detail: undefined, busy: false } })
    const still = (next: Partial<State>) => {
      const { prompt } = read()
      if (prompt?.type === 'release' && prompt.review === review) change(next)
    }
    props.review(review).then(
      (detail) => still({ prompt: { type: 'release', review, text: '', detail, busy: false } }),
      (error: unknown) => still({ prompt: undefined, told: failed(error) })
    )
  }
  const release = async (prompt: Extract<Prompt, { type: 'release' }>, { binding }: ReviewDetail, reason: string) => {
    change({ prompt: { ...prompt, busy: true } })
    const told = await props.approve(prompt.review, { binding, reason, breakGlass: true }).then(() => `${prompt.review} is released`, failed)
    change({ prompt: undefined, told })
  }
  /** Of a prompt that is open. */
  const answer = (prompt: Prompt, input: string, key: Parameters<Parameters<typeof useInput>[0]>[1]) => {
    if (key.escape) {
      if (prompt.type === 'login') login.current?.abort()
      if (prompt.type !== 'release' || !prompt.busy) change({ prompt: undefined })
      return
    }
    if (prompt.type === 'login' || (prompt.type === 'release' && (prompt.detail === undefined || prompt.busy))) return
    if (!key.return) return change({ prompt: { ...prompt, text: edited(prompt.text, input, key, maxReasonCharacters) } })
    const reason = prompt.text.trim()
    if (reason === '') return
    if (prompt.type === 'release') return void release(prompt, prompt.detail!, reason)
    change({ prompt: undefined })
    act(props.giveReason(prompt.review, reason).then(() => store.reasoned(prompt.review)), 'those who decide see your reason now', prompt.review)
  }

  useInput((input, key) => {
    if (key.ctrl && input === 'c') return quit()
    const { held, selected, prompt } = state()
    if (prompt !== undefined) return answer(prompt, input, key)
    change({ prompt: undefined, told: undefined, toldOf: undefined })
    if (input === 'q') return quit()
    if (input === 'c') return void props.copy(props.port().url).then((told) => change({ told }))
    if (props.logIn !== undefined && store.current().away?.code === 'unauthenticated' && (input === 'l' || input === 'd')) {
      return logIn(input === 'l' ? 'browser' : 'device')
    }
    if (key.upArrow || input === 'k') return change({ mark: held[Math.max(0, selected - 1)]?.review })
    if (key.downArrow || input === 'j') return change({ mark: held[Math.min(held.length - 1, selected + 1)]?.review })
    const hold = held[selected]
    if (hold === undefined) return
    if (input === 'r') return change({ prompt: { type: 'reason', review: hold.review, text: '' } })
    if (input === 'w') return act(props.withdraw(hold.review), `${hold.review} is withdrawn`)
    if (input === 'a' && hold.mayRelease) openRelease(hold.review)
  })

  const { selected, prompt, told } = state()
  const mayLogIn = props.logIn !== undefined
  return <Lines lines={connectView({ port: props.port(), live, selected, prompt, told, now: time, mayLogIn }, size)} />
}

function failed(error: unknown): string {
  const { message, hint } = asGatewayError(error)
  return hint === undefined ? message : `${message} (${hint})`
}

export interface LivePart {
  close(): Promise<void>
}

/** Until closed, what is said is printed above it. */
export function showConnect(
  terminal: Terminal,
  { copy, ...props }: Omit<ConnectScreenProps, 'copy'> & { readonly copy: (text: string, ask: (text: string) => void) => Promise<string> }
): LivePart {
  const screen = show(terminal, (parts) => (
    <ConnectScreen {...props} copy={(text) => copy(text, parts.copy)} />
  ), props.store.print, { full: false })
  const stop = props.store.printWith(screen.print)
  return {
    async close() {
      props.store.flush()
      stop()
      screen.close()
      await screen.over
    }
  }
}
