/**
 * A connection that is first asked where to go, and is then carried on to there: what servers of proxies have in common.
 * Knows: the deadline, who is asked, what waits meanwhile, how a dial that fails is told. Does not know: what is said on the
 * wire (a machine does), where anybody may go (`connect` decides).
 */
import { defer, Observable, Subject, takeUntil, tap } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { maybeDeferred } from '../../src/deferred/index.ts';
import { ConnectError, ConnectionDone, TimedOut } from '../../src/errors.ts';
import { currentSink, subscribingFor } from '../../src/flow.ts';
import { Inbox } from '../../src/Inbox.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { relay } from '../relay.ts';

/** What comes of a chunk. At most one of `credentials`, `request` and `over`. */
export interface OnwardStep<Request, Credentials> {
  readonly reply?: Bytes;
  /** Say {@link OnwardMachine.authorized} or not before more is read. */
  readonly credentials?: Credentials;
  /** What is asked for, and the bytes that follow: the client's own. */
  readonly request?: { readonly request: Request; readonly unread: Bytes };
  /** The reply is a refusal: there is no more to say. */
  readonly over?: boolean;
  /** Why it is over, where the program would not know otherwise. */
  readonly problem?: unknown;
}

/** The server's side of asking: no connection, no clock. What it throws aborts the connection. */
export interface OnwardMachine<Request, Credentials> {
  receive(chunk: Bytes): OnwardStep<Request, Credentials>;
  /** What was decided about the credentials. */
  authorized(yes: boolean): OnwardStep<Request, Credentials>;
}

/** How one connection is asked and carried on. */
export interface Onward<Request, Credentials> {
  /** For messages: `SOCKS request`. */
  readonly what: string;
  /** Milliseconds until the request must be there. */
  readonly timeout: number;
  readonly machine: OnwardMachine<Request, Credentials>;
  /** Asked only if the machine gives credentials. */
  authorize(credentials: Credentials): boolean | PromiseLike<boolean>;
  connect(request: Request): Observable<Connection>;
  /** Told of what a client is refused for. */
  refused(error: unknown, request: Request | undefined): void;
  /** What the client is told of a connection, and of a dial that failed. */
  granted(request: Request, opened: Connection): Bytes;
  refusal(request: Request, error: unknown): Bytes;
}

/** A protocol that asks by `begin(connection).machine`, and then relays. */
export function onward<Request, Credentials>(
  begin: (connection: Connection) => Onward<Request, Credentials>,
): Protocol<Bytes> {
  return (incoming, connection) =>
    new Observable<Bytes>((subscriber) => {
      const { what, timeout, machine, ...program } = begin(connection);
      const { group, transport } = connection.halves;
      /** On whose behalf this is subscribed: what is dialled later feeds it. */
      const sink = currentSink();
      /** What arrives waits here whenever neither the machine nor the destination reads. */
      const inbox = new Inbox<Bytes>(group, { listeningChanged() {}, toString: () => what });
      const arriving = new Observable<Bytes>((reader) => inbox.subscribe(reader));
      const paused = new Subject<void>();
      let reading = false;

      const fail = (error: unknown): void => subscriber.error(error);
      const deadline = transport.scheduler.schedule(
        () => fail(new TimedOut(`the ${what} of ${connection} took more than ${timeout} ms`)),
        timeout,
      );
      const pause = (): void => {
        reading = false;
        paused.next();
      };
      const read = (): void => {
        reading = true;
        subscribingFor(undefined, () =>
          arriving.pipe(takeUntil(paused)).subscribe({
            next: (chunk) => attempt(() => machine.receive(chunk)),
            error: fail,
            complete() {
              if (reading) fail(new ConnectionDone(`${connection} ended before its ${what}`));
            },
          }),
        );
      };
      const attempt = (work: () => OnwardStep<Request, Credentials>): void => {
        let step;
        try {
          step = work();
        } catch (error) {
          fail(error);
          return;
        }
        follow(step);
      };
      const follow = ({ reply, credentials, request, over, problem }: OnwardStep<Request, Credentials>): void => {
        if (over) {
          end(reply, problem);
          return;
        }
        if (reply !== undefined) subscriber.next(reply);
        if (credentials !== undefined) {
          pause();
          const decided = maybeDeferred(() => program.authorize(credentials));
          subscriber.add(() => decided.cancel());
          decided
            .addCallback((yes) => {
              attempt(() => machine.authorized(yes));
              if (!deadline.closed) read();
            })
            .addErrback(fail);
        } else if (request !== undefined) {
          pause();
          deadline.unsubscribe();
          if (request.unread.length > 0) inbox.putBack(request.unread);
          carry(request.request);
        }
      };
      /** Says the last words. A program that fails at hearing why aborts its client, and nobody else. */
      const end = (reply: Bytes | undefined, problem?: unknown, request?: Request): void => {
        try {
          if (problem !== undefined) program.refused(problem, request);
        } catch (error) {
          fail(error);
          return;
        }
        if (reply !== undefined) subscriber.next(reply);
        subscriber.complete();
      };
      const carry = (request: Request): void => {
        let there = false;
        const target = defer(() => program.connect(request)).pipe(
          tap((opened) => {
            if (!there) subscriber.next(program.granted(request, opened));
            there = true;
          }),
        );
        const refuse = (error: unknown): void => end(program.refusal(request, error), error, request);
        subscriber.add(
          subscribingFor(sink, () =>
            relay(target)(arriving, connection).subscribe({
              next: (chunk) => subscriber.next(chunk),
              error: (error: unknown) => (there ? fail(error) : refuse(error)),
              complete: () =>
                there ? subscriber.complete() : refuse(new ConnectError('the dial ended without a connection')),
            }),
          ),
        );
      };

      subscriber.add(deadline);
      subscriber.add(pause);
      subscriber.add(
        // On nobody's behalf: only the destination that is full may stop the reading, and it joins by itself.
        subscribingFor(undefined, () =>
          incoming.subscribe({
            next: (chunk) => inbox.next(chunk),
            error: (error: unknown) => inbox.error(error),
            complete: () => inbox.complete(),
          }),
        ),
      );
      read();
    });
}
