/**
 * The server of the bad network. Tells over IPC: that it is ready, with the certificate to believe; how what it gave up on
 * idleness ended; when asked, what came of datagrams.
 */
import { combineLatest, filter, identity, map, take } from 'rxjs';
import { bytes, idleTimeout, serve, utf8 } from 'ropewalk';
import { datagrams, developmentCertificate, listen } from 'ropewalk/node';

const tell = (what: object): void => void process.send?.(what);

// The relay in the middle is believed, too: who it is to its client is where it is.
const { privateKey, certificate, ca } = developmentCertificate({ names: ['10.77.0.2', '10.77.1.2'] });
const echo = listen('tcp:7001');
const tlsEcho = listen({ type: 'tls', port: 7443, privateKey, certKey: certificate });
const impatient = listen('tcp:7003');
echo.pipe(serve(identity)).subscribe();
tlsEcho.pipe(serve(identity)).subscribe();
impatient.pipe(serve(idleTimeout(1500))).subscribe((reason) => {
  tell({ ended: reason.kind, name: reason.kind === 'done' ? undefined : (reason.error as Error).name });
});

/** Which numbers have come. */
const come = new Set<number>();
const seen = { doubled: 0, overtaken: 0 };
const counting = datagrams('udp:7002');
counting.subscribe(({ data }) => {
  const number = Number(utf8(data));
  if (come.has(number)) seen.doubled++;
  else if (number < Math.max(-1, ...come)) seen.overtaken++;
  come.add(number);
});
const answering = datagrams('udp:7004');
answering.subscribe(answering);

const group = datagrams('udp:5007:reuse=true');
group.join('239.5.0.7', { interface: '10.77.0.2' });
group.set({ multicastInterface: '10.77.0.2' });
group
  .pipe(
    filter(({ data }) => utf8(data) === 'who is there?'),
    map(() => ({ data: bytes('far'), remote: { host: '239.5.0.7', port: 5007 } })),
  )
  .subscribe(group);

combineLatest([echo, tlsEcho, impatient, counting, answering, group].map(({ address$ }) => address$))
  .pipe(take(1))
  .subscribe(() => tell({ ready: true, ca }));

process.on('message', () => tell({ state: counting.state, distinct: come.size, ...seen }));
process.on('disconnect', () => process.exit());
