/** Enough of an HTTP proxy to try clients with: it takes a CONNECT that comes in one piece, and becomes a wire. */
import { catchError, of, switchMap, take, tap, throwError, type Observable } from 'rxjs';
import { bytes, relay, utf8, type Bytes, type Connection, type Protocol } from 'ropewalk';

export function wireTo(connect: (host: string, port: number) => Observable<Connection>): Protocol<Bytes> {
  return (_, connection) =>
    connection.pipe(
      take(1),
      switchMap((request) => {
        const [, host, port] = /^CONNECT ([^:]+):(\d+) HTTP\/1\.1\r\n[^]*\r\n\r\n$/.exec(utf8(request)) ?? [];
        let there = false;
        const target = connect(host, Number(port)).pipe(
          tap(() => {
            if (!there) connection.next(bytes('HTTP/1.1 200 Connection established\r\n\r\n'));
            there = true;
          }),
        );
        return relay(target)(connection, connection).pipe(
          catchError((error: unknown) =>
            there ? throwError(() => error) : of(bytes('HTTP/1.1 502 Bad Gateway\r\n\r\n')),
          ),
        );
      }),
    );
}
