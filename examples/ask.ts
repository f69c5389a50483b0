/**
 * A client with a callback chain: one question, one line back, and our own clock when nobody is there.
 * Run: npx ts-node examples/ask.ts    beside a server on port 8007 that answers "time?" with a date, or without one.
 * You will see one date.
 */
import { first } from 'rxjs';
import { ask, callback, ConnectionRefused, errback, lines } from 'ropewalk';
import { connect } from 'ropewalk/node';

connect('tcp:localhost:8007').pipe(
  callback((connection) => ask(connection.over(lines()), 'time?')),     // one question, one line back
  callback((line) => new Date(line)),
  errback(ConnectionRefused, () => new Date()),                         // only this family; others pass
  first(),                                                              // the answer is here; leaving closes the connection
).subscribe({ next: (date) => console.log(date), error: (error) => console.error(error.message) });
