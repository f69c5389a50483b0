/** A server that drains: what it has begun comes to its end, nothing new is begun, and links go on with the next server. */
import { asyncScheduler, from, interval, map, NEVER, Subject, take, takeUntil, timer, type Observable } from 'rxjs';
import { ConnectionDone, serve, type CloseReason } from 'ropewalk';
import { marbles, type Marbles } from 'ropewalk/marbles';
import { concatMap } from 'ropewalk/operators';
import { expose, remote, remoteLink, type Remote } from 'ropewalk/remote';

const api = {
  slow: (ms: number) => timer(ms).pipe(map(() => 'done')),
  three$: () => interval(10).pipe(take(3)),
  never$: (): Observable<never> => NEVER,
  add: (a: number, b: number) => a + b,
};

/** A server of {@link api} that drains at 15, and whether it is over. */
function draining(m: Marbles) {
  const { listen, connect, dial } = m.memory();
  const stop = timer(15);
  const reasons: CloseReason[] = [];
  const over: number[] = [];
  const serving = listen('memory:api')
    .pipe(takeUntil(stop), serve(expose(api)))
    .subscribe({ next: (reason) => reasons.push(reason), complete: () => over.push(asyncScheduler.now()) });
  return { listen, connect, reasons, over, dial: () => dial('memory:api'), serving };
}

const at = (ms: number, work: () => void): void => void timer(ms).subscribe(work);

/** What comes of it, and when. */
function outcome(m: Marbles, result: Observable<unknown>): unknown[] {
  const seen: unknown[] = [];
  result.subscribe({
    next: (value) => seen.push([asyncScheduler.now(), value]),
    error: (error) => seen.push([asyncScheduler.now(), error]),
  });
  return seen;
}

function asking(m: Marbles, dial: ReturnType<typeof draining>['dial'], ask: (far: Remote<typeof api>) => void): void {
  dial().addCallback((connection) => ask(remote<typeof api>(connection)));
}

test(
  'who waits for nothing is told the end at once',
  marbles((m) => {
    const world = draining(m);
    asking(m, world.dial, () => {});
    m.flush();
    expect(world.reasons).toEqual([{ kind: 'done' }]);
    expect(world.over).toEqual([15]);
    m.expectNothingOpen();
  }),
);

test(
  'calls and streams that were begun come to their end, and then the connection does',
  marbles((m) => {
    const world = draining(m);
    let seen: unknown[][] = [];
    asking(m, world.dial, (far) => (seen = [outcome(m, far.slow(50)), outcome(m, far.three$())]));
    m.flush();
    expect(seen).toEqual([
      [[50, 'done']],
      [
        [10, 0],
        [20, 1],
        [30, 2],
      ],
    ]);
    expect(world.reasons).toEqual([{ kind: 'done' }]);
    expect(world.over).toEqual([50]);
    m.expectNothingOpen();
  }),
);

test(
  'what is asked for too late was not begun, and fails as with a connection that has ended',
  marbles((m) => {
    const world = draining(m);
    let seen: unknown[][] = [];
    asking(m, world.dial, (far) => {
      outcome(m, far.slow(50));
      at(20, () => (seen = [outcome(m, far.add(1, 2)), outcome(m, far.three$())]));
      at(60, () => seen.push(outcome(m, far.add(1, 2))));
    });
    m.flush();
    expect(seen).toEqual([
      [[20, expect.any(ConnectionDone)]],
      [[20, expect.any(ConnectionDone)]],
      [[60, expect.any(ConnectionDone)]],
    ]);
    m.expectNothingOpen();
  }),
);

test(
  'a stream without an end holds the end up, until whoever serves stops waiting',
  marbles((m) => {
    const world = draining(m);
    const seen: unknown[] = [];
    asking(m, world.dial, (far) => far.never$().subscribe({ error: (error: Error) => seen.push(error.name) }));
    at(100, () => world.serving.unsubscribe());
    m.flush();
    expect(world.over).toEqual([]);
    expect(seen).toEqual(['ConnectionLost']);
    m.expectNothingOpen();
  }),
);

test(
  'what crosses the goodbye on its way is asked of the next server, too',
  marbles((m) => {
    const { listen, connect, over } = draining(m);
    const link = remoteLink<typeof api>(connect('memory:api'), { delay: 5 });
    const seen: unknown[][] = [];
    // In the turn in which the server says goodbye.
    at(15, () => seen.push(outcome(m, link.far.add(1, 2)), outcome(m, link.far.three$())));
    at(16, () => {
      const next = listen('memory:api')
        .pipe(serve(expose(api)))
        .subscribe();
      at(200, () => next.unsubscribe());
    });
    at(150, () => link.unsubscribe());
    m.flush();
    expect(over).toEqual([15]);
    expect(seen.map((told) => told.map((entry) => (entry as unknown[])[1]))).toEqual([[3], [0, 1, 2]]);
    m.expectNothingOpen();
  }),
);

test(
  'a link asks the next server for what came too late, also if it may be asked for but once',
  marbles((m) => {
    const { listen, connect, over } = draining(m);
    const link = remoteLink<typeof api>(connect('memory:api'), { delay: 5 });
    const seen: unknown[][] = [outcome(m, link.far.slow(50))];
    at(20, () => seen.push(outcome(m, link.far.add(1, 2)), outcome(m, link.far.three$())));
    // The port is free as soon as the old server drains.
    at(30, () => {
      const next = listen('memory:api')
        .pipe(takeUntil(timer(200)), serve(expose(api)))
        .subscribe();
      at(200, () => next.unsubscribe());
    });
    at(150, () => link.unsubscribe());
    m.flush();
    expect(over).toEqual([50]);
    const [slow, sum, three] = seen;
    expect(slow).toEqual([[50, 'done']]);
    expect(sum).toEqual([[55, 3]]);
    expect(three.map((entry) => (entry as unknown[])[1])).toEqual([0, 1, 2]);
    m.expectNothingOpen();
  }),
);

test(
  'a slow caller has all of its stream before the end',
  marbles((m) => {
    const { listen, dial } = m.memory();
    const stop = new Subject<void>();
    const server = listen('memory:api').pipe(
      takeUntil(stop),
      serve(
        expose({ numbers$: () => from(Array.from({ length: 50 }, (_, n) => `${n}`.padEnd(100))) }, { window: 500 }),
      ),
    );
    server.subscribe();
    const seen: number[] = [];
    dial('memory:api').addCallback((connection) =>
      remote<{ numbers$(): Observable<string> }>(connection, { window: 500 })
        .numbers$()
        .pipe(concatMap((text) => timer(1).pipe(map(() => Number(text)))))
        .subscribe((n) => seen.push(n)),
    );
    at(5, () => stop.next());
    m.flush();
    expect(seen).toHaveLength(50);
    m.expectNothingOpen();
  }),
);
