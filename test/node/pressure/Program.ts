/**
 * The programs of these tests: started, listened to over IPC, ended after each test whatever became of it.
 * Knows: their ports, their memory. Does not know: what is sent through them.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const programs = join(__dirname, '../programs');
const running: ChildProcess[] = [];

/** Has it end after the test. */
export function started<Child extends ChildProcess>(child: Child): Child {
  running.push(child);
  return child;
}

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    // Continues what is stopped: it must hear that it is over.
    child.kill('SIGCONT');
    if (child.connected) child.disconnect();
    else child.kill();
    await ended;
  }
});

/** A program that tells things over IPC. */
export class Program {
  readonly child: ChildProcess;
  private readonly told: Record<string, unknown>[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    started(child);
    child.on('message', (message) => this.told.push(message as Record<string, unknown>));
    child.on('exit', (code, signal) => this.told.push({ error: `it ended with ${code ?? signal}` }));
  }

  /** Waits until it has told something by that name, and takes that. */
  async tells<T = Record<string, unknown>>(name: string): Promise<T> {
    for (;;) {
      const at = this.told.findIndex((message) => name in message);
      if (at >= 0) return this.told.splice(at, 1)[0] as T;
      const wrong = this.told.find((message) => 'error' in message);
      if (wrong !== undefined) throw new Error(`told ${JSON.stringify(wrong)} instead of ${name}`);
      await new Promise((resolve) => {
        this.child.once('message', resolve).once('exit', resolve);
      });
    }
  }

  async port(): Promise<number> {
    return (await this.tells<{ bound: number }>('bound')).bound;
  }

  /** Asks test/node/programs/memory.ts. */
  async memory(order: 'begin' | 'report'): Promise<number> {
    this.child.send(order);
    return (await this.tells<{ peak: number }>('peak')).peak;
  }
}

const compiled = ['-r', 'ts-node/register', '-r', 'tsconfig-paths/register'];
const watched = ['--expose-gc', ...compiled, '-r', join(programs, 'memory.ts')];

/** One of test/node/programs, with its argument. */
export function program(name: string, argument: number): Program {
  return new Program(fork(join(programs, name), [`${argument}`], { execArgv: watched }));
}

/** examples/proxy.ts, between a port of its own and `to`. */
export function proxy(to: number): Program {
  const ports = join(__dirname, '../../examples/ports.cjs');
  return new Program(
    fork(join(__dirname, '../../../examples/proxy.ts'), {
      execArgv: [...watched, '-r', ports],
      env: { ...process.env, EXAMPLE_PORTS: JSON.stringify({ 80: to }) },
    }),
  );
}
