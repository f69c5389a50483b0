/** A bad network, for real: packets are lost, doubled, late and overtaken, links are slow, and fail. */
import { setTimeout as passing } from 'node:timers/promises';
import type { DatagramsState } from 'ropewalk';
import { withPeers } from '../peers.ts';
import type { Order } from './programs/lossyNear.ts';
import { Network, unable, type Counter, type Machine } from './lossy/Network.ts';
import type { Program } from './pressure/Program.ts';
import { where } from './thisMachine.ts';

jest.setTimeout(30_000);

/** What the client tells of an echo. */
interface Echoed {
  readonly length: number;
  readonly sent: string;
  readonly heard: string;
}

/** What the server tells of the datagrams that it counts. */
interface Report {
  readonly state: DatagramsState;
  readonly distinct: number;
  readonly doubled: number;
  readonly overtaken: number;
}

withPeers(
  'ip',
  'nft',
  'tc',
)('on a bad network', () => {
  const reason = unable();
  where(reason === undefined, reason ?? '')('of three machines', () => {
    let network: Network;
    beforeAll(() => {
      network = new Network();
      if (!network.isSlow) process.stderr.write('skipped: slow links and late packets, this kernel has no tbf\n');
    });
    afterAll(() => network?.remove());

    /** The client and the server, and the certificate to believe. */
    async function both(): Promise<{ near: Program; far: Program; ca: string }> {
      const [near, far] = [network.start('near'), network.start('far')];
      const [{ ca }] = await Promise.all([far.tells<{ ca: string }>('ready'), near.tells('ready')]);
      return { near, far, ca };
    }
    /** To ask later how many packets have met this from now on. */
    function counting(machine: Machine, counter: Counter): () => number {
      const before = network.count(machine, counter);
      return () => network.count(machine, counter) - before;
    }
    const order = (near: Program, what: Order): boolean => near.child.send(what);

    test.each(['TCP', 'TLS'])('4 MiB each way over %s arrive as they were sent', async (kind) => {
      const { near, ca } = await both();
      const lost = [counting('near', 'tcpLost'), counting('far', 'tcpLost')];
      const twice = [counting('near', 'twice'), counting('far', 'twice')];
      const late = [counting('near', 'late'), counting('far', 'late')];
      const tls = { type: 'tls', host: '10.77.0.2', port: 7443, ca } as const;
      order(near, { order: 'echo', to: kind === 'TLS' ? tls : 'tcp:10.77.0.2:7001' });
      const { length, sent, heard } = await near.tells<Echoed>('length');
      expect([length, heard]).toEqual([4_194_304, sent]);
      // And the network was bad, both ways.
      for (const many of [...lost, ...twice, ...(network.isSlow ? late : [])]) expect(many()).toBeGreaterThan(10);
    });

    test.each(['TCP', 'TLS'])('so they do through a relay in the middle, over %s', async (kind) => {
      const { near, ca } = await both();
      const middle = network.start('middle');
      await middle.tells('ready');
      const lost = counting('middle', 'tcpLost');
      const tls = { type: 'tls', host: '10.77.1.2', port: 7443, ca } as const;
      order(near, { order: 'echo', to: kind === 'TLS' ? tls : 'tcp:10.77.1.2:7001' });
      const { length, sent, heard } = await near.tells<Echoed>('length');
      expect([length, heard]).toEqual([4_194_304, sent]);
      expect(lost()).toBeGreaterThan(10);
    });

    test('datagrams rules 2 and 4: they are lost, doubled and overtaken on the way, not here, and no error is made of it', async () => {
      const { near, far } = await both();
      const arrived = counting('far', 'udpArrived');
      const lost = counting('far', 'udpLost');
      const overflown = network.overflown('far');
      const left = (): number => arrived() - lost() - (network.overflown('far') - overflown);
      order(near, { order: 'count', to: 'udp:0:to=10.77.0.2\\:7002' });
      const { counted, state } = await near.tells<{ counted: string; state: DatagramsState }>('counted');
      expect([counted, state.sent, state.failed, state.dropped]).toEqual(['done', 1000, 0, 0]);
      // What is late is still on its way.
      for (;;) {
        far.child.send('report');
        const seen = await far.tells<Report>('state');
        const expected = left();
        if (seen.state.received < expected) continue;
        expect(seen.state).toMatchObject({ phase: 'open', received: expected, lost: 0, failed: 0 });
        expect(lost()).toBeGreaterThan(100);
        expect(seen.distinct).toBeLessThan(1000);
        expect(seen.doubled).toBeGreaterThan(0);
        expect(seen.distinct + seen.doubled).toBe(seen.state.received);
        if (network.isSlow) expect(seen.overtaken).toBeGreaterThan(0);
        return;
      }
    });

    test('datagrams rule 10: a group reaches across to another machine', async () => {
      const { near } = await both();
      order(near, { order: 'ask', group: '239.5.0.7' });
      expect(await near.tells('answer')).toEqual({ answer: 'far', from: '10.77.0.2:5007' });
    });

    test('a link that is down for a second, in the middle of 4 MiB, costs time and nothing else', async () => {
      const { near } = await both();
      order(near, { order: 'echo', to: 'tcp:10.77.0.2:7001' });
      await near.tells('begun');
      network.down('far', 'near');
      // Not a wait for something: it is down for that long.
      await passing(1000);
      network.up('near', 'far');
      const { length, sent, heard } = await near.tells<Echoed>('length');
      expect([length, heard]).toEqual([4_194_304, sent]);
    });

    test('datagrams rule 4: while there is no way each is an error of its own, then they arrive again', async () => {
      const { near } = await both();
      order(near, { order: 'ping', to: 'udp:0:to=10.77.0.2\\:7004' });
      await near.tells('heard');
      network.down('near', 'far');
      expect(await near.tells('failed')).toEqual({ failed: 'DatagramUnreachable' });
      network.up('near', 'far');
      await near.tells('heard');
    });

    test('a link that stays down ends the connection, on each side, by the idleTimeout of the program there', async () => {
      const { near, far } = await both();
      order(near, { order: 'patience', to: 'tcp:10.77.0.2:7003' });
      await near.tells('talking');
      network.down('far', 'near');
      try {
        expect(await near.tells('closed')).toEqual({ closed: 'aborted', name: 'TimedOut' });
        expect(await far.tells('ended')).toEqual({ ended: 'aborted', name: 'TimedOut' });
        order(near, { order: 'dial', to: 'tcp:10.77.0.2:7001:timeout=500' });
        // By then its kernel may have noticed.
        expect(await near.tells('became')).toEqual({
          became: expect.stringMatching(/^(ConnectTimeout|HostUnreachable)$/),
        });
      } finally {
        network.up('near', 'far');
      }
      // A kernel that has noticed remembers it for a moment, and says so at once.
      let became = 'HostUnreachable';
      for (let dials = 0; became === 'HostUnreachable' && dials < 20; dials++) {
        await passing(200);
        order(near, { order: 'dial', to: 'tcp:10.77.0.2:7001' });
        ({ became } = await near.tells<{ became: string }>('became'));
      }
      expect(became).toBe('connected');
    });
  });
});
