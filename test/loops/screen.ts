/**
 * A screen that nobody looks at, for programs with windows.
 * Knows: Xvfb, a window manager, and how a user is played. Does not know: what the windows are.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** What it needs, for `withPeers`. */
export const screenPeers = ['Xvfb', 'openbox', 'xdotool', 'wmctrl', 'import', 'identify'];

export interface Screen {
  /** For the environment of a program that opens a window here. GTK 4 draws by itself: there is no graphics card. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a program that looks at this screen or acts on it, and gives what it prints. */
  run(command: string, ...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** A screen of 640 by 480 pixels, under a number that is free, with a window manager. */
export async function screen(): Promise<Screen> {
  const x = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '640x480x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = (await once(createInterface(x.stdio[3] as NodeJS.ReadableStream), 'line')) as [string];
  const env = { DISPLAY: `:${number}`, GDK_BACKEND: 'x11', GSK_RENDERER: 'cairo', GTK_A11Y: 'none' };
  const options = { env: { ...process.env, ...env } };
  const run = async (command: string, ...args: string[]): Promise<string> =>
    (await promisify(execFile)(command, args, options)).stdout;
  const manager = spawn('openbox', { ...options, stdio: 'ignore' });
  // A close button is the window manager's: it has to be there before windows are.
  await until(() => run('wmctrl', '-m'));
  return { env, run, close: () => endAll(manager, x) };
}

/** Looks until nothing is thrown, and gives what was found. Whoever waits in vain is stopped by the test's own time. */
export async function until<T>(look: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await look();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function endAll(...children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill();
    await once(child, 'exit');
  }
}
