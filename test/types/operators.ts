/** What the compiler infers of the operators for conversations and limits. */
import {
  ignoreElements,
  map,
  of,
  Subject,
  type MonoTypeOperatorFunction,
  type Observable,
  type OperatorFunction,
} from 'rxjs';
import {
  alongside,
  ask,
  gather,
  idleTimeout,
  limitBytes,
  limitConnections,
  lines,
  over,
  reconnect,
  relay,
  sendTo,
  serve,
  type Bytes,
  type CloseReason,
  type Connection,
  type Deferred,
  type Duplex,
  type Protocol,
} from 'ropewalk';
import { connect } from 'ropewalk/node';
import { throttle } from 'ropewalk/operators';
import { expectType } from './expectType.ts';

declare const room: Subject<string>;
declare const said: Observable<string>;
declare const chat: Duplex<string>;
declare const measuring: Duplex<number, string>;
declare const connections: Observable<Connection>;

expectType<Observable<string>>()(said.pipe(ignoreElements(), alongside(room)));
expectType<Observable<number | string>>()(of(1).pipe(alongside(room)));

expectType<Deferred<string>>()(ask(chat, 'time?'));
expectType<Deferred<number>>()(ask(measuring, 'how many?'));
// @ts-expect-error: a question is what the duplex sends
ask(measuring, 5);

const proxy = relay(connect('tcp:localhost:80'));
expectType<Protocol<Bytes>>()(proxy);
const textProxy = relay(of(chat));
expectType<Protocol<string>>()(textProxy);
// @ts-expect-error: what arrives must be what the target takes
relay(of(measuring));

const sending = sendTo(measuring);
expectType<OperatorFunction<string, never>>()(sending);
expectType<Observable<CloseReason>>()(
  connections.pipe(
    limitConnections({ total: 10 }),
    serve((incoming) => incoming),
  ),
);
const upper = over(
  lines(),
  map((line) => line.toUpperCase()),
);
expectType<Protocol<Bytes>>()(upper);

expectType<Observable<string>>()(said.pipe(idleTimeout(1000)));
expectType<Observable<Connection>>()(connect('tcp:localhost:80').pipe(reconnect()));
expectType<MonoTypeOperatorFunction<Bytes>>()(limitBytes(10));
expectType<MonoTypeOperatorFunction<Bytes>>()(gather());
expectType<MonoTypeOperatorFunction<Bytes>>()(throttle(10));
