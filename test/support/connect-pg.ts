// node-postgres on a local port, as a client of the gateway's: whatever it says about itself there is not asked for.
import pg from 'pg'

/** Connected to `to`. @param more who else it is, or another database than the clinic */
export async function connectPg(to: { readonly host?: string, readonly port: number }, more: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ host: to.host ?? '127.0.0.1', port: to.port, user: 'whoever', database: 'clinic', ...more })
  // A connection that is cut rejects what waits on it, too.
  client.on('error', () => undefined)
  await client.connect()
  return client
}
