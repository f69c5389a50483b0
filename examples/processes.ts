/**
 * A child process as a connection, and standard input as another one.
 * Run: npx ts-node examples/processes.ts    and type; or pipe something into it. Your key for the end of a file (Ctrl+D) ends it.
 * You will see "apple", "banana" and "cherry", each once, as sort gave them back; then "you said ..." for each of your lines.
 */
import { concat, from, map, mergeWith, switchMap } from 'rxjs';
import { lines, over, sendTo, serve, text } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';

const words$ = from(['cherry\n', 'apple\n', 'cherry\n', 'banana\n']).pipe(text().encode);

// What goes to sort, and what comes from it: it ends when both have, and fails when sort does.
const sorted$ = connect('exec:sort:args=-u').pipe(
  switchMap((sort) => words$.pipe(sendTo(sort), mergeWith(sort.pipe(text().decode)))),
  map((words) => void process.stdout.write(words)),
);
const answers$ = listen('stdio:').pipe(serve(over(lines(), map((line) => `you said ${line}`))));

concat(sorted$, answers$).subscribe({ error: (error: Error) => console.error(`${error.name}: ${error.message}`) });
