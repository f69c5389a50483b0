/** The echo server, and the clients that people have. */
import { execFile } from 'node:child_process';
import { identity } from 'rxjs';
import { serve } from 'ropewalk';
import { listen } from 'ropewalk/node';
import { withPeers } from '../peers.ts';

withPeers(
  'nc',
  'ncat',
  'socat',
)('an echo server answers', () => {
  test.each([
    ['nc', (port: number) => ['-N', '127.0.0.1', `${port}`]],
    ['ncat', (port: number) => ['127.0.0.1', `${port}`]],
    ['socat', (port: number) => ['-t5', '-', `TCP:127.0.0.1:${port}`]],
  ])('%s', async (command, argumentsFor) => {
    const sent = 'hello, world\n'.repeat(10_000);
    const server = listen('tcp:0:interface=127.0.0.1');
    const answer = new Promise<string>((resolve, reject) => {
      server.address$.subscribe((address) => {
        const port = 'port' in address ? address.port : 0;
        const client = execFile(command, argumentsFor(port), (error, output) =>
          error ? reject(error) : resolve(output),
        );
        client.stdin!.end(sent);
      });
    });
    const ended = new Promise((resolve) => {
      const serving = server.pipe(serve(identity)).subscribe((reason) => {
        serving.unsubscribe();
        resolve(reason);
      });
    });
    expect(await answer).toBe(sent);
    expect(await ended).toEqual({ kind: 'done' });
  });
});
