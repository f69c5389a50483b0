/** RFC 8305, section by section, in virtual time; then with real addresses. */
import { networkInterfaces } from 'node:os';
import {
  asyncScheduler,
  concat,
  from,
  identity,
  mergeMap,
  NEVER,
  Observable,
  of,
  throwError,
  timer,
  type Subscription,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { ConnectionRefused, serve, UnknownHost, type Connection, type IpAddress } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';
import { AttemptsFailed, happyEyeballs } from '../../src/node/happyEyeballs.ts';

/** What happened, and when. */
type Told = [time: number, what: string];

/** Runs a race in virtual time; `hosts` says how long each address takes, and whether it answers then. */
function race(
  addresses: Observable<string>,
  hosts: Record<string, { readonly opens?: number; readonly fails?: number }>,
  until = 10_000,
): Told[] {
  const told: Told[] = [];
  new TestScheduler(() => {}).run(({ flush }) => {
    const tell = (what: string): void => void told.push([asyncScheduler.now(), what]);
    const attempt = (address: string): Observable<string> =>
      new Observable((subscriber) => {
        const { opens, fails } = hosts[address];
        tell(`try ${address}`);
        let over = false;
        let work: Subscription | undefined;
        if (opens !== undefined) work = timer(opens).subscribe(() => ((over = true), subscriber.next(address)));
        if (fails === 0) {
          over = true;
          subscriber.error(new Error('refused'));
        } else if (fails !== undefined)
          work = timer(fails).subscribe(() => ((over = true), subscriber.error(new Error('refused'))));
        return () => {
          work?.unsubscribe();
          if (!over) tell(`cancel ${address}`);
        };
      });
    const running = happyEyeballs(addresses, attempt).subscribe({
      next: (address) => tell(`won ${address}`),
      error: (error: Error) => tell(`error ${error.message}`),
      complete: () => tell('complete'),
    });
    timer(until).subscribe(() => running.unsubscribe());
    flush();
  });
  return told;
}

describe('RFC 8305', () => {
  const after = (time: number, ...addresses: string[]): Observable<string> =>
    timer(time).pipe(mergeMap(() => from(addresses)));

  test('section 5: attempts are 250 ms apart, and the first to succeed cancels the rest', () => {
    expect(race(of('1::', '2::', '3::'), { '1::': { opens: 600 }, '2::': {}, '3::': { opens: 50 } })).toEqual([
      [0, 'try 1::'],
      [250, 'try 2::'],
      [500, 'try 3::'],
      [550, 'cancel 1::'],
      [550, 'cancel 2::'],
      [550, 'won 3::'],
      [550, 'complete'],
    ]);
  });

  test('section 5: a failed attempt starts the next at once, and the delay begins anew', () => {
    expect(race(of('1::', '2::', '3::'), { '1::': { fails: 30 }, '2::': {}, '3::': { opens: 10 } })).toEqual([
      [0, 'try 1::'],
      [30, 'try 2::'],
      [280, 'try 3::'],
      [290, 'cancel 2::'],
      [290, 'won 3::'],
      [290, 'complete'],
    ]);
  });

  test('section 4: families are interleaved, the family of the first address first', () => {
    const hosts = Object.fromEntries(['1::', '2::', '3::', '1.1.1.1', '2.2.2.2'].map((name) => [name, { fails: 0 }]));
    const tried = (...addresses: string[]): string[] =>
      race(from(addresses), hosts).flatMap(([, what]) => (what.startsWith('try ') ? [what.slice(4)] : []));
    expect(tried('1::', '2::', '3::', '1.1.1.1', '2.2.2.2')).toEqual(['1::', '1.1.1.1', '2::', '2.2.2.2', '3::']);
    // The system's list begins with IPv4 where this machine has no way to IPv6 (RFC 6724).
    expect(tried('1.1.1.1', '2.2.2.2', '1::')).toEqual(['1.1.1.1', '1::', '2.2.2.2']);
  });

  test('section 3: an answer of IPv6 that comes first begins at once', () => {
    const lookup = concat(after(20, '1::'), after(500, '1.1.1.1'));
    expect(race(lookup, { '1::': { opens: 5 } })).toEqual([
      [20, 'try 1::'],
      [25, 'won 1::'],
      [25, 'complete'],
    ]);
  });

  test('section 3: an answer of IPv4 waits 50 ms for one of IPv6, which goes first then', () => {
    const soon = concat(after(20, '1.1.1.1'), after(30, '1::'));
    expect(race(soon, { '1::': {}, '1.1.1.1': { opens: 5 } })).toEqual([
      [50, 'try 1::'],
      [300, 'try 1.1.1.1'],
      [305, 'cancel 1::'],
      [305, 'won 1.1.1.1'],
      [305, 'complete'],
    ]);
    const late = concat(after(20, '1.1.1.1'), NEVER);
    expect(race(late, { '1.1.1.1': { opens: 5 } })).toEqual([
      [70, 'try 1.1.1.1'],
      [75, 'won 1.1.1.1'],
      [75, 'complete'],
    ]);
  });

  test('section 3: when no IPv6 will come, IPv4 does not wait', () => {
    expect(race(after(20, '1.1.1.1'), { '1.1.1.1': { opens: 5 } })[0]).toEqual([20, 'try 1.1.1.1']);
  });

  test('section 5: addresses that come late take their turn; at once when their turn has passed', () => {
    const lookup = concat(after(0, '1::'), after(100, '2::'), after(600, '3::'));
    expect(race(lookup, { '1::': {}, '2::': {}, '3::': { opens: 1 } }).slice(0, 3)).toEqual([
      [0, 'try 1::'],
      [250, 'try 2::'],
      [700, 'try 3::'],
    ]);
  });

  test('when all have failed, the error tells each address and its failure', () => {
    const told = race(of('1::', '1.1.1.1'), { '1::': { fails: 10 }, '1.1.1.1': { fails: 20 } });
    expect(told[told.length - 1]).toEqual([30, 'error 1::: refused; 1.1.1.1: refused']);
  });

  test('a failed lookup is the error when it gave no address, and nothing otherwise', () => {
    const failing = throwError(() => new Error('no such name'));
    expect(race(failing, {})).toEqual([[0, 'error no such name']]);
    expect(race(concat(of('1::'), failing), { '1::': { fails: 5 } })).toEqual([
      [0, 'try 1::'],
      [5, 'error refused'],
    ]);
    expect(race(of(), {})).toEqual([[0, 'complete']]);
  });

  test('unsubscribing cancels the lookup and every attempt', () => {
    let lookups = 0;
    const lookup = new Observable<string>((subscriber) => {
      lookups++;
      subscriber.next('1::');
      subscriber.next('2::');
      return () => lookups--;
    });
    expect(race(lookup, { '1::': {}, '2::': {} }, 300)).toEqual([
      [0, 'try 1::'],
      [250, 'try 2::'],
      [300, 'cancel 1::'],
      [300, 'cancel 2::'],
    ]);
    expect(lookups).toBe(0);
  });

  test('an address that is found twice is tried once', () => {
    expect(race(of('1::', '1::'), { '1::': { fails: 1 } }).filter(([, what]) => what.startsWith('try'))).toHaveLength(
      1,
    );
  });
});

describe('tcp: dials by Happy Eyeballs', () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  async function serving(host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = listen({ type: 'tcp', port: 0, interface: host });
      server.address$.subscribe((address) => resolve((address as IpAddress).port));
      const running = server.pipe(serve(identity)).subscribe({ error: reject });
      stops.push(() => running.unsubscribe());
    });
  }

  const reached = (port: number, ...addresses: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const lookup = (host: string): Observable<string> => {
        expect(host).toBe('somewhere.test');
        return from(addresses);
      };
      connect({ type: 'tcp', host: 'somewhere.test', port, lookup }).subscribe({
        next(connection: Connection) {
          resolve(String((connection.remote as IpAddress).host));
          connection.complete();
        },
        error: reject,
      });
    });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

  test('of ::1 and 127.0.0.1 it finds the one where somebody listens', async () => {
    expect(await reached(await serving('127.0.0.1'), '::1', '127.0.0.1')).toBe('127.0.0.1');
    if (!hasIpv6) process.stderr.write('not looked at: IPv6, this machine has none\n');
    else expect(await reached(await serving('::1'), '127.0.0.1', '::1')).toBe('::1');
  });

  test('an address that refuses does not cost the delay', async () => {
    const port = await serving('127.0.0.1');
    const begun = performance.now();
    await reached(port, '127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.1');
    expect(performance.now() - begun).toBeLessThan(250);
  });

  test('when nobody answers, the error tells every address, and all attempts are its cause', async () => {
    const port = await serving('127.0.0.1');
    for (const stop of stops.splice(0)) stop();
    const failure = await reached(port, '127.0.0.1', '127.0.0.2').catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(ConnectionRefused);
    expect((failure as Error).cause).toBeInstanceOf(AttemptsFailed);
    expect((failure as Error).message).toBe(
      `connecting to tcp:somewhere.test:${port}: nobody listens there (ECONNREFUSED): ` +
        `127.0.0.1: connect ECONNREFUSED 127.0.0.1:${port}; 127.0.0.2: connect ECONNREFUSED 127.0.0.2:${port}`,
    );
  });

  test('a name without addresses is an UnknownHost', async () => {
    const failure = await reached(1).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnknownHost);
  });

  test('numbers are not looked up', async () => {
    const port = await serving('127.0.0.1');
    const lookup = (): Observable<string> => throwError(() => new Error('it was looked up'));
    await new Promise<void>((resolve, reject) => {
      connect({ type: 'tcp', host: '127.0.0.1', port, lookup }).subscribe({
        next: (connection) => connection.complete(),
        complete: resolve,
        error: reject,
      });
    });
  });
});
