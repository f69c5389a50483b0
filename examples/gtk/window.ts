/**
 * A window and a site in one program, on one thread: what pages say is listed in the window, and its button rings in every page.
 *
 *   (cd examples/gtk && npm ci)          once; docs/loops.md has what it wants of the system
 *   npx ts-node examples/gtk/window.ts
 *
 * Open http://localhost:8080 in two browsers and type. Close the window, or press Ctrl-C: nobody is let in any more, what is being
 * answered is finished, pages are told good-bye, and the program is over.
 */
import gi from 'node-gtk';
import { BehaviorSubject, finalize, ignoreElements, merge, Subject, takeUntil, tap } from 'rxjs';
import { alongside, over, serve, type Service } from 'ropewalk';
import { gtkLoop } from 'ropewalk/gtk';
import { html, http, json, routes, upgrade } from 'ropewalk/http';
import { listen, run } from 'ropewalk/node';
import { observeOn } from 'ropewalk/operators';
import { webSocket, type WebSocketMessage } from 'ropewalk/websocket';

const room = new Subject<WebSocketMessage>();
const guests$ = new BehaviorSubject(0);
const closed = new Subject<void>();

const Gtk = gi.require('Gtk', '4.0');
Gtk.init();
const [label, list, button] = [new Gtk.Label({ label: '' }), new Gtk.ListBox(), new Gtk.Button({ label: 'Ring' })];
const box = new Gtk.Box({ orientation: Gtk.Orientation.VERTICAL, spacing: 8 });
for (const child of [label, button, list]) box.append(child);
const window = new Gtk.Window({ title: 'Ropewalk', defaultWidth: 360, defaultHeight: 280 });
window.setChild(box);
button.on('clicked', () => room.next('the window rings'));
window.on('close-request', () => {
  loop.quit();
  return false;
});

const loop = gtkLoop(gi);
guests$.pipe(observeOn(loop.scheduler)).subscribe((guests) => label.setText(`${guests} here`));
room.pipe(observeOn(loop.scheduler)).subscribe((line) => {
  list.append(new Gtk.Label({ label: String(line) }));
  if (list.getRowAtIndex(5) !== null) list.remove(list.getRowAtIndex(0)!);
});

const page = `<input autofocus><pre></pre><script>
  const socket = new WebSocket('ws://' + location.host + '/room'), [input] = document.getElementsByTagName('input');
  socket.onmessage = ({ data }) => document.querySelector('pre').append(data + '\\n');
  input.onchange = () => { socket.send(input.value); input.value = ''; }; </script>`;
const guest = upgrade(webSocket({ max: 1024 }), (said) => {
  guests$.next(guests$.value + 1);
  const heard$ = said.pipe(tap((line) => room.next(line)), ignoreElements(), alongside(room));
  return heard$.pipe(finalize(() => guests$.next(guests$.value - 1)));
});
const row = (index: number) => list.getRowAtIndex(index)?.getChild().getText() ?? [];
const shown = () => json({ label: label.getText(), list: [0, 1, 2, 3, 4].flatMap(row) });
const site = routes({ 'GET /': () => html(page), 'GET /window': shown, 'GET /room': guest });
const web: Service = (stopping) =>
  listen('tcp:8080').pipe(takeUntil(merge(stopping, closed)), serve(over(http(), site)), finalize(() => loop.quit()));

window.present();
loop.run().addCallback(() => closed.next());
run(web).addCallback(() => console.log('nobody is left'));
