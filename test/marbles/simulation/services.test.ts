/**
 * Services that stop while clients keep coming: whoever was accepted gets the whole answer, whoever comes later is refused,
 * and what others need stops after them.
 */
import { catchError, concatMap, defer, EMPTY, map, mergeMap, Subject, takeUntil, tap, timer, toArray } from 'rxjs';
import { all, ConnectError, inOrder, lines, over, serve, type Protocol, type Service } from 'ropewalk';
import { sameTwice, simulate, type Net, type SimulatedWorld } from 'ropewalk/marbles';

jest.setTimeout(300_000);

/** What one client has seen. */
interface Visit {
  readonly question: string;
  came: 'dialling' | 'accepted' | 'refused' | 'lost';
  answer: string;
}

/** A database, and two front ends that ask it: stopped from right to left. */
function tree(net: Net, log: (event: string) => void): Service {
  const takes = (milliseconds: number) => concatMap((line: string) => timer(milliseconds).pipe(map(() => line)));
  const place =
    (name: string, port: number, protocol: Protocol<string>): Service =>
    (stopping) =>
      net
        .listen({ type: 'tcp', port })
        .pipe(takeUntil(stopping), serve(over(lines(), protocol)), tap({ complete: () => log(`${name} is over`) }));
  const database = (questions: Parameters<Protocol<string>>[0]) =>
    questions.pipe(
      takes(300),
      map((line) => line.toUpperCase()),
    );
  /** Each question is one for the database, over a connection of its own. */
  const front: Protocol<string> = (questions) =>
    questions.pipe(
      takes(100),
      concatMap((question) =>
        net.connect('tcp:server:5').pipe(
          mergeMap((connection) => {
            const asking = connection.over(lines());
            asking.next(question);
            asking.complete();
            return asking;
          }),
        ),
      ),
    );
  return inOrder(place('database', 5, database), all(place('one', 7, front), place('two', 8, front)));
}

function world(visits: Visit[], log: string[]) {
  return ({ host, at, always, eventually, random }: SimulatedWorld): void => {
    visits.length = log.length = 0;
    const stop = new Subject<void>();
    host('server', (net) => tree(net, (event) => log.push(event))(stop));
    for (const name of ['a', 'b', 'c']) {
      host(name, (net) =>
        // They come and come, each a little while after the last one began.
        timer(0, 250 + Math.floor(random() * 200)).pipe(
          takeUntil(timer(12_000)),
          mergeMap((index) =>
            defer(() => {
              const visit: Visit = { question: `${name}${index}`, came: 'dialling', answer: '' };
              visits.push(visit);
              return net.connect(`tcp:server:${random() < 0.5 ? 7 : 8}`).pipe(
                mergeMap((connection) => {
                  visit.came = 'accepted';
                  const asking = connection.over(lines());
                  asking.next(visit.question);
                  asking.complete();
                  return asking.pipe(toArray());
                }),
                tap((answers) => (visit.answer = answers.join())),
                catchError((error: unknown) => {
                  visit.came = error instanceof ConnectError ? 'refused' : 'lost';
                  return EMPTY;
                }),
              );
            }),
          ),
        ),
      );
    }
    at(2000 + random() * 6000, () => stop.next());
    always(() => visits.every(({ came }) => came !== 'lost'));
    always(() => visits.every(({ question, answer }) => answer === '' || answer === question.toUpperCase()));
    eventually(() => visits.every(({ came, answer }) => came === 'refused' || answer !== ''));
    eventually(() => log.length === 3 && log[2] === 'database is over');
  };
}

test('no reply is lost while they drain, however they are timed', () => {
  const [visits, log]: [Visit[], string[]] = [[], []];
  for (let seed = 1; seed <= 20; seed++) {
    simulate({ seed }, world(visits, log));
    // It was a world in which both happened.
    expect(new Set(visits.map(({ came }) => came))).toEqual(new Set(['accepted', 'refused']));
  }
});

test('and the same seed drains in the same way', () => {
  for (let seed = 1; seed <= 3; seed++) sameTwice({ seed }, world([], []));
});

test('who aborts instead of draining loses replies, and the world says so', () => {
  const visits: Visit[] = [];
  const abrupt = ({ host, at, always }: SimulatedWorld): void => {
    const stop = new Subject<void>();
    host('server', (net) => tree(net, () => {})(new Subject()).pipe(takeUntil(stop)));
    host('client', (net) =>
      timer(0, 300).pipe(
        takeUntil(timer(10_000)),
        mergeMap((index) => {
          const visit: Visit = { question: `q${index}`, came: 'dialling', answer: '' };
          visits.push(visit);
          return net.connect('tcp:server:7').pipe(
            mergeMap((connection) => {
              const asking = connection.over(lines());
              asking.next(visit.question);
              return asking;
            }),
            catchError((error: unknown) => {
              visit.came = error instanceof ConnectError ? 'refused' : 'lost';
              return EMPTY;
            }),
          );
        }),
      ),
    );
    at('3s', () => stop.next());
    always(() => visits.every(({ came }) => came !== 'lost'));
  };
  expect(() => simulate({ seed: 1, shrink: false }, abrupt)).toThrow('what must always hold does not');
});
