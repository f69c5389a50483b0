/**
 * The endpoint `unix:`, a stream socket with a path in the file system, or a name of Linux's own (unix(7), abstract sockets).
 * Knows: its fields and modes, what a server that was killed leaves behind. Does not know: how sockets are driven (sockets.ts).
 */
import { chmodSync, existsSync, lstatSync, unlinkSync, type Stats } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { PathAddress, type Address } from '../Address.ts';
import type { Connection } from '../Connection.ts';
import { Shape, textField, type ClientType, type Field, type ServerType } from '../Endpoint.ts';
import { Listener } from '../Listener.ts';
import { listenFailure } from './failures.ts';
import { bindWith, connectWith } from './sockets.ts';
import { connectionOf } from './SocketTransport.ts';
import { backlogField, timeoutField } from './tcp.ts';

/** `unix:PATH`. */
export interface UnixServer {
  /**
   * `@name` is a name without a file, on Linux; a file of that name is `./@name`. Node 20 fills it with zeros to 107 bytes, and
   * a peer in another language has to do the same (socat: `unix-tightsocklen=0`).
   */
  path: string;
  /** Who may connect, as `chmod` says it; left to the process's umask if not given. */
  mode?: number;
  /** How many connections the system keeps waiting to be accepted (511). */
  backlog?: number;
}

/** `unix:PATH`. */
export interface UnixClient {
  /** `@name` is a name without a file, on Linux; a file of that name is `./@name`. */
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
    const { mode, backlog } = options;
    const path = systemPath(options.path);
    const address = new PathAddress(options.path);
    const failure = (endpoint: string, cause: Error): Error => listenFailure(endpoint, clearer(path, cause));
    const addressOf = (): PathAddress => {
      if (mode !== undefined) chmodSync(path, mode);
      return address;
    };
    return new Listener((events) => {
      const bind = (): void => {
        close = bindWith(events, this.shape.format(options), { path, backlog }, addressOf, acceptUnix, failure);
      };
      let close = (): void => {};
      const cancel = withoutStale(path, bind);
      return () => {
        cancel();
        close();
      };
    });
  },
};

export const unixClient: ClientType<UnixClient> = {
  shape: new Shape('unix', {
    path: { field: textField, required: true },
    timeout: { field: timeoutField, required: false },
  }),
  connect(options) {
    const { path, timeout = 30_000 } = options;
    return connectWith(this.shape.format(options), { path: systemPath(path) }, timeout, (socket) =>
      connectionOf(socket, () => new PathAddress(''), new PathAddress(path)),
    );
  },
};

function acceptUnix(socket: Socket, bound: Address): Connection {
  return connectionOf(socket, () => bound, new PathAddress(''));
}

/** A name without a file begins with a zero byte, which people write as `@`. */
function systemPath(path: string): string {
  return path.startsWith('@') ? `\0${path.slice(1)}` : path;
}

/**
 * A server that was killed leaves its socket behind, and nobody can bind there any more. Calls `bind` once that is out of
 * the way: a socket is removed if nobody answers at it, and if it is still the same one by then. Returns how to stop.
 */
function withoutStale(path: string, bind: () => void): () => void {
  const found = socketAt(path);
  if (found === undefined) {
    bind();
    return () => {};
  }
  // Where somebody answers, binding fails, as it should; that server sees a visitor who leaves at once.
  const probe = connect({ path });
  probe.once('connect', () => {
    probe.destroy();
    bind();
  });
  probe.once('error', (error: Error & { code?: string }) => {
    const now = error.code === 'ECONNREFUSED' ? socketAt(path) : undefined;
    if (now !== undefined && now.ino === found.ino && now.ctimeMs === found.ctimeMs) {
      try {
        unlinkSync(path);
      } catch {
        // Then it is in the way, and binding says so.
      }
    }
    bind();
  });
  return () => probe.destroy();
}

function socketAt(path: string): Stats | undefined {
  if (path.startsWith('\0')) return undefined;
  try {
    const found = lstatSync(path);
    return found.isSocket() ? found : undefined;
  } catch {
    // Not there, or not to be seen: binding knows better what to say of it.
    return undefined;
  }
}

/** libuv says of a folder that is not there that it is forbidden, for likeness with Windows; and of any file that somebody listens. */
function clearer(path: string, cause: Error & { code?: string }): Error {
  if (!path.startsWith('\0') && !existsSync(dirname(path))) {
    return Object.assign(new Error(cause.message, { cause }), { code: 'ENOENT' });
  }
  return cause;
}
