/**
 * Where a browser's Worker begins as a thread of a pool: gives `inside` what it needs.
 * Knows: `self`, `import()`. Does not know: jobs. The function is sent to the Worker as text, so it uses nothing from outside.
 */
import type { Exports } from '../threads/finding.ts';
import type { inside as Inside, Parts } from '../threads/inside.ts';
import type { Cells, FromThread, ToThread, Window } from '../threads/messages.ts';

/** The first message to a Worker. */
export interface WorkerLaunch {
  readonly module: string | undefined;
  readonly fn: string | undefined;
  readonly data: unknown;
  readonly memory: Int32Array | undefined;
  readonly layout: Cells;
  readonly window: Window;
}

/** What is used of a Worker's global scope. */
interface Scope {
  postMessage(message: unknown, move: readonly object[]): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** `importing` is `import()`: here in the text, a build would make something else of it. */
export function insideWorker(
  scope: Scope,
  importing: (url: string) => Promise<Exports>,
  inside: typeof Inside,
  parts: Parts,
): void {
  let receive: ((message: ToThread) => void) | undefined;
  const early: ToThread[] = [];

  const begin = ({ module, fn, data, memory, layout, window }: WorkerLaunch): void => {
    const evaluate = (code: string): unknown => new Function('__name', `return ${code}`)((named: unknown) => named);
    const load = (): Exports | Promise<Exports> => {
      if (fn !== undefined) return { fn: evaluate(fn) };
      return module === undefined ? {} : importing(module);
    };
    const waiting =
      memory === undefined ? {} : { wait: (bell: number) => void Atomics.wait(memory, layout.bell, bell) };
    inside(
      {
        post: (message: FromThread, move) => scope.postMessage(message, move),
        listen: (listener) => {
          receive = listener;
          for (const message of early.splice(0)) listener(message);
        },
        load,
        // As a method of ours it would be called on us, which a browser refuses.
        soon: (act) => queueMicrotask(act),
        now: () => performance.now(),
        memory,
        layout,
        ...waiting,
        window,
        data,
      },
      parts,
    );
  };

  let begun = false;
  scope.addEventListener('message', ({ data }) => {
    if (!begun) {
      begun = true;
      begin(data as WorkerLaunch);
    } else if (receive === undefined) early.push(data as ToThread);
    else receive(data as ToThread);
  });
}
