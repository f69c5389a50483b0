/**
 * Where one case of the contract is tried: pairs of connections, waiting, and clearing up.
 * Knows: a runtime by its description. Does not know: the rules.
 */
import { asyncScheduler, identity, Subscription, type Observable } from 'rxjs';
import type { Address } from '../../src/Address.ts';
import { bytes, concat, utf8, type Bytes } from '../../src/bytes.ts';
import type { CloseReason, Connection } from '../../src/Connection.ts';
import { heldGroups } from '../../src/flow.ts';
import type { Listener } from '../../src/Listener.ts';
import { serve } from '../../src/Protocol.ts';
import { stillHeld } from '../held.ts';

/** What a runtime is, for {@link complianceOf}. */
export interface ComplianceRuntime {
  listen(endpoint: string): Listener;
  connect(endpoint: string): Observable<Connection>;
  /** A place to listen at, another one at each call. */
  endpoint(): string;
  /** How to dial what is bound at `address`. */
  reach(address: Address): string;
  readonly can: {
    /** An abort reaches the peer as a loss, also when nothing was left unread. */
    readonly reset: boolean;
    /** One direction can end while the other goes on. */
    readonly halfClose: boolean;
    /** A peer whose bytes are not read is held (yes, unless said). */
    readonly pressure?: boolean;
    /** Each write arrives as one chunk of its own: nothing is joined, nothing is cut (no, unless said). */
    readonly messages?: boolean;
  };
  /** On virtual time: lets a few milliseconds pass, with all that is planned in them. Without it, time is real. */
  advance?(): void;
  /** What is open in this process, by name: sockets, ports, timers. What a case opens must be gone when it is over. */
  open?(): readonly string[];
}

const patience = 10_000;

/** What one side heard. */
export interface Heard extends Subscription {
  readonly chunks: Bytes[];
  readonly length: number;
  readonly text: string;
  /** `undefined` as long as it goes on. */
  readonly end: { readonly error?: unknown } | undefined;
}

export class Bench {
  readonly runtime: ComplianceRuntime;
  readonly unhandled: unknown[] = [];
  private readonly openBefore: readonly string[];
  private readonly heldBefore = heldGroups();
  private readonly connections: Connection[] = [];
  private readonly work = new Subscription();

  constructor(runtime: ComplianceRuntime) {
    this.runtime = runtime;
    this.openBefore = runtime.open?.() ?? [];
  }

  /** Two connections that are each other's peer; nobody listens to either yet. */
  async pair(): Promise<{ server: Connection; client: Connection }> {
    const accepted: Connection[] = [];
    const listening = this.runtime.listen(this.runtime.endpoint());
    const place = this.boundPlace(listening);
    const port = this.keep(listening.subscribe((connection) => accepted.push(this.watch(connection))));
    const client = await this.connect(await place);
    await this.until(() => accepted.length > 0, 'a connection to be accepted');
    port.unsubscribe();
    return { server: accepted[0], client };
  }

  /** A place where somebody listens: `listen` is subscribed by the caller. */
  async boundPlace(listener: Listener): Promise<string> {
    let address: Address | undefined;
    this.keep(listener.address$.subscribe((bound) => (address = bound)));
    await this.until(() => address !== undefined, 'the address that was bound');
    return this.runtime.reach(address!);
  }

  /** Dials, and stays subscribed as long as the connection lives. */
  async connect(place: string): Promise<Connection> {
    let connection: Connection | undefined;
    let failure: { error: unknown } | undefined;
    this.keep(
      this.runtime.connect(place).subscribe({
        next: (opened) => (connection = this.watch(opened)),
        // A loss later on is the case's own matter.
        error: (error: unknown) => (failure = { error }),
      }),
    );
    await this.until(() => connection !== undefined || failure !== undefined, 'the connection to open');
    if (connection === undefined) throw failure?.error;
    return connection;
  }

  /** The connection must be closed, and hold nothing, when the case is over. */
  watch(connection: Connection): Connection {
    this.connections.push(connection);
    return connection;
  }

  keep(subscription: Subscription): Subscription {
    this.work.add(subscription);
    return subscription;
  }

  /** Listens, and writes down what is heard. */
  hear(source: Observable<Bytes>): Heard {
    const chunks: Bytes[] = [];
    let end: { error?: unknown } | undefined;
    const subscription = source.subscribe({
      next: (chunk) => chunks.push(chunk),
      error: (error: unknown) => (end = { error }),
      complete: () => (end = {}),
    });
    this.keep(subscription);
    return Object.defineProperties(subscription, {
      chunks: { value: chunks },
      length: { get: () => chunks.reduce((sum, { length }) => sum + length, 0) },
      text: { get: () => utf8(concat(chunks)) },
      end: { get: () => end },
    }) as Heard;
  }

  /** Waits until the condition holds. Throws, naming `what`, when it does not within ten seconds. */
  async until(condition: () => boolean, what: string, within = patience): Promise<void> {
    const { advance } = this.runtime;
    const deadline = Date.now() + within;
    // On virtual time waiting is counted, not timed.
    for (let passes = 0; !condition(); passes++) {
      if (advance ? passes > within : Date.now() > deadline) throw new Error(`waited ${within} ms in vain for ${what}`);
      await this.pass();
    }
  }

  /** How the connection ended, once it has. */
  async reasonOf(connection: Connection, within = patience): Promise<CloseReason> {
    let reason: CloseReason | undefined;
    connection.closed.addCallback((value) => {
      reason = value;
    });
    await this.until(() => reason !== undefined, `${connection} to be closed`, within);
    return reason!;
  }

  /** Gives whatever should not happen the time to happen: round trips over a connection of its own. */
  async meanwhile(): Promise<void> {
    const listening = this.runtime.listen(this.runtime.endpoint());
    const place = this.boundPlace(listening);
    const echo = listening.pipe(serve(identity)).subscribe();
    const connection = await this.connect(await place);
    const heard = this.hear(connection);
    for (let trip = 1; trip <= 5; trip++) {
      connection.next(bytes('.'));
      await this.until(() => heard.length === trip, 'an echo');
    }
    connection.complete();
    await this.reasonOf(connection);
    echo.unsubscribe();
  }

  /** A little time. */
  async pass(): Promise<void> {
    this.runtime.advance?.();
    if (this.runtime.advance) await Promise.resolve();
    else await new Promise<void>((resolve) => asyncScheduler.schedule(() => resolve(), 1));
  }

  /** Ends what the case left open, and checks that nothing remains. */
  async clear(): Promise<void> {
    for (const connection of this.connections) connection.error(new Error('the case is over'));
    this.work.unsubscribe();
    for (const connection of this.connections) {
      await this.reasonOf(connection);
      const { phase, unsent, held } = connection.state;
      const reasons = connection.halves.group.holds.map(({ reason }) => reason);
      same({ phase, unsent, held, reasons }, { phase: 'closed', unsent: 0, held: false, reasons: [] });
    }
    await this.until(() => this.added().length === 0, `nothing to be left open, but there is: ${this.added()}`).catch(
      () => {
        throw new Error(`left open: ${this.added()}`);
      },
    );
    const held = stillHeld(this.heldBefore);
    if (held.length > 0) throw new Error(held.join('\n'));
    if (this.unhandled.length > 0)
      throw new Error(`unhandled: ${this.unhandled.join(', ')}`, { cause: this.unhandled[0] });
  }

  /** After a failure: lets go of everything without looking. */
  abandon(): void {
    for (const connection of this.connections) connection.error(new Error('the case is over'));
    this.work.unsubscribe();
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

/** Throws unless both say the same. */
export function same(actual: unknown, expected: unknown, what = 'it'): void {
  const [came, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (came !== wanted) throw new Error(`${what} should be ${wanted}, and is ${came}`);
}

/** Throws unless it holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`it should be that ${what}`);
}

/** Throws unless `value` is one of `type`. */
export function isA<T>(value: unknown, type: abstract new (...args: never[]) => T): T {
  if (value instanceof type) return value;
  throw new Error(`expected ${type.name}, got ${String(value)}`);
}

/** `length` bytes that tell where in the stream they belong. */
export function pattern(length: number, from = 0): Bytes {
  return Uint8Array.from({ length }, (_, at) => patternAt(from + at));
}

/** Throws unless the chunks are {@link pattern} from its beginning. */
export function isPattern(chunks: readonly Bytes[], length: number): void {
  let at = 0;
  for (const chunk of chunks) {
    for (const byte of chunk) {
      if (byte !== patternAt(at)) throw new Error(`byte ${at} should be ${patternAt(at)}, and is ${byte}`);
      at++;
    }
  }
  same(at, length, 'the number of bytes');
}

function patternAt(at: number): number {
  return (at ^ (at >> 8)) & 255;
}
