/** What a test of fd: and systemd: starts with something open: listens, or connects, and echoes; says what fails. */
import { identity } from 'rxjs';
import { serve } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';

const tell = (what: string): void => void process.stdout.write(`${what}\n`);
const failed = (error: Error & { code?: string }): void => tell(`${error.name}: ${error.message}`);

for (const argument of process.argv.slice(2)) {
  const [how, ...rest] = argument.split(' ');
  const endpoint = rest.join(' ');
  if (how === 'listen') {
    const listener = listen(endpoint);
    listener.address$.subscribe((address) => tell(`at ${address}`));
    const running = listener.pipe(serve(identity)).subscribe({
      next({ kind }) {
        tell(kind);
        running.unsubscribe();
      },
      error: failed,
    });
  } else {
    connect(endpoint).subscribe({
      next: (connection) => void connection.subscribe(connection),
      error: failed,
      complete: () => tell('completed'),
    });
  }
}
