/** Connections in Angular, without zone.js: injectors and signals; what connects is memory, in virtual time. */
import {
  computed,
  ErrorHandler,
  Injector,
  PLATFORM_ID,
  runInInjectionContext,
  signal,
  type StaticProvider,
} from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { finalize, map, Observable, of, Subject, throwError, timer } from 'rxjs';
import { injectConnection, lastValues, type InjectedConnection } from 'ropewalk/angular';
import { ConnectionRefused, lines, over, serve, type CloseReason, type Connection } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';

/** What Angular makes for each component: something that can be asked for services, and that ends. */
function component(platform = 'browser', ...providers: StaticProvider[]) {
  const errors: unknown[] = [];
  const injector = Injector.create({
    providers: [
      { provide: PLATFORM_ID, useValue: platform },
      { provide: ErrorHandler, useValue: { handleError: (error: unknown) => errors.push(error) } },
      ...providers,
    ],
  });
  return { injector, errors, inside: <T>(work: () => T): T => runInInjectionContext(injector, work) };
}

const soon = (work: () => void, delay: number): void => void timer(delay).subscribe(work);

test(
  'status is a signal, and follows the connection as it is lost and comes back',
  marbles((m) => {
    const { connect, listen } = m.memory();
    const served: Connection[] = [];
    const serving = listen('memory:room').subscribe((connection) => served.push(connection));
    const { injector, inside } = component();
    const connection = inside(() => injectConnection(() => connect('memory:room'), { delay: 10 }));
    const told = computed(() => `${connection.status().phase} ${connection.status().opened}`);
    expect(told()).toBe('connecting 0');
    soon(() => expect(told()).toBe('open 1'), 1);
    soon(() => served[0].error(new Error('pulled out')), 5);
    soon(() => expect(told()).toBe('waiting 1'), 6);
    soon(() => expect(told()).toBe('open 2'), 20);
    soon(() => injector.destroy(), 30);
    m.flush();
    expect(told()).toBe('closed 2');
    serving.unsubscribe();
  }),
);

test(
  'lines of one connection after the other are a signal of the last of them',
  marbles((m) => {
    const { connect, listen } = m.memory();
    const served: Connection[] = [];
    const room: Subject<string>[] = [];
    const serving = listen('memory:room').subscribe((connection) => {
      served.push(connection);
      const said = new Subject<string>();
      room.push(said);
      over(lines(), () => said)(connection, connection).subscribe(connection);
    });
    const { injector, inside } = component();
    const last = inside(() =>
      lastValues(injectConnection(() => connect('memory:room'), { delay: 10 }).over(lines()), 2),
    );
    expect(last()).toEqual([]);
    soon(() => ['a', 'b', 'c'].forEach((line) => room[0].next(line)), 1);
    soon(() => expect(last()).toEqual(['b', 'c']), 2);
    soon(() => served[0].error(new Error('pulled out')), 3);
    soon(() => room[1].next('d'), 20);
    soon(() => expect(last()).toEqual(['c', 'd']), 21);
    soon(() => injector.destroy(), 30);
    m.flush();
    expect(last()).toEqual(['c', 'd']);
    serving.unsubscribe();
  }),
);

test(
  "Angular's own toSignal takes its streams, too",
  marbles((m) => {
    const { connect, listen } = m.memory();
    const greeting = over(lines(), () => of('hello'));
    const serving = listen('memory:room').pipe(serve(greeting)).subscribe();
    const { injector, inside } = component();
    const [status, last] = inside(() => {
      const connection = injectConnection(() => connect('memory:room'), { delay: 1_000 });
      return [toSignal(connection.state$, { requireSync: true }), toSignal(connection.over(lines()))];
    });
    expect(status().phase).toBe('connecting');
    soon(() => expect(last()).toBe('hello'), 5);
    soon(() => injector.destroy(), 10);
    m.flush();
    expect(status().phase).toBe('closed');
    serving.unsubscribe();
  }),
);

test(
  'it is closed in order when its injector is destroyed, and comes back no more',
  marbles((m) => {
    const { connect, listen } = m.memory();
    const reasons: CloseReason[] = [];
    const serving = listen('memory:room')
      .pipe(serve(over(lines(), (said) => said)))
      .subscribe((reason) => reasons.push(reason));
    const { injector, inside } = component();
    const connection = inside(() => injectConnection(() => connect('memory:room'), { delay: 10 }));
    soon(() => injector.destroy(), 5);
    m.flush();
    expect(reasons).toEqual([{ kind: 'done' }]);
    expect(connection.status()).toMatchObject({ phase: 'closed', opened: 1 });
    serving.unsubscribe();
  }),
);

test(
  'what is written before there is a connection waits for it',
  marbles((m) => {
    const { connect, listen } = m.memory();
    const heard: string[] = [];
    const { injector, inside } = component();
    const room = inside(() => injectConnection(() => connect('memory:room'), { delay: 10 })).over(lines());
    room.next('hello');
    let stop = (): void => {};
    soon(() => {
      const kept = over(
        lines(),
        map((line) => (heard.push(line), line)),
      );
      const serving = listen('memory:room').pipe(serve(kept)).subscribe();
      stop = () => serving.unsubscribe();
    }, 5);
    soon(() => injector.destroy(), 50);
    m.flush();
    expect(heard).toEqual(['hello']);
    stop();
  }),
);

test(
  'a function is called for each attempt: there it may ask for what is new',
  marbles((m) => {
    const { injector, inside } = component();
    const token = signal('first');
    const asked: string[] = [];
    const refuse = () => {
      asked.push(token());
      return throwError(() => new ConnectionRefused('nobody'));
    };
    const connection = inside(() => injectConnection(refuse, { delay: 10 }));
    soon(() => token.set('second'), 5);
    soon(
      () => expect(connection.status()).toMatchObject({ phase: 'waiting', error: { name: 'ConnectionRefused' } }),
      6,
    );
    soon(() => injector.destroy(), 15);
    m.flush();
    expect(asked).toEqual(['first', 'second']);
  }),
);

describe('where pages are rendered on a server', () => {
  /** Connects, and says how often that was asked for. */
  const counted = (platform: string, options?: { onServer: boolean }) => {
    const { injector, inside } = component(platform);
    let open = 0;
    const never = new Observable<Connection>(() => void open++).pipe(finalize(() => open--));
    const connection: InjectedConnection = inside(() => injectConnection(() => never, options));
    return { injector, connection, open: () => open };
  };

  test('nothing is opened, and it stays connecting', () => {
    const { injector, connection, open } = counted('server');
    expect(open()).toBe(0);
    expect(connection.status().phase).toBe('connecting');
    injector.destroy();
    expect(connection.status().phase).toBe('closed');
  });

  test('it is opened if asked for', () => {
    const { injector, open } = counted('server', { onServer: true });
    expect(open()).toBe(1);
    injector.destroy();
    expect(open()).toBe(0);
  });

  test('in a browser it is opened', () => {
    const { injector, open } = counted('browser');
    expect(open()).toBe(1);
    injector.destroy();
  });
});

test('an endpoint that is none is refused where it is written', () => {
  expect(() => component().inside(() => injectConnection('wss:///room'))).toThrow('expected a URL');
});

test('giving up is an error for the ErrorHandler, and the values stay', () => {
  const { injector, inside, errors } = component();
  const failure = new ConnectionRefused('nobody');
  const values$ = new Subject<string>();
  const last = inside(() => lastValues(values$, 3));
  values$.next('a');
  values$.error(failure);
  expect(errors).toEqual([failure]);
  expect(last()).toEqual(['a']);
  injector.destroy();
});

test('values are listened to until the injector is destroyed', () => {
  const { injector, inside } = component();
  const values$ = new Subject<number>();
  inside(() => lastValues(values$, 1));
  expect(values$.observed).toBe(true);
  injector.destroy();
  expect(values$.observed).toBe(false);
});

test('an injector may be given, and without any Angular says what is missing', () => {
  const { injector } = component();
  const values$ = new Subject<number>();
  const last = lastValues(values$, 1, { injector });
  values$.next(1);
  expect(last()).toEqual([1]);
  injector.destroy();
  expect(() => lastValues(values$, 1)).toThrow('NG0203');
  expect(() => injectConnection(() => values$ as never)).toThrow('NG0203');
});

test('a count of none is refused', () => {
  expect(() => component().inside(() => lastValues(new Subject(), 0))).toThrow(RangeError);
});

test('made while something is computed, Angular says that it is not the place', () => {
  const { inside } = component();
  const wrong = computed(() => inside(() => lastValues(new Subject(), 1)));
  expect(wrong).toThrow('NG0602');
});
