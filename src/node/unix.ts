/**
 * The endpoint `unix:`, a stream socket with a path in the file system.
 * Knows: its fields and modes. Does not know: how sockets are driven (sockets.ts).
 */
import { chmodSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { PathAddress } from '../Address.ts';
import { Shape, textField, type ClientType, type Field, type ServerType } from '../Endpoint.ts';
import { listenFailure } from './failures.ts';
import { connectWith, listenWith } from './sockets.ts';
import { connectionOf } from './SocketTransport.ts';
import { backlogField, timeoutField } from './tcp.ts';

/** `unix:PATH`. */
export interface UnixServer {
  path: string;
  /** Who may connect, as `chmod` says it; left to the process's umask if not given. */
  mode?: number;
  /** How many connections the system keeps waiting to be accepted (511). */
  backlog?: number;
}

/** `unix:PATH`. */
export interface UnixClient {
  path: string;
  /** Milliseconds until a dial is given up (30,000). */
  timeout?: number;
}

const modeField: Field<number> = {
  expected: 'an octal mode such as 660',
  parse: (text) => (/^[0-7]{1,4}$/.test(text) ? parseInt(text, 8) : undefined),
  format: (value) => value.toString(8),
};

export const unixServer: ServerType<UnixServer> = {
  shape: new Shape('unix', {
    path: { field: textField, required: true },
    mode: { field: modeField, required: false },
    backlog: { field: backlogField, required: false },
  }),
  listen(options) {
    const { path, mode, backlog } = options;
    const address = new PathAddress(path);
    return listenWith(
      this.shape.format(options),
      { path, backlog },
      () => {
        if (mode !== undefined) chmodSync(path, mode);
        return address;
      },
      (socket, bound) => connectionOf(socket, () => bound, new PathAddress('')),
      (endpoint, cause) => {
        if (existsSync(dirname(path))) return listenFailure(endpoint, cause);
        // For likeness with Windows, libuv says of a folder that is not there that it is forbidden.
        return listenFailure(endpoint, Object.assign(new Error(cause.message, { cause }), { code: 'ENOENT' }));
      },
    );
  },
};

export const unixClient: ClientType<UnixClient> = {
  shape: new Shape('unix', {
    path: { field: textField, required: true },
    timeout: { field: timeoutField, required: false },
  }),
  connect(options) {
    const { path, timeout = 30_000 } = options;
    return connectWith(this.shape.format(options), { path }, timeout, (socket) =>
      connectionOf(socket, () => new PathAddress(''), new PathAddress(path)),
    );
  },
};
