/** Standard input to a Unix socket, and what comes from there to standard output; each end is passed on. */
const socket = require('node:net').connect({ path: process.argv[2], allowHalfOpen: true });
socket.on('error', () => process.exit(1));
process.stdin.pipe(socket).pipe(process.stdout, { end: false });
// Node would keep it open until the process exits.
socket.on('end', () => process.stdout.write('', () => require('node:fs').closeSync(1)));
