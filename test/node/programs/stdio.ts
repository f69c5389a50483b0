/** What a test of stdio: talks to: its first argument says what it does. */
import { map, take } from 'rxjs';
import { lines, over, serve } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';

const tell = (what: string): void => void process.stderr.write(`${what}\n`);

switch (process.argv[2]) {
  case 'serve':
    listen('stdio:')
      .pipe(
        serve(
          over(
            lines(),
            map((line) => `you said ${line}`),
          ),
        ),
      )
      .subscribe({ next: ({ kind }) => tell(kind), complete: () => tell('completed') });
    break;
  case 'end first':
    connect('stdio:').subscribe({
      next(connection) {
        const said = connection.over(lines());
        said.next('bye');
        said.complete();
        said.subscribe((line) => tell(`after my end: ${line}`));
      },
      complete: () => tell('completed'),
    });
    break;
  case 'one line': {
    const running = connect('stdio:').subscribe((connection) => {
      connection
        .over(lines())
        .pipe(take(1))
        .subscribe((line) => {
          tell(line);
          running.unsubscribe();
        });
    });
    break;
  }
  case 'twice':
    listen('stdio:').subscribe((connection) => connection.complete());
    listen('stdio:').subscribe({ error: (error: Error) => tell(`${error.name}: ${error.message}`) });
    connect('stdio:').subscribe({ error: (error: Error) => tell(`${error.name}: ${error.message}`) });
    break;
  case 'flood':
    connect('stdio:').subscribe({
      next(connection) {
        const more = setInterval(() => connection.next(Buffer.from('line\n'.repeat(1000))), 1);
        connection.closed.addCallback(({ kind }) => {
          clearInterval(more);
          tell(kind);
        });
      },
      error: (error: Error) => tell(error.message),
    });
}
