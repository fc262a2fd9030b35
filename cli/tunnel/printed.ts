// An open port as other programs' configurations have it: `hoop connect TARGET --print FORM`. Pure.
import { GatewayError } from '../../shared/errors.ts'
import { shellWord } from '../shell-word.ts'
import type { OpenPort } from './port.ts'

export const printForms = ['url', 'env', 'pgpass', 'service', 'jdbc', 'json'] as const
export type PrintForm = typeof printForms[number]

type Printed = Pick<OpenPort, 'target' | 'session' | 'host' | 'port' | 'socket' | 'usage' | 'password'>

/** @throws GatewayError usage where there is no such form of it */
export function printedAs(form: PrintForm, opened: Printed): string {
  const { target, usage, password } = opened
  switch (form) {
    case 'url': return usage.url
    case 'env': return Object.entries(usage.environment).map(([name, value]) => `${name}=${shellWord(value)}`).join('\n')
    case 'json': return jsonOf(opened)
    default: {
      const text = usage.forms[form]
      if (text !== undefined) return text
      if (form === 'pgpass' && password === undefined) {
        throw new GatewayError('usage', 'this session has no password, so there is nothing for a password file', {
          hint: 'leave the password empty in your client: on this machine the port is yours alone without one'
        })
      }
      throw new GatewayError('usage', `a port of a ${target.protocol} target has no form "${form}"`, { hint: '--print url, env or json' })
    }
  }
}

function jsonOf({ target, session, host, port, socket, usage }: Printed): string {
  const { url, command, environment } = usage
  return JSON.stringify({
    target: target.name,
    protocol: target.protocol,
    session,
    host,
    port,
    ...(socket === undefined ? {} : { socket: socket.path }),
    url,
    command,
    environment
  })
}
