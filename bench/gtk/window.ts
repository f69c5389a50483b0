/**
 * The program that bench/gtk.ts measures: a window with a button, and a site, on one loop.
 * Knows: how long a press of the button waits until it is handled, how far apart drawn frames are. Does not know: who presses and asks.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type Gi from 'node-gtk';
import { map, observeOn, scan, Subject } from 'rxjs';
import { over, serve, type IpAddress } from 'ropewalk';
import { gtkLoop } from 'ropewalk/gtk';
import { http, text } from 'ropewalk/http';
import { listen } from 'ropewalk/node';

const gi = createRequire(resolve('examples/gtk/package.json'))('node-gtk') as typeof Gi;
const Gtk = gi.require('Gtk', '4.0');
Gtk.init();
const loop = gtkLoop(gi);

/** Milliseconds from when the screen saw a press to when it is handled: X stamps events by the clock that is Node's `hrtime`, too. */
const waits: number[] = [];
const frames: number[] = [];
const requests$ = new Subject<void>();

const label = new Gtk.Label({ label: '' });
const button = new Gtk.Button({ label: 'Press' });
const press = new Gtk.GestureClick();
// GTK's own gesture claims the press: this one is asked before it.
press.setPropagationPhase(Gtk.PropagationPhase.CAPTURE);
press.on('pressed', () => waits.push(Number(process.hrtime.bigint() / 1_000_000n) - press.getCurrentEventTime()));
button.addController(press);
const box = new Gtk.Box({ orientation: Gtk.Orientation.VERTICAL });
for (const child of [label, button]) box.append(child);
const window = new Gtk.Window({ title: 'Measured', defaultWidth: 200, defaultHeight: 100 });
window.setChild(box);
requests$
  .pipe(
    scan((count) => count + 1, 0),
    observeOn(loop.scheduler),
  )
  .subscribe((count) => label.setText(`${count} requests`));

const server = listen('tcp:0:interface=127.0.0.1');
server.address$.subscribe((address) => process.send?.({ port: (address as IpAddress).port }));
const site = map(() => {
  requests$.next();
  return text('hello');
});
server.pipe(serve(over(http(), site))).subscribe();

process.on('message', (order: 'draw' | 'tell') => {
  // A window that shows nothing new draws nothing: from now on it draws every frame.
  if (order === 'draw') label.addTickCallback(() => frames.push(performance.now()) > 0);
  const { user, system } = process.cpuUsage();
  process.send?.({ waits: waits.splice(0), frames: frames.splice(0), cpu: (user + system) / 1000 });
});
process.once('disconnect', () => process.exit());

window.present();
loop.run();
