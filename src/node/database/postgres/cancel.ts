/**
 * Stopping what the server does for a session.
 * Source: PostgreSQL's protocol, "Canceling Requests in Progress": the request goes over a connection of its own, with the
 * secret that the session was given; the server answers nothing, and closes it once it has passed the word on.
 */
import { Deferred } from '../../../Deferred.ts';
import type { Client, Pg } from './client.ts';

/** Fires when the request was delivered, or could not be: only then may the session be asked anything else. Never fails. */
export function requestCancel({ Connection }: Pg, client: Client): Deferred<void> {
  const { host, port, ssl, processID, secretKey } = client;
  const delivered = new Deferred<void>();
  const over = (): void => {
    if (!delivered.called) delivered.callback();
  };
  const wire = new Connection({ ssl });
  const ask = (): void => wire.cancel(processID!, secretKey!);
  wire.on('connect', () => (ssl ? wire.requestSsl() : ask()));
  wire.on('sslconnect', ask);
  wire.on('error', over);
  wire.on('end', over);
  if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
  else wire.connect(port, host);
  return delivered;
}
