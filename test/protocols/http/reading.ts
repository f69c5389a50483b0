/**
 * The machines as operators, for pages and laws: what comes out does not depend on how the bytes are cut.
 * Knows: what a page has of a head. Does not know: any case.
 */
import { Observable, type OperatorFunction } from 'rxjs';
import { concat, type Bytes, type LimitExceeded, type ProtocolError } from 'ropewalk';
import {
  HttpClientMachine,
  HttpServerMachine,
  MultipartMachine,
  type Fields,
  type Limits,
  type MultipartEvent,
  type MultipartLimits,
} from 'ropewalk/http';

type Machine = HttpServerMachine | HttpClientMachine;

/** Heads without what is as usual; content once it has ended; trailers, if there are any. */
function reading(make: () => Machine): OperatorFunction<Bytes, unknown> {
  return (source) =>
    new Observable((subscriber) => {
      const machine = make();
      let content: Bytes[] = [];
      const pull = (): void => {
        try {
          for (let event = machine.next(); event !== undefined; event = machine.next()) {
            if (event.kind === 'head') subscriber.next(told(event.head));
            else if (event.kind === 'data') content.push(event.data);
            else {
              subscriber.next(concat(content));
              content = [];
              if (event.trailers.size > 0) subscriber.next({ trailers: [...event.trailers].flat() });
            }
          }
        } catch (error) {
          subscriber.error(withStatus(error as ProtocolError | LimitExceeded));
        }
      };
      return source.subscribe({
        next(chunk) {
          machine.receive(chunk);
          pull();
        },
        complete() {
          machine.end();
          pull();
          subscriber.complete();
        },
      });
    });
}

export const readingRequests = (limits: Partial<Limits> = {}): OperatorFunction<Bytes, unknown> =>
  reading(() => new HttpServerMachine(limits));

export const readingResponses = (methods: string[], limits: Partial<Limits> = {}): OperatorFunction<Bytes, unknown> =>
  reading(() => {
    const machine = new HttpClientMachine(limits);
    for (const method of methods) machine.ask(method);
    return machine;
  });

const usual: Record<string, unknown> = { version: '1.1', framing: 'none', keepAlive: true, expectsContinue: false };
const unremarkable = /^(?:host|content-length|transfer-encoding|connection|upgrade|expect)$/i;

function told({ fields, ...head }: { readonly fields: Fields }): unknown {
  const remarkable = Object.entries(head).filter(([name, value]) => value !== undefined && usual[name] !== value);
  const order = ['method', 'target', 'authority', 'status', 'reason', 'scheme', 'version', 'upgrade', 'framing'];
  const rank = ([name]: [string, unknown]): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const others = [...fields].filter(([name]) => !unremarkable.test(name)).flat();
  return {
    ...Object.fromEntries(remarkable.toSorted((a, b) => rank(a) - rank(b))),
    ...(others.length > 0 ? { fields: others } : {}),
  };
}

/** The same error under a name that tells the status it is answered with. */
function withStatus(error: ProtocolError | LimitExceeded): Error {
  if (error.hint === undefined) return error;
  return Object.assign(new Error(error.message, { cause: error }), { name: `${String(error.hint)} ${error.name}` });
}

/** What stands between the parts of the forms here. */
export const boundary = 'AaB03x';

/** What the machine for parts of a form tells, pieces of one content joined. */
export const readingParts =
  (limits: MultipartLimits): OperatorFunction<Bytes, unknown> =>
  (source) =>
    new Observable((subscriber) => {
      const machine = new MultipartMachine(boundary, limits);
      let content = '';
      const tell = (event: MultipartEvent): void => {
        if (event.kind === 'data') content += [...event.data].map((byte) => String.fromCharCode(byte)).join('');
        else if (event.kind === 'part') subscriber.next(event.headers.get('content-disposition'));
        else if (event.kind === 'failed') subscriber.error(event.error);
        else if (event.kind === 'done') subscriber.next('done');
        else {
          subscriber.next(content);
          content = '';
        }
      };
      return source.subscribe({
        next: (chunk) => machine.receive(chunk).forEach(tell),
        complete() {
          machine.end().forEach(tell);
          subscriber.complete();
        },
      });
    });
