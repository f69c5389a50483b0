/** Rules 4 and 5 on TCP: an abort reaches the peer as a loss, never as an end in order. */
import { bytes, type CloseReason, type IpAddress } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';

test('rule 5: 300 peers that are aborted in mid-sentence see a loss, though the reset comes with the last bytes', async () => {
  const server = listen('tcp:0:interface=127.0.0.1');
  const port = new Promise<number>((resolve) => server.address$.subscribe((at) => resolve((at as IpAddress).port)));
  const listening = server.subscribe((connection) => {
    connection.subscribe({
      next() {
        connection.next(bytes('half a sentence'));
        connection.flush();
        connection.error(new Error('no more'));
      },
      error: () => {},
    });
  });
  const endpoint = `tcp:127.0.0.1:${await port}`;
  const peer = (): Promise<[string, CloseReason['kind']]> =>
    new Promise((resolve, reject) => {
      connect(endpoint).subscribe({
        next(connection) {
          let incoming = 'nothing';
          connection.subscribe({ complete: () => (incoming = 'completed'), error: () => (incoming = 'errored') });
          connection.closed.addCallback(({ kind }) => resolve([incoming, kind])).addErrback(reject);
          connection.next(bytes('hello'));
        },
        error: () => {},
      });
    });
  const seen = await Promise.all(Array.from({ length: 300 }, peer));
  listening.unsubscribe();
  expect(new Set(seen.map(String))).toEqual(new Set(['errored,lost']));
});
