/**
 * GTK's event loop: the door `ropewalk/gtk`.
 * Knows: GLib's main loop, through node-gtk. Does not know: windows; those are the program's.
 *
 * Who sleeps: GLib. node-gtk makes Node's loop one of GLib's event sources, by the descriptor that libuv polls: GLib sleeps until
 * something happens to a window or to a socket, and then lets whichever it was have its turn. Nobody looks again and again, no
 * thread, one process. When the loop is quit, Node's own takes over: what is to be drained is drained without a window.
 * GTK 3 and 4 are alike here: the loop is GLib's, which is why this wants what node-gtk exports and not a `Gtk`.
 */
import { MessageChannel } from 'node:worker_threads';
import type { SchedulerLike } from 'rxjs';
import { Deferred } from '../Deferred.ts';
import type { ForeignLoop } from './ForeignLoop.ts';
import { loopScheduler, type LoopSchedulerOptions } from './loopScheduler.ts';

export type { ForeignLoop } from './ForeignLoop.ts';
export { loopScheduler, type LoopSchedulerOptions } from './loopScheduler.ts';

/** What the package node-gtk exports, as far as it is needed here. */
export interface Introspection {
  require(namespace: string, version?: string): unknown;
}

/** GTK's loop, to be run by a program and scheduled on by its pipelines. */
export interface GtkLoop extends ForeignLoop {
  /** For whatever touches a window: `observeOn(loop.scheduler)`. */
  readonly scheduler: SchedulerLike;
  /**
   * Runs GTK's loop from the next turn of Node's on, until {@link quit}; fires then. Servers, timers and promises of the program
   * go on meanwhile, and afterwards. Cancelling quits.
   */
  run(): Deferred<void>;
  /** Ends `run`. A program then goes on until Node has nothing more to wait for. Harmless when nothing runs. */
  quit(): void;
}

/** GLib, as far as it is needed here. */
interface GLib {
  readonly PRIORITY_DEFAULT: number;
  readonly MainLoop: { 'new'(context: null, running: boolean): MainLoop };
  idleAdd(priority: number, work: () => boolean): number;
  timeoutAdd(priority: number, milliseconds: number, work: () => boolean): number;
  sourceRemove(id: number): boolean;
}

interface MainLoop {
  run(): void;
  quit(): void;
  isRunning(): boolean;
}

/**
 * GTK's event loop, for a program that has windows and connections in one process, on one thread.
 *
 * In plain words: `gi` is what `node-gtk` exports. Make windows with it as its own documentation says, bring values to them
 * with `observeOn(loop.scheduler)`, and begin with `run()`. Everything else of Ropewalk works as without a window.
 * Work on the scheduler has the priority of the window's own events and of Node's, and at most half of a frame at a time.
 *
 * ```ts
 * const loop = gtkLoop(gi);
 * hits$.pipe(observeOn(loop.scheduler)).subscribe((hits) => label.setText(`${hits} hits`));
 * loop.run().addCallback(() => console.log('the window is closed'));
 * ```
 * Errors: whatever node-gtk throws when GLib's library is not installed.
 */
export function gtkLoop(gi: Introspection, options?: LoopSchedulerOptions): GtkLoop {
  const glib = gi.require('GLib', '2.0') as GLib;
  let running: MainLoop | undefined;

  const loop: ForeignLoop = {
    later(work, delay) {
      let due = true;
      const once = (): boolean => {
        due = false;
        work();
        return false;
      };
      const priority = glib.PRIORITY_DEFAULT;
      const source = delay > 0 ? glib.timeoutAdd(priority, Math.ceil(delay), once) : glib.idleAdd(priority, once);
      return () => {
        // GLib complains of a source that is gone.
        if (due) glib.sourceRemove(source);
        due = false;
      };
    },
    now: () => performance.now(),
  };
  const quit = (): void => {
    const main = running;
    running = undefined;
    // In a turn of its own: what this one has done to windows (closed them, as a rule) reaches the screen with the next.
    if (main?.isRunning()) loop.later(() => main.quit(), 0);
  };

  return {
    ...loop,
    scheduler: loopScheduler(loop, options),
    run() {
      if (running !== undefined) throw new Error('the GTK loop runs already: quit it first');
      const main = (running = glib.MainLoop.new(null, false));
      const over = new Deferred<void>({ canceller: quit });
      fromMessage(() => {
        if (running === main) main.run();
        if (!over.called) over.callback();
      });
      return over;
    },
    quit,
  };
}

/**
 * Calls `work` where Node's loop may be run again inside: from a message that is waited for as sockets are. In a microtask (the top
 * level of a module is one) promises would stand still meanwhile; in a timer, all timers that there are already; and in an
 * immediate Node would believe that it never ends, and never sleep.
 */
function fromMessage(work: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.once('message', () => {
    port1.close();
    work();
  });
  port2.postMessage(undefined);
}
