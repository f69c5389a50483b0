/**
 * Deferreds, as Twisted's users know them: dialled, chained, cancelled by time.
 * Run: npx ts-node examples/deferred.ts    beside a server on port 8007 that answers "time?", or without one.
 * You will see 2130706433, and then the answer, or "nobody home".
 */
import { ask, ConnectionRefused, Deferred, lines, UnknownHost } from 'ropewalk';
import { dial } from 'ropewalk/node';

dial('tcp:localhost:8007')                               // eager; the connection belongs to whoever asked
  .addCallback((connection) => ask(connection.over(lines()), 'time?').addBoth((answer) => { connection.complete(); return answer; }))
  .addErrback(ConnectionRefused, () => 'nobody home')
  .addCallback(console.log);

const address = new Deferred<string>();                  // an IP address in dotted form, some day
const asNumber = address                                 // any later user sees a 32-bit number
  .addCallback((ip) => ip.split('.').reduce((n, octet) => n * 256 + Number(octet), 0))
  .addErrback(UnknownHost, () => 0)
  .addTimeout(5_000);
address.callback('127.0.0.1');                           // runs the chain, now
asNumber.subscribe(console.log);                         // 2130706433
