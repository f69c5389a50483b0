/** Pressure through `inThread`: a pool that is busy holds whoever feeds it. (What it emits: test/marbles/memoryThreads.test.ts.) */
import { switchMap, tap } from 'rxjs';
import { bytes, explain, lines, over, serve, type Connection } from 'ropewalk';
import { marbles, memoryThreads } from 'ropewalk/marbles';
import { inThread } from 'ropewalk/operators';

test(
  'a slow pool holds the connection that feeds it, explain names it, and when it is done everything has flowed',
  marbles((m) => {
    const pool = memoryThreads({ shout: (line: string) => line.toUpperCase() }, { takes: () => Infinity });
    const { listen, connect } = m.memory();
    let served: Connection | undefined;
    listen('memory:shout')
      .pipe(
        tap((connection) => (served = connection)),
        serve(over(lines(), inThread(pool, 'shout', { concurrent: 1 }))),
      )
      .subscribe();
    const said = Array.from({ length: 500 }, (_, n) => `line ${n} ${'x'.repeat(1000)}`);
    let heard = '';
    connect('memory:shout')
      .pipe(
        switchMap((connection) => {
          for (const line of said) connection.next(bytes(`${line}\n`));
          connection.complete();
          return connection;
        }),
      )
      .subscribe((chunk) => (heard += new TextDecoder().decode(chunk)));
    m.flush();

    expect(pool.state).toMatchObject({ running: 1, waiting: 0 });
    expect(served!.state.held).toBe(true);
    // Not read: half a megabyte stays with whoever sends it.
    expect(served!.state.bytesReceived).toBeLessThan(200_000);
    expect(String(explain(served!))).toMatch(
      /^the connection with shout#1 is not read for 0\.0 s: inThread holds it, its threads are busy \(\d+ values wait\)$/,
    );
    expect(explain(served!).by[0]).toMatchObject({ holder: 'inThread', circle: false });

    while (pool.jobs.length > 0) {
      pool.jobs[0].finish();
      m.flush();
    }
    expect(heard).toBe(said.map((line) => `${line.toUpperCase()}\r\n`).join(''));
    expect(served!.state).toMatchObject({ held: false, phase: 'closed' });
  }),
);

test(
  'who leaves lets go of whoever was held',
  marbles((m) => {
    const pool = memoryThreads({ echo: (chunk: Uint8Array) => chunk }, { takes: () => Infinity });
    const { listen, connect } = m.memory();
    listen('memory:source')
      .pipe(
        serve(() => m.cold('a-b-c-d-e', { a: bytes('a'), b: bytes('b'), c: bytes('c'), d: bytes('d'), e: bytes('e') })),
      )
      .subscribe();
    let source: Connection | undefined;
    const working = connect('memory:source')
      .pipe(
        tap((connection) => (source = connection)),
        switchMap((connection) => connection.pipe(inThread(pool, 'echo', { concurrent: 1 }))),
      )
      .subscribe();
    m.flush();
    expect(source!.state.held).toBe(true);
    working.unsubscribe();
    m.flush();
    expect(source!.state.held).toBe(false);
    expect(pool.state).toMatchObject({ waiting: 0, failed: 1 });
  }),
);
