// How the gateway's own questions to a database begin, so that whoever reads the database's log can tell them from people's. No
// secret, and no proof: whoever holds the credential can write the same. Pure.

export const ownMark = '/* hoop */ '
