/**
 * GTK's loop as its users see it, told line by line: `turns.ts 3.0` or `turns.ts 4.0`.
 * A program of its own, because GLib takes over the loop of the whole process.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { firstValueFrom, from, observeOn, timer, type Observable } from 'rxjs';
import { Cancelled } from 'ropewalk';
import { gtkLoop, type Introspection } from 'ropewalk/gtk';

interface Window {
  on(event: 'map', mapped: () => void): void;
  on(event: 'close-request' | 'delete-event', closing: () => boolean): void;
  /** How GTK 4 shows a window. */
  present(): void;
  /** How GTK 3 does. */
  showAll?(): void;
  close(): void;
}

const gi = createRequire(resolve('examples/gtk/package.json'))('node-gtk') as Introspection;
const version = process.argv[2];
const Gtk = gi.require('Gtk', version) as { init(): void; readonly Window: new (properties: object) => Window };
Gtk.init();

const tell = (line: string): void => void process.stdout.write(`> ${line}\n`);
const loop = gtkLoop(gi);
const values = (name: string): Observable<string> => from([`${name} 1`, `${name} 2`]).pipe(observeOn(loop.scheduler));

async function main(): Promise<void> {
  const over = loop.run();
  try {
    loop.run();
  } catch (error) {
    tell((error as Error).message);
  }
  // Begun before the loop is.
  await firstValueFrom(timer(0));
  tell('timers from before go on');

  loop.later(() => tell('what was called off'), 0)();
  values('a').subscribe(tell);
  values('b').subscribe(tell);
  await new Promise<void>((resolve) => loop.later(resolve, 10));
  tell('a delay is over');
  await firstValueFrom(timer(1));
  tell("rxjs's timers have their turns, too");

  const window = new Gtk.Window({ title: 'Turns' });
  window.on('map', () => loop.later(() => window.close(), 0));
  window.on(version === '3.0' ? 'delete-event' : 'close-request', () => {
    loop.quit();
    return false;
  });
  (window.showAll ?? window.present).call(window);
  await over;
  tell('the window was shown and closed');
  loop.quit();

  await new Promise((resolve) => setTimeout(resolve, 10));
  tell('Node goes on alone');
  const again = loop.run();
  loop.later(() => again.cancel(), 10);
  await again.addErrback(Cancelled, ({ name }) => tell(name));
}

void main();
