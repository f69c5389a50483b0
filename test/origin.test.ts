/** Who is writing, read off stacks as engines print them. */
import { asyncScheduler, delay, from, map, observeOn, of, repeat, Subject, type Observable } from 'rxjs';
import { onWarning, UnpressuredSink, type Bytes } from 'ropewalk';
import { pair } from 'ropewalk/memory';
import { originIn } from '../src/origin.ts';

/** The first frame is the library's own: where it lies. */
const stack = (here: string, ...frames: string[]): string => [here, ...frames].join('\n');

describe('a stack as printed by', () => {
  const v8 = 'Error\n    at whoIsWriting (/app/node_modules/ropewalk/dist/cjs/src/origin.js:29:23)';

  test('V8: the place that was called first, the operators from there on', () => {
    const found = originIn(
      stack(
        v8,
        '    at Outbox.next (/app/node_modules/ropewalk/dist/cjs/src/Outbox.js:90:12)',
        '    at OperatorSubscriber._this._next (/app/node_modules/rxjs/dist/cjs/internal/operators/map.js:9:24)',
        '    at /app/src/format.ts:3:9',
        '    at OperatorSubscriber._this._next (/app/node_modules/rxjs/dist/cjs/internal/operators/observeOn.js:8:2)',
        '    at Timeout.tick [as _onTimeout] (/app/src/server.ts:12:5)',
        '    at listOnTimeout (node:internal/timers:581:17)',
      ),
    );
    expect(found).toEqual({ operators: ['observeOn', 'map'], place: '/app/src/server.ts:12:5' });
  });

  test('Firefox', () => {
    const found = originIn(
      stack(
        'whoIsWriting@https://example.org/ropewalk/src/origin.js:29:23',
        'next@https://example.org/ropewalk/src/Outbox.js:90:12',
        '_next@https://example.org/node_modules/rxjs/dist/esm/internal/operators/scan.js:9:24',
        'tick@https://example.org/app.js:12:5',
      ),
    );
    expect(found).toEqual({ operators: ['scan'], place: 'https://example.org/app.js:12:5' });
  });

  test('Safari, whose anonymous frames have no name', () => {
    const found = originIn(
      stack(
        'whoIsWriting@https://example.org/ropewalk/src/origin.js:29:23',
        '@https://example.org/node_modules/rxjs/dist/esm5/internal/operators/filter.js:9:24',
        '@https://example.org/app.js:7:11',
        '[native code]',
      ),
    );
    expect(found).toEqual({ operators: ['filter'], place: 'https://example.org/app.js:7:11' });
  });

  test('Windows', () => {
    const found = originIn(
      stack(
        String.raw`Error
    at whoIsWriting (C:\app\node_modules\ropewalk\dist\cjs\src\origin.js:29:23)`,
        String.raw`    at _next (C:\app\node_modules\rxjs\dist\cjs\internal\operators\bufferTime.js:9:24)`,
        String.raw`    at tick (C:\app\src\server.ts:12:5)`,
      ),
    );
    expect(found).toEqual({ operators: ['bufferTime'], place: String.raw`C:\app\src\server.ts:12:5` });
  });

  test('modules of Node, whose files are URLs', () => {
    const found = originIn(
      stack(
        'Error\n    at whoIsWriting (file:///app/node_modules/ropewalk/dist/esm/src/origin.js:29:23)',
        '    at _next (file:///app/node_modules/rxjs/dist/esm/internal/operators/delayWhen.js:9:24)',
        '    at file:///app/server.mjs:12:5',
        '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      ),
    );
    expect(found).toEqual({ operators: ['delayWhen'], place: 'file:///app/server.mjs:12:5' });
  });

  test('nothing that is known: nothing is said', () => {
    expect(originIn('')).toEqual({ operators: [], place: undefined });
  });
});

test.each(['dist/cjs', 'dist/esm', 'dist/esm5', 'src'])(
  'rxjs is known in %s, by the names that people use',
  (folder) => {
    const frame = (kind: string, name: string): string =>
      `    at x (/app/node_modules/rxjs/${folder}/internal/${kind}/${name}.${folder === 'src' ? 'ts' : 'js'}:1:1)`;
    const found = originIn(
      stack(
        'Error\n    at whoIsWriting (/app/ropewalk/src/origin.ts:29:23)',
        frame('operators', 'mergeInternals'),
        frame('operators', 'mergeInternals'),
        frame('observable', 'innerFrom'),
      ),
    );
    expect(found.operators).toEqual(['from', 'mergeMap']);
  },
);

test("the library's own files are no place in the program", () => {
  const found = originIn(
    stack(
      'Error\n    at whoIsWriting (/app/ropewalk/src/origin.ts:29:23)',
      '    at Outbox.crowded (/app/ropewalk/src/Outbox.ts:1:1)',
      '    at main (/app/ropewalk/examples/echo.ts:7:3)',
      '    at feed (/app/ropewalk/operators/lines.ts:1:1)',
    ),
  );
  expect(found.place).toBe('/app/ropewalk/examples/echo.ts:7:3');
});

describe('a warning names', () => {
  /** What is said of `source` when it fills a connection whose peer does not read. */
  async function warningOf(
    write: (sink: ReturnType<typeof pair>[0]) => { unsubscribe(): void },
  ): Promise<UnpressuredSink> {
    const [near] = pair();
    let restore: ReturnType<typeof onWarning> = () => {};
    let work: { unsubscribe(): void } | undefined;
    try {
      return await new Promise<UnpressuredSink>((resolve) => {
        restore = onWarning((warning) => warning instanceof UnpressuredSink && resolve(warning));
        work = write(near);
      });
    } finally {
      onWarning(restore);
      work?.unsubscribe();
      near.error(new Error('enough'));
    }
  }

  const chunks = (): Observable<Bytes> => of(new Uint8Array(65_536)).pipe(repeat(40));

  test('delay behind a bridge, and does not take it for what it is made of', async () => {
    const warning = await warningOf((sink) => {
      const bridge = new Subject<Bytes>();
      bridge.pipe(delay(1)).subscribe(sink);
      return chunks().subscribe({ next: (chunk) => bridge.next(chunk) });
    });
    expect(warning.origin.operators).toEqual(['delay']);
    expect(warning.message).toMatch(/^the connection with far has \d+ bytes unsent.*written by delay of rxjs/);
  });

  test('each operator from whatever woke them', async () => {
    const warning = await warningOf((sink) =>
      chunks()
        .pipe(
          observeOn(asyncScheduler),
          map((chunk) => chunk),
        )
        .subscribe(sink),
    );
    expect(warning.origin.operators).toEqual(['observeOn', 'map']);
  });

  test('the file and the line of a timer that writes by itself', async () => {
    const warning = await warningOf((sink) => {
      const timer = setInterval(() => sink.next(new Uint8Array(65_536)), 0);
      return { unsubscribe: () => clearInterval(timer) };
    });
    expect(warning.origin).toEqual({ operators: [], place: expect.stringMatching(/test.origin\.test\.ts:\d+:\d+$/) });
    expect(warning.message).toContain(`, written at ${warning.origin.place}; see docs/pressure.md`);
  });

  test('what an async function wrote after a promise', async () => {
    const warning = await warningOf((sink) => from(Promise.resolve()).subscribe(() => writeMuch(sink)));
    expect(warning.origin.place).toMatch(/test.origin\.test\.ts:\d+:\d+$/);
  });

  function writeMuch(sink: { next(chunk: Bytes): void }): void {
    for (let n = 0; n < 40; n++) sink.next(new Uint8Array(65_536));
  }
});
