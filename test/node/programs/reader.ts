/**
 * Takes what one connection after the other sends, at most as many bytes a second as its argument says, and tells over IPC:
 * its port, that something comes, and at the end how much it was and its hash. Plain `node:net`: it is the judge.
 */
import { createHash } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';

const rate = Number(process.argv[2]);
/** How often it may read on, in milliseconds. */
const tick = 4;

const server = createServer({ allowHalfOpen: true }, (socket) => {
  const hash = createHash('sha1');
  let bytes = 0;
  const pace = paced(socket);
  socket.on('data', (chunk) => {
    if (bytes === 0) process.send?.({ begun: true });
    bytes += chunk.length;
    hash.update(chunk);
    pace(chunk.length);
  });
  socket.on('end', () => {
    process.send?.({ bytes, hash: hash.digest('hex') });
    socket.end();
  });
  socket.on('error', (error) => process.send?.({ error: error.message }));
});
server.listen(0, '127.0.0.1', () => process.send?.({ bound: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());

/** To be told how much was read: pauses the socket when that is more than time allows. */
function paced(socket: Socket): (length: number) => void {
  if (rate === Infinity) return () => {};
  const begin = performance.now();
  let read = 0;
  const timer = setInterval(() => {
    if (read <= ((performance.now() - begin) / 1000) * rate) socket.resume();
  }, tick);
  socket.on('close', () => clearInterval(timer));
  return (length) => {
    read += length;
    if (read > ((performance.now() - begin) / 1000) * rate) socket.pause();
  };
}
