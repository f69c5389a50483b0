/**
 * An echo server that can be told to use up its files, and to let them go again: lines on its standard input.
 */
import { closeSync, openSync } from 'node:fs';
import { identity } from 'rxjs';
import { onWarning, serve } from 'ropewalk';
import { dial, listen } from 'ropewalk/node';

const server = listen('tcp:0:interface=127.0.0.1');
const files: number[] = [];

const commands: Record<string, () => void> = {
  'use up'() {
    try {
      for (;;) files.push(openSync('/dev/null', 'r'));
    } catch {
      console.log('used up');
    }
  },
  'let go'() {
    for (const file of files.splice(0)) closeSync(file);
    console.log('let go');
  },
  dial() {
    dial('tcp:127.0.0.1:9').addBoth((result) => console.log(`dialled: ${String(result)}`));
  },
  listen() {
    listen('tcp:0:interface=127.0.0.1').subscribe({ error: (error) => console.log(`listened: ${String(error)}`) });
  },
  exit: () => process.exit(0),
};

onWarning((warning) => console.log(`warned: ${String(warning)}`));
server.address$.subscribe((address) => console.log(`at ${String(address)}`));
server.pipe(serve(identity)).subscribe();
process.stdin.on('data', (text) => {
  for (const line of String(text).split('\n')) commands[line]?.();
});
