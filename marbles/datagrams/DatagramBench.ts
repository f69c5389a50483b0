/**
 * Where one case of the datagram contract is tried: sockets, waiting, and clearing up.
 * Knows: a runtime by its description. Does not know: the rules.
 */
import { asyncScheduler, Subscription, type Observable } from 'rxjs';
import type { Address, Destination } from '../../src/Address.ts';
import { bytes, utf8 } from '../../src/bytes.ts';
import type { CloseReason } from '../../src/Connection.ts';
import type { Datagram, Datagrams } from '../../src/Datagrams.ts';
import type { DatagramError } from '../../src/errors.ts';
import { onWarning, type RopewalkWarning } from '../../src/warnings.ts';
import { same } from '../compliance/Bench.ts';

/** What a runtime for datagrams is, for {@link datagramComplianceOf}. */
export interface DatagramComplianceRuntime {
  datagrams(endpoint: string): Datagrams;
  /** A place for a socket, another one at each call. */
  endpoint(): string;
  /** The very place that is bound at `address`. */
  at(address: Address): string;
  /** A place for a socket that is connected to `peer`. */
  connectedTo(peer: Address): string;
  /** A group, another one at each call; for those who can have groups. */
  group?(): DatagramGroup;
  /** The most bytes that a datagram can have. */
  readonly longest: number;
  readonly can: {
    /** A connected socket is told that nobody listens where it sends to. */
    readonly refused: boolean;
    /** There are groups. */
    readonly groups: boolean;
    /** Where groups are tried, `loopback` can be turned off. */
    readonly loopbackOff: boolean;
    /** Members may name the one sender whom they want to hear. */
    readonly sources: boolean;
  };
  /** On virtual time: lets a few milliseconds pass, with all that is planned in them. Without it, time is real. */
  advance?(): void;
  /** What is open in this process, by name: sockets, timers. What a case opens must be gone when it is over. */
  open?(): readonly string[];
}

/** A group to try, for {@link datagramComplianceOf}. */
export interface DatagramGroup {
  /** What members join. */
  readonly name: string;
  /** The interface where they do, and through which it is sent. */
  readonly interface?: string;
  /** Where to open a member: the first one, and the others once it is known where the first one is. */
  member(first?: Address): string;
  /** Where to send what the members should hear. */
  destination(first: Address): Destination;
  /** Two places to send from, each with the address by which members know the sender. Needed for `can.sources`. */
  readonly senders?: readonly { readonly endpoint: string; readonly source: string }[];
}

const patience = 10_000;

/** What one listener heard. */
export interface HeardDatagrams extends Subscription {
  readonly datagrams: Datagram[];
  readonly texts: string[];
  /** `undefined` as long as it goes on. */
  readonly end: { readonly error?: unknown } | undefined;
}

export class DatagramBench {
  readonly runtime: DatagramComplianceRuntime;
  readonly unhandled: unknown[] = [];
  /** The warnings that were given meanwhile. */
  readonly warnings: RopewalkWarning[] = [];
  private readonly openBefore: readonly string[];
  private readonly sockets: Datagrams[] = [];
  private readonly work = new Subscription();

  constructor(runtime: DatagramComplianceRuntime) {
    this.runtime = runtime;
    this.openBefore = runtime.open?.() ?? [];
    const before = onWarning((warning) => this.warnings.push(warning));
    this.work.add(() => onWarning(before));
  }

  /** A socket that is still opening. It must be closed, and hold nothing, when the case is over. */
  opening(endpoint = this.runtime.endpoint()): Datagrams {
    const socket = this.runtime.datagrams(endpoint);
    this.sockets.push(socket);
    return socket;
  }

  /** A socket that is bound, and where it is. */
  async open(endpoint?: string): Promise<{ socket: Datagrams; address: Address }> {
    const socket = this.opening(endpoint);
    let ended: CloseReason | undefined;
    socket.closed.addCallback((reason) => {
      ended = reason;
    });
    await this.until(() => socket.local !== undefined || ended !== undefined, 'a socket to be bound');
    if (ended !== undefined) throw 'error' in ended ? ended.error : new Error('it was closed');
    return { socket, address: socket.local! };
  }

  /** Two sockets: what `client` sends to `address` arrives at `server`. */
  async pair(): Promise<{ server: Datagrams; client: Datagrams; address: Address }> {
    const { socket: server, address } = await this.open();
    const { socket: client } = await this.open();
    return { server, client, address };
  }

  /** Ends with the case. */
  keep(subscription: Subscription): void {
    this.work.add(subscription);
  }

  /** Listens, and writes down what is heard. */
  hear(source: Observable<Datagram>): HeardDatagrams {
    const datagrams: Datagram[] = [];
    let end: { error?: unknown } | undefined;
    const subscription = source.subscribe({
      next: (datagram) => datagrams.push(datagram),
      error: (error: unknown) => (end = { error }),
      complete: () => (end = {}),
    });
    this.keep(subscription);
    return Object.defineProperties(subscription, {
      datagrams: { value: datagrams },
      texts: { get: () => datagrams.map(({ data }) => utf8(data)) },
      end: { get: () => end },
    }) as HeardDatagrams;
  }

  /** The errors of single datagrams, from now on. */
  errorsOf(socket: Datagrams): DatagramError[] {
    const errors: DatagramError[] = [];
    this.keep(socket.errors$.subscribe((error) => errors.push(error)));
    return errors;
  }

  /** Waits until the condition holds. Throws, naming `what`, when it does not within ten seconds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const { advance } = this.runtime;
    const deadline = Date.now() + patience;
    // On virtual time waiting is counted, not timed.
    for (let passes = 0; !condition(); passes++) {
      const tooLong = advance ? passes > patience : Date.now() > deadline;
      if (tooLong) throw new Error(`waited ${patience} ms in vain for ${what}`);
      await this.pass();
    }
  }

  /** How the socket ended, once it has. */
  async reasonOf(socket: Datagrams): Promise<CloseReason> {
    let reason: CloseReason | undefined;
    socket.closed.addCallback((value) => {
      reason = value;
    });
    await this.until(() => reason !== undefined, `${socket} to be closed`);
    return reason!;
  }

  /** Gives whatever should not happen the time to happen: round trips between sockets of their own. */
  async meanwhile(): Promise<void> {
    const { server, client, address } = await this.pair();
    server.subscribe(server);
    const heard = this.hear(client);
    for (let trip = 1; trip <= 5; trip++) {
      client.next({ data: bytes('.'), remote: address });
      await this.until(() => heard.texts.length === trip, 'an echo');
    }
    for (const socket of [server, client]) {
      socket.complete();
      await this.reasonOf(socket);
    }
  }

  /** A little time. */
  async pass(): Promise<void> {
    this.runtime.advance?.();
    if (this.runtime.advance) await Promise.resolve();
    else await new Promise<void>((resolve) => asyncScheduler.schedule(() => resolve(), 1));
  }

  /** Ends what the case left open, and checks that nothing remains. */
  async clear(): Promise<void> {
    for (const socket of this.sockets) socket.error(new Error('the case is over'));
    for (const socket of this.sockets) {
      await this.reasonOf(socket);
      const { phase, unsent, held, waiting } = socket.state;
      same({ phase, unsent, held, waiting }, { phase: 'closed', unsent: 0, held: false, waiting: 0 });
    }
    this.work.unsubscribe();
    await this.until(() => this.added().length === 0, 'nothing to be left open').catch(() => {
      throw new Error(`left open: ${this.added()}`);
    });
    if (this.unhandled.length > 0)
      throw new Error(`unhandled: ${this.unhandled.join(', ')}`, { cause: this.unhandled[0] });
  }

  /** After a failure: lets go of everything without looking. */
  abandon(): void {
    this.work.unsubscribe();
    for (const socket of this.sockets) socket.error(new Error('the case is over'));
  }

  private added(): string[] {
    const before = [...this.openBefore];
    return (this.runtime.open?.() ?? []).filter((name) => {
      const at = before.indexOf(name);
      if (at >= 0) before.splice(at, 1);
      return at < 0;
    });
  }
}
