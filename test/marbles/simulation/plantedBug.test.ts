/**
 * A bug of the everyday kind, planted in an example client: after a reconnect it forgets what it had asked and nobody had
 * answered yet. On a network that is well it is never seen. A sweep of seeds finds it, its seed shows it again, and what is left
 * of the world after shrinking says what it takes.
 */
import { switchMap, tap, type Observable } from 'rxjs';
import { lines, over, reconnect, serve, type Duplex } from 'ropewalk';
import {
  everySeed,
  sameTwice,
  simulate,
  SimulationFailed,
  type Net,
  type SimulatedWorld,
  type SimulationOptions,
} from 'ropewalk/marbles';

/** Asks one question a second over whatever connection there is, and counts the answers. */
class Client {
  readonly unanswered = new Set<string>();
  answers = 0;
  private speaking: Duplex<string> | undefined;

  private readonly forgets: boolean;

  /** `forgets` is the bug. */
  constructor(forgets: boolean) {
    this.forgets = forgets;
  }

  readonly run = (net: Net): Observable<unknown> =>
    net.connect('tcp:server:7').pipe(
      switchMap((connection) => {
        this.speaking = connection.over(lines());
        if (this.forgets) this.unanswered.clear();
        for (const question of this.unanswered) this.speaking.next(question);
        return this.speaking;
      }),
      tap((answer) => {
        if (this.unanswered.delete(answer)) this.answers++;
      }),
      reconnect(),
    );

  ask(question: string): void {
    this.unanswered.add(question);
    this.speaking?.next(question);
  }
}

const asked = 20;
const world =
  (forgets: boolean) =>
  ({ host, at, eventually }: SimulatedWorld): void => {
    const client = new Client(forgets);
    host('server', (net) => net.listen('tcp:7').pipe(serve(over(lines(), (questions) => questions))));
    host('client', client.run);
    for (let index = 1; index <= asked; index++) at(index * 1000, () => client.ask(`question ${index}`));
    eventually(() => client.answers === asked, { within: '120s' });
  };

/** What it fails with. */
function failureOf(run: () => unknown): SimulationFailed {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SimulationFailed);
    return error as SimulationFailed;
  }
  throw new Error('no seed found it');
}

test('on a network that is well nobody notices', () => {
  everySeed(20, { profile: 'lan' }, world(true));
});

describe('a sweep', () => {
  const found = failureOf(() => everySeed(50, { profile: 'mobile' }, world(true)));
  const again = (options: SimulationOptions): SimulationFailed =>
    failureOf(() => simulate({ ...options, shrink: false }, world(true)));

  test('finds the seed, which shows it again', () => {
    const { hash, problems } = again({ seed: found.seed, profile: 'mobile' });
    expect([hash, problems]).toEqual([found.hash, found.problems]);
  });

  test('shrinks it to a diagram of a few symbols, which shows it, too', () => {
    expect(found.shrunk!.options).toEqual({
      seed: found.seed,
      profile: 'still',
      rechunk: false,
      faults: { 'client-server': '-(reset)' },
    });
    expect(again(found.shrunk!.options).problems).toEqual(found.problems);
  });

  test('and says so', () => {
    expect(found.message.replaceAll(/\n +at .*/g, '')).toMatchInlineSnapshot(`
     "what must come true in a healed world did not, and nothing more will happen: ()=>client.answers === asked is false

     the world of seed 3 (trace hash ce581c5d646457da):
       after 62.392359 s and 169 events
       options: seed: 3, profile: "mobile"
       host server: 10.0.0.1
       host client: 10.0.0.2
       the link client-server: latency 51.372 ms, jitter 65.452 ms, 1797130 B/s, window 65536, reads cut at random, datagrams lost 0.1 %, doubled 0.1 %, overtaken 0.7 %, mtu 1500
         drawn for it: reset at 15.037 s, cut at 20.310 s, heal at 20.424 s, hold at 59.644 s, heal at 59.675 s

     it takes no more than this (found in 19 runs):
       client-server  -(reset)   a character is 1000 ms
       a network that takes no time
       reads are whole

     the last that happened in it:
       6.095536 s  10.0.0.1:7 > 10.0.0.2:49152 12 bytes c8c5f94e
       7.000000 s  10.0.0.2:49152 > 10.0.0.1:7 12 bytes c8c34443
       7.074928 s  10.0.0.1:7 > 10.0.0.2:49152 12 bytes c8c34443
       8.000000 s  10.0.0.2:49152 > 10.0.0.1:7 12 bytes c8c61f49
       8.104120 s  10.0.0.1:7 > 10.0.0.2:49152 12 bytes c8c61f49
       9.000000 s  10.0.0.2:49152 > 10.0.0.1:7 12 bytes c8c46a4d
       9.053621 s  10.0.0.1:7 > 10.0.0.2:49152 12 bytes c8c46a4d
       10.000000 s  10.0.0.2:49152 > 10.0.0.1:7 13 bytes f0faa016
       10.068041 s  10.0.0.1:7 > 10.0.0.2:49152 13 bytes f0faa016
       11.000000 s  10.0.0.2:49152 > 10.0.0.1:7 13 bytes 63b91074
       11.073971 s  10.0.0.1:7 > 10.0.0.2:49152 13 bytes 63b91074
       12.000000 s  10.0.0.2:49152 > 10.0.0.1:7 13 bytes b0319a72
       12.105455 s  10.0.0.1:7 > 10.0.0.2:49152 13 bytes b0319a72
       13.000000 s  10.0.0.2:49152 > 10.0.0.1:7 13 bytes 12f63da0
       13.088123 s  10.0.0.1:7 > 10.0.0.2:49152 13 bytes 12f63da0
       14.000000 s  10.0.0.2:49152 > 10.0.0.1:7 13 bytes 82bf248e
       14.081056 s  10.0.0.1:7 > 10.0.0.2:49152 13 bytes 82bf248e
       15.000000 s  10.0.0.2:49152 > 10.0.0.1:7 13 bytes d57d628c
       15.037486 s  the link client-server breaks off its connections
       15.037486 s  10.0.0.1:7 <> 10.0.0.2:49152 was broken off by the network
       15.037486 s  10.0.0.2:49152 <> 10.0.0.1:7 was broken off by the network
       15.091864 s  10.0.0.1:7 > 10.0.0.2:49152 reset
       15.590486 s  10.0.0.2:49153 dials 10.0.0.1:7
       15.685762 s  10.0.0.1:7 accepts 10.0.0.2:49153
       15.744086 s  10.0.0.2:49153 is connected to 10.0.0.1:7
       16.000000 s  10.0.0.2:49153 > 10.0.0.1:7 13 bytes 41f61eea
       16.096338 s  10.0.0.1:7 > 10.0.0.2:49153 13 bytes 41f61eea
       17.000000 s  10.0.0.2:49153 > 10.0.0.1:7 13 bytes a4821618
       17.086082 s  10.0.0.1:7 > 10.0.0.2:49153 13 bytes a4821618
       18.000000 s  10.0.0.2:49153 > 10.0.0.1:7 13 bytes ee08e986
       18.111317 s  10.0.0.1:7 > 10.0.0.2:49153 13 bytes ee08e986
       19.000000 s  10.0.0.2:49153 > 10.0.0.1:7 13 bytes 609b45e4
       19.078771 s  10.0.0.1:7 > 10.0.0.2:49153 13 bytes 609b45e4
       20.000000 s  10.0.0.2:49153 > 10.0.0.1:7 13 bytes f2a7c941
       20.091295 s  10.0.0.1:7 > 10.0.0.2:49153 13 bytes f2a7c941
       20.310370 s  the link client-server is cut
       20.424093 s  the link client-server is healed
       59.643908 s  the link client-server is held
       59.674711 s  the link client-server is healed
       60.000000 s  the link client-server is healed

     again:   simulate({ seed: 3, profile: "mobile" }, ...)
     smaller: simulate({ seed: 3, profile: "still", rechunk: false, faults: {"client-server":"-(reset)"} }, ...)"
    `);
  });
});

test('without the bug every seed of the sweep is well, twice over', () => {
  everySeed(50, { profile: 'mobile' }, world(false));
  for (let seed = 1; seed <= 5; seed++) sameTwice({ seed, profile: 'mobile' }, world(false));
});
