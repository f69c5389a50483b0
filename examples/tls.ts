/**
 * TLS on your own machine, with no other program: a server, and a client that believes nobody else.
 *
 *   npx ts-node examples/tls.ts
 *
 * You will see what both agreed on, the client's line in capitals, who was sent away and why, and how it ended.
 * While it waits, `openssl s_client -connect localhost:8443 -quiet` talks to it, too. Ctrl-C stops it.
 */
import { map } from 'rxjs';
import { lines, onWarning, over, serve } from 'ropewalk';
import { connect, developmentCertificate, listen } from 'ropewalk/node';

const { privateKey, certificate, ca } = developmentCertificate({ names: ['localhost'] });
onWarning((warning) => console.log(warning.name));

const shout = map((line: string) => line.toUpperCase());
const server = listen({ type: 'tls', port: 8443, privateKey, certKey: certificate, alpn: ['shout'] });
server.pipe(serve(over(lines(), shout))).subscribe((reason) => console.log(`server: ${reason.kind}`));

const place = { type: 'tls', host: 'localhost', port: 8443, alpn: ['shout'] } as const;

server.address$.subscribe(() => {
  connect({ ...place, ca }).subscribe((connection) => {
    const { version, alpn, peerCertificate } = connection.tls!;
    console.log(`client: ${version}, ${alpn}, with ${peerCertificate?.names}`);
    const chat = connection.over(lines());
    chat.subscribe((line) => console.log(`client: ${line}`));
    chat.next('hello');
    chat.complete();
  });
  // Without `ca` it does not believe the server, and says so.
  connect(place).subscribe({ error: (error: Error) => console.log(`stranger: ${error.name}`) });
});
