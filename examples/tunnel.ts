/**
 * A tunnel: what comes to port 8080 goes through a SOCKS proxy, which is here, too, and wants a password. The web server at
 * its end hears from a PROXY header who its client is.
 * Run: npx ts-node examples/tunnel.ts    then: curl http://127.0.0.1:8080/
 * You will see in curl the address that curl comes from, and here where the proxy was asked to go.
 */
import { map, take } from 'rxjs';
import { bytes, relay, serve, type Bytes, type Protocol } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';
import { proxyHeader } from 'ropewalk/proxy-protocol';
import { socks } from 'ropewalk/socks';

const proxy = socks({
  authorize: ({ username, password }) => username === 'joe' && password === 'secret',
  connect({ host, port, user }) {
    console.log(`${user} goes to ${host}:${port}`);
    return connect({ type: 'tcp', host, port });
  },
});
const site: Protocol<Bytes> = (incoming, client) => incoming.pipe(
  take(1),
  map(() => bytes(`HTTP/1.0 200 OK\r\n\r\nyou come from ${client.remote}\n`)),
);
const end = connect('socks5:127.0.0.1:1080:to=tcp\\:127.0.0.1\\:8081:username=joe:password=secret');

listen('tcp:1080:interface=127.0.0.1').pipe(serve(proxy)).subscribe();
listen('proxy:tcp:8081:interface=127.0.0.1').pipe(serve(site)).subscribe();
listen('tcp:8080:interface=127.0.0.1').pipe(
  serve((incoming, client) => relay(end.pipe(proxyHeader(client)))(incoming, client)),
).subscribe();
