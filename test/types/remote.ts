/** What the compiler makes of an API at the far side. */
import { interval, of, type Observable } from 'rxjs';
import { serve, succeed, type Connection, type Deferred } from 'ropewalk';
import { expose, remote, remoteLink, type LinkState, type Remote } from 'ropewalk/remote';
import { expectType } from './expectType.ts';

declare const connection: Connection;
declare const connections: Observable<Connection>;

const api = {
  add: (a: number, b: number) => a + b,
  later: async (name: string) => `hello ${name}`,
  deferred: () => succeed(7),
  last: () => of('a', 'b'),
  optional: (a: string, b?: number) => `${a}${b}`,
  nothing: () => {},
  ticks$: (period: number) => interval(period),
  plain$: of('a'),
  promised$: () => Promise.resolve(of(true)),
  one$: () => 5,
  version: 3,
};
connections.pipe(serve(expose(api)));
const far = remote<typeof api>(connection);

// A call is a Deferred of what its function comes to, whatever that returns.
expectType<Deferred<number>>()(far.add(2, 3));
expectType<Deferred<string>>()(far.later('Ada'));
expectType<Deferred<number>>()(far.deferred());
expectType<Deferred<string>>()(far.last());
expectType<Deferred<string>>()(far.optional('a'));
expectType<Deferred<void>>()(far.nothing());
far.add(1, 2).addCallback((sum) => expectType<number>()(sum));
// What ends in $ is a stream, and a function, whatever it is there.
expectType<Observable<number>>()(far.ticks$(10));
expectType<Observable<string>>()(far.plain$());
expectType<Observable<boolean>>()(far.promised$());
expectType<Observable<number>>()(far.one$());

// @ts-expect-error: arguments have types
far.add('2', 3);
// @ts-expect-error: and there are so many
far.add(2);
// @ts-expect-error: what is neither a function nor an Observable is not exposed
void far.version;
// @ts-expect-error: nothing of that name
void far.subtract;

// An interface does as well as an object.
interface Market {
  quote(symbol: string): Promise<number>;
  trades$(from: number): Observable<{ id: number }>;
}
const link = remoteLink<Market>(connections, {
  idempotent: ['quote'],
  resume: {
    trades$: (last, from) => {
      expectType<{ id: number } | undefined>()(last);
      expectType<number>()(from);
      return [last === undefined ? from : last.id + 1];
    },
  },
});
expectType<Remote<Market>>()(link.far);
expectType<Observable<{ id: number }>>()(link.far.trades$(0));
expectType<Observable<LinkState>>()(link.state$);
// @ts-expect-error: only what is exposed can be asked for twice
remoteLink<Market>(connections, { idempotent: ['sell'] });
// @ts-expect-error: a resumed stream is asked for with its own arguments
remoteLink<Market>(connections, { resume: { trades$: () => ['0'] } });

// Both ends ask: the function is given the other one.
expose<Market>((client, its) => {
  expectType<Remote<Market>>()(client);
  expectType<Connection>()(its);
  return { echo: (text: string) => text };
});
