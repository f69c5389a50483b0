/**
 * Claim: hold groups cost less than ten nanoseconds a chunk, and all that two connections do for one about twenty, whatever
 * the operators between: as much as one `map`.
 * Without sockets, so that nothing else is measured: a chunk comes in, goes through 0, 3 or 6 operators, and is gathered
 * to be sent at the end of the turn. `hold groups` is plain RxJS with a fed source and a sink with a mark, and nothing else;
 * `connections` is the whole contract of a Duplex at both ends. bench/pressureServers.ts has the same with sockets.
 */
import {
  asyncScheduler,
  filter,
  map,
  Observable,
  scan,
  share,
  takeWhile,
  tap,
  type OperatorFunction,
  type Subscriber,
} from 'rxjs';
import {
  Connection,
  feed,
  Feeders,
  HoldGroup,
  PathAddress,
  type Bytes,
  type Flushable,
  type Holder,
  type Transport,
  type TransportEvents,
} from 'ropewalk';
import { compare, machine, table } from './compare.ts';

const mark = 65536;
/** What all of them end in: where the bytes would leave. */
let left = 0;
const write = (parts: readonly Bytes[], length: number): void => {
  left += parts.length > 0 ? length : 0;
};

/** Somewhere for chunks to come in, and the end of the turn in which they came. */
interface Pipeline {
  chunk(chunk: Bytes): void;
  turnEnd(): void;
}
type MakePipeline = (through: OperatorFunction<Bytes, Bytes>) => Pipeline;

/** Gathers, and sends a mark's worth at once: what Outbox does, but for everything that could go wrong. */
function plain(through: OperatorFunction<Bytes, Bytes>): Pipeline {
  let parts: Bytes[] = [];
  let gathered = 0;
  const turnEnd = (): void => {
    if (gathered > 0) write(parts, gathered);
    parts = [];
    gathered = 0;
  };
  let source!: Subscriber<Bytes>;
  new Observable<Bytes>((subscriber) => {
    source = subscriber;
  })
    .pipe(through)
    .subscribe((chunk) => {
      parts.push(chunk);
      gathered += chunk.length;
      if (gathered >= mark) turnEnd();
    });
  return { chunk: (chunk) => source.next(chunk), turnEnd };
}

/** The same with a source that can be held and a sink that would hold it. */
function withHoldGroups(through: OperatorFunction<Bytes, Bytes>): Pipeline {
  const sink = new Sink();
  const group = new HoldGroup({ pause() {}, resume() {}, now: () => 0 });
  let source!: Subscriber<Bytes>;
  new Observable<Bytes>((subscriber) => {
    source = subscriber;
  })
    .pipe(through)
    .subscribe((chunk) => sink.next(chunk));
  return { chunk: (chunk) => feed(group, source, chunk), turnEnd: () => sink.flush() };
}

class Sink extends Feeders implements Holder {
  private parts: Bytes[] = [];
  /** What the platform had not taken at its last word: here it takes everything. */
  private unsent = 0;
  backlog = 0;

  next(chunk: Bytes): void {
    this.parts.push(chunk);
    this.backlog += chunk.length;
    if (this.backlog + this.unsent < mark) return;
    this.flush();
    if (this.unsent >= mark) this.hold(this, 'full');
  }

  flush(): void {
    if (this.backlog > 0) write(this.parts, this.backlog);
    this.parts = [];
    this.backlog = 0;
    if (this.holding) this.releaseAll();
  }
}

/** A connection at each end, over a platform that takes everything at once. */
function connections(through: OperatorFunction<Bytes, Bytes>): Pipeline {
  let from!: Platform;
  let to!: Platform;
  const incoming = new Connection((events) => (from = new Platform(events)));
  const outgoing = new Connection((events) => (to = new Platform(events)));
  incoming.pipe(through).subscribe(outgoing);
  return { chunk: (chunk) => from.events.received(chunk), turnEnd: () => to.turnEnd() };
}

class Platform implements Transport {
  readonly local = new PathAddress('near');
  readonly remote = new PathAddress('far');
  readonly scheduler = asyncScheduler;
  readonly unsent = 0;
  readonly events: TransportEvents;
  private readonly gathered: Flushable[] = [];

  constructor(events: TransportEvents) {
    this.events = events;
  }

  now(): number {
    return 0;
  }
  pause(): void {}
  resume(): void {}
  atTurnEnd(flushable: Flushable): void {
    this.gathered.push(flushable);
  }
  turnEnd(): void {
    for (const flushable of this.gathered) flushable.flush();
    this.gathered.length = 0;
  }
  write(parts: readonly Bytes[], length: number): boolean {
    write(parts, length);
    return true;
  }
  end(): void {}
  abort(): void {}
  close(): void {}
}

const operators: Record<string, OperatorFunction<Bytes, Bytes>> = {
  'no operator': (source) => source,
  'three operators': (source) =>
    source.pipe(
      map((chunk) => chunk),
      filter((chunk) => chunk.byteLength > 0),
      tap(() => {}),
    ),
  'six operators': (source) =>
    source.pipe(
      map((chunk) => chunk),
      filter((chunk) => chunk.byteLength > 0),
      tap(() => {}),
      takeWhile((chunk) => chunk.length > 0),
      scan((_, chunk) => chunk),
      share(),
    ),
};

/** So many chunks come in one turn, so many turns are one piece of work. */
const perTurn = 16;
const turns = 64;

function working(make: MakePipeline, through: OperatorFunction<Bytes, Bytes>, size: number): () => number {
  const pipeline = make(through);
  const chunk: Bytes = new Uint8Array(size);
  return () => {
    for (let turn = 0; turn < turns; turn++) {
      for (let n = 0; n < perTurn; n++) pipeline.chunk(chunk);
      pipeline.turnEnd();
    }
    return turns * perTurn;
  };
}

const rounds = Number(process.env.ROUNDS ?? 21);
console.log(machine());
console.log(
  `${perTurn} chunks a turn; ${rounds} interleaved rounds; CPU time of all threads; ratio: times as fast as plain RxJS`,
);
for (const size of [64, 65536]) {
  for (const [name, through] of Object.entries(operators)) {
    console.log(`\nchunks of ${size} B, ${name}`);
    const results = compare(
      {
        'plain RxJS': working(plain, through, size),
        'hold groups': working(withHoldGroups, through, size),
        connections: working(connections, through, size),
      },
      { rounds },
    );
    const [{ median: base }] = results;
    table(results, ({ median }) => ({ 'more, ns': (median - base).toFixed(1) }));
  }
}
if (left === 0) console.log('nothing was sent');
