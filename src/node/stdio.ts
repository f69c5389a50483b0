/**
 * The endpoint `stdio:`, this program's standard input and output as a connection.
 * Knows: that they are borrowed: nobody may close them for good, and there is one of them. Does not know: how streams are driven.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { PathAddress } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import { Connection } from '../Connection.ts';
import { connecting } from '../connecting.ts';
import { Shape, type ClientType, type ServerType } from '../Endpoint.ts';
import { AddressInUse, ConnectError } from '../errors.ts';
import { Listener } from '../Listener.ts';
import { StreamTransport } from './StreamTransport.ts';
import { atTurnEnd } from './turn.ts';

/** `stdio:` has no fields. */
export type Stdio = Record<never, never>;

const shape = new Shape<Stdio>('stdio', {});
const address = new PathAddress('standard input and output');

/** There is one, and two readers would each get half of what is typed. */
let borrowed = false;

export const stdioServer: ServerType<Stdio> = {
  shape,
  listen: () =>
    new Listener((events) => {
      let stopped = false;
      atTurnEnd({
        flush() {
          if (stopped) return;
          if (borrowed) {
            events.failed(new AddressInUse('listening at stdio:: it is a connection already'));
            return;
          }
          events.bound(address);
          const connection = borrow();
          connection.halves.onClosed(() => events.ended());
          events.accepted(connection);
        },
      });
      return () => {
        stopped = true;
      };
    }),
};

export const stdioClient: ClientType<Stdio> = {
  shape,
  connect: () =>
    connecting('stdio:', (events) => {
      let cancelled = false;
      atTurnEnd({
        flush() {
          if (cancelled) return;
          if (borrowed) events.failed(new ConnectError('connecting to stdio:: it is a connection already'));
          else events.opened(borrow());
        },
      });
      return () => {
        cancelled = true;
      };
    }),
};

function borrow(): Connection {
  borrowed = true;
  const streams = { readable: new Input(process.stdin), writable: new Output(process.stdout) };
  const connection = new Connection((events) => new StreamTransport(streams, new PathAddress(''), address, events));
  connection.halves.onClosed(() => {
    borrowed = false;
  });
  return connection;
}

/** Reads another stream, and gives it back paused. */
class Input extends Readable {
  private readonly source: Readable;

  constructor(source: Readable) {
    super({ highWaterMark: 65536 });
    this.source = source;
    source.on('data', this.onData).on('end', this.onEnd).on('error', this.onError);
    if (source.readableEnded || source.destroyed) this.push(null);
  }

  override _read(): void {
    this.source.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.source.off('data', this.onData).off('end', this.onEnd).off('error', this.onError).pause();
    done(error);
  }

  private readonly onData = (chunk: Bytes): void => {
    if (!this.push(chunk)) this.source.pause();
  };

  private readonly onEnd = (): void => void this.push(null);

  private readonly onError = (error: Error): void => void this.destroy(error);
}

/** Writes to standard output, and tells its end to whoever reads it. */
class Output extends Writable {
  private readonly target: Writable & { readonly fd?: number };
  private broken = false;

  constructor(target: Writable) {
    super({ highWaterMark: 65536 });
    this.target = target;
    target.on('error', this.onError);
  }

  override _write(chunk: Bytes, _encoding: string, done: (error?: Error | null) => void): void {
    this.target.write(chunk, done);
  }

  override _final(done: () => void): void {
    // Everything before is out when this is called back.
    this.target.write('', () => {
      if (this.target.fd !== undefined) endReaders(this.target.fd);
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // A stream that is broken tells it after its last write has; with nobody to hear it the program would end.
    if (!this.broken && error === null) this.target.off('error', this.onError);
    done(error);
  }

  private readonly onError = (error: Error): void => {
    this.broken = true;
    this.destroy(error);
  };
}

/**
 * Who reads our output through a pipe hears its end when the pipe is closed, and Node keeps it open while the program runs.
 * Something must stand in its place, lest the next file that is opened gets what is printed from now on.
 */
function endReaders(fd: number): void {
  const place = fstatSync(fd);
  if (!place.isFIFO() && !place.isSocket()) return;
  closeSync(fd);
  const instead = openSync('/dev/null', 'w');
  // The lowest number that is free is taken; if that was another one, it is none of ours.
  if (instead !== fd) closeSync(instead);
}
