// Fills in what a target's Usage leaves open: host, port and, where the session has one, the password. Pure.
import type { Usage } from '../../shared/model.ts'

export interface Place {
  readonly host: string
  readonly port: number
  readonly password?: string
}

export interface FilledUsage {
  readonly url: string
  readonly command: string
  readonly environment: Readonly<Record<string, string>>
  readonly forms: Readonly<Record<string, string>>
}

export function fillUsage(usage: Usage, place: Place): FilledUsage {
  const fill = (template: string) => template.replace(/\{(host|port|password)\}/g, (_, name: keyof Place) => String(place[name]))
  const url = (text: string) => withPassword(fill(text), place.password)
  const known = (templates: Readonly<Record<string, string>>) => Object.entries(templates)
    .filter(([, value]) => place.password !== undefined || !value.includes('{password}'))
  const environment = known(usage.environment).map(([name, value]) => [name, /^[a-z][a-z0-9+.-]*:\/\//.test(value) ? url(value) : fill(value)])
  const forms = known(usage.forms ?? {}).map(([name, value]) => [name, fill(value)])
  return {
    url: url(usage.url),
    command: fill(usage.command),
    environment: Object.fromEntries(environment) as Record<string, string>,
    forms: Object.fromEntries(forms) as Record<string, string>
  }
}

/** `scheme://user:password@host...`; it is useless anywhere but at this port. */
function withPassword(url: string, password: string | undefined): string {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/.exec(url)
  if (password === undefined || parts === null) return url
  const [, scheme, authority, rest] = parts as unknown as [string, string, string, string]
  const at = authority.lastIndexOf('@')
  return `${scheme}${authority.slice(0, Math.max(at, 0))}:${encodeURIComponent(password)}@${authority.slice(at + 1)}${rest}`
}
