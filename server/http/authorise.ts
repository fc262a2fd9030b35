// Who may do what at the edge: one table for HTTP and WebSocket, deny by default. Pure.
// What may be done within a session is the policy's affair; which target may be opened, too.
import type { Verified } from '../identity/identity.ts'
import type { Owner } from '../session/registry.ts'
import { GatewayError } from '../../shared/errors.ts'

export type Action = keyof typeof rules

type Rule = (who: Verified, object: Owner | undefined) => boolean

const anybody: Rule = () => true
const people: Rule = ({ principal }) => principal.kind === 'human'
const admins: Rule = (who) => people(who, undefined) && who.admin
const auditors: Rule = (who) => people(who, undefined) && (who.auditor || who.admin)
const owner: Rule = ({ principal }, object) =>
  object !== undefined && principal.issuer === object.issuer && principal.subject === object.subject
/** A review that the asker may not see is handed in as none. */
const visible: Rule = (_, object) => object !== undefined
const visibleToAdmin: Rule = (who, object) => visible(who, object) && admins(who, object)
const ownerOrAdmin: Rule = (who, object) => object !== undefined && (owner(who, object) || admins(who, object))

const rules = {
  'self.read': anybody,
  'login.end': anybody,
  'targets.list': anybody,
  /** Of targets one may open, which the registry knows. */
  'statement.explain': anybody,
  /** Whose are listed is `listsAll`'s to say. */
  'sessions.list': anybody,
  'session.open': anybody,
  'session.read': ownerOrAdmin,
  'session.end': ownerOrAdmin,
  /** What was shown in it. Whose own it is, `replayedAs` says. */
  'session.replay': (who, object) => object !== undefined && (owner(who, object) || auditors(who, object)),
  'session.listen': owner,
  /** Not admins either: what runs in a session is its owner's doing, and stands so in the audit log. */
  'session.connect': owner,
  /** Which are listed and told of is reviews' to say: those one asked for and those one may decide; admins all. */
  'reviews.list': anybody,
  'reviews.listen': anybody,
  'review.read': visible,
  /** By whom, reviews.ts says in words: four eyes is more than a table. */
  'review.decide': visible,
  'review.withdraw': visible,
  'review.expire': visibleToAdmin,
  'service-token.create': people,
  'service-tokens.list': people,
  'service-token.revoke': people,
  'users.list': admins,
  'user.disable': admins,
  'user.enable': admins,
  /** The whole log, everybody's entries. Each reading leaves an entry. */
  'audit.read': auditors,
  /** Redaction and whatever else takes something away. */
  'audit.manage': admins
} satisfies Record<string, Rule>

/**
 * @param object whose the thing is that the action is about; undefined where there is no such thing. Left out for actions about no thing
 * @throws GatewayError not_found for a thing of somebody else's, exactly as for one that does not exist; forbidden otherwise, as for a
 *   review that the asker may see
 */
export function authorise(who: Verified, action: Action, ...about: [object?: Owner]): void {
  if (Object.hasOwn(rules, action) && rules[action](who, about[0])) return
  const seen = action.startsWith('review.') && about[0] !== undefined
  throw about.length === 0 || seen
    ? new GatewayError('forbidden', 'you may not do that', hintFor(action))
    : action.startsWith('review.')
      ? new GatewayError('not_found', 'there is no such review', { hint: 'hoop reviews lists those you may see' })
      : new GatewayError('not_found', 'there is no such session', { hint: 'hoop sessions lists yours' })
}

function hintFor(action: Action): { hint?: string } {
  switch (rules[action]) {
    case people: return { hint: 'only people may, and no service token: hoop login' }
    case admins:
    case visibleToAdmin: return { hint: 'only admins may; hoop whoami says who you are' }
    case auditors: return { hint: 'only auditors and admins may; hoop whoami says who you are' }
    default: return {}
  }
}

/** Whose a session is where it is to be seen again: nobody's, for its owner where people may not see their own. */
export function replayedAs(object: Owner | undefined, who: Verified, own: boolean): Owner | undefined {
  return own || !owner(who, object) || auditors(who, object) ? object : undefined
}

/** Whether listings show everybody's sessions or the asker's own. */
export function listsAll(who: Verified): boolean {
  return admins(who, undefined)
}
