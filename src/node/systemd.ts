/**
 * The endpoint `systemd:`, a listening socket that systemd opened for us (sd_listen_fds(3), systemd.socket(5)).
 * Knows: the three variables that say what was passed. Does not know: how a socket is adopted (adopted.ts).
 */
import { IpAddress } from '../Address.ts';
import { numberField, Shape, textField, type Field, type ServerType } from '../Endpoint.ts';
import { AddressUnavailable } from '../errors.ts';
import { listenAdopted } from './adopted.ts';

const domains = ['INET', 'INET6', 'UNIX'] as const;

/** `systemd:`. */
export interface SystemdServer {
  /** What kind of socket it must be (any). */
  domain?: (typeof domains)[number];
  /** Which of those that were passed, counted from 0 (the only one, or the first). */
  index?: number;
  /** Its name, as `FileDescriptorName=` says it. */
  name?: string;
}

/** SD_LISTEN_FDS_START: the first descriptor that is passed. */
const firstDescriptor = 3;

const domainField: Field<(typeof domains)[number]> = {
  expected: `one of ${domains.join(', ')}`,
  parse: (text) => domains.find((domain) => domain === text.toUpperCase()),
  format: (domain) => domain,
};

export const systemdServer: ServerType<SystemdServer> = {
  shape: new Shape('systemd', {
    domain: { field: domainField, required: false },
    index: { field: numberField('a number from 0', 0, 65535), required: false },
    name: { field: textField, required: false },
  }),
  listen(options) {
    const endpoint = this.shape.format(options);
    const { domain } = options;
    return listenAdopted(
      endpoint,
      () => descriptorFor(endpoint, options, process.env, process.pid),
      (address) => {
        const found = address instanceof IpAddress ? (address.family === 'IPv6' ? 'INET6' : 'INET') : 'UNIX';
        if (domain !== undefined && domain !== found) {
          throw new AddressUnavailable(`listening at ${endpoint}: the socket that was passed is of domain ${found}`);
        }
      },
    );
  },
};

/** The descriptor that was passed under this index or name. Throws {@link AddressUnavailable}. */
export function descriptorFor(
  endpoint: string,
  { index, name }: SystemdServer,
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number {
  const missing = (problem: string): Error => new AddressUnavailable(`listening at ${endpoint}: ${problem}`);
  if (index !== undefined && name !== undefined) throw missing('a socket has an index or a name, not both');
  // The variables may have come down from another process, for which they were meant.
  if (env.LISTEN_PID !== String(pid)) throw missing('no sockets were passed to this process');
  const count = /^\d{1,5}$/.test(env.LISTEN_FDS ?? '') ? Number(env.LISTEN_FDS) : 0;
  const names = (env.LISTEN_FDNAMES ?? '').split(':');
  const at = name === undefined ? (index ?? 0) : names.indexOf(name);
  if (at >= 0 && at < count) return firstDescriptor + at;
  throw missing(
    name === undefined
      ? `${count} sockets were passed, and this would be number ${at}`
      : `no socket of that name was passed, of ${count}: ${env.LISTEN_FDNAMES ?? 'they have no names'}`,
  );
}
