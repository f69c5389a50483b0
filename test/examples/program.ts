/**
 * An example as a running program: started as its reader would start it, with its ports moved (ports.cjs).
 * Knows: its output, its ports, its end. Does not know: any particular example.
 */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { serve, type Bytes, type IpAddress, type Protocol } from 'ropewalk';
import { listen } from 'ropewalk/node';

/** What must be seen of an example. Whatever it starts is stopped when it is over. */
export type Scenario = (start: (options?: Options) => Program) => Promise<void>;

export interface Options {
  /** Where the ports really are that the example dials, or listens on again: `{ 8007: 41234 }`. */
  readonly ports?: Record<number, number>;
  /** What it is given on its standard input. */
  readonly input?: string;
  /** Its arguments. */
  readonly argv?: readonly string[];
  /** How many files it may have open, if not as many as this process. */
  readonly files?: number;
  /** What it finds in its environment beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Program {
  /** Where the port really is that the example listens on, once it does. */
  port(named: number): Promise<number>;
  /** Waits until its output so far has this, and gives what matched. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals>;
  signal(name: NodeJS.Signals): void;
  /** Gives it one more line of input. */
  say(line: string): void;
}

export function start(file: string, { ports = {}, input, argv = [], files, env = {} }: Options = {}): Program {
  const limited = files === undefined ? [] : ['sh', '-c', `ulimit -n ${files} && exec "$0" "$@"`];
  const node = [process.execPath, '--require', './test/examples/ports.cjs', 'node_modules/ts-node/dist/bin.js'];
  const [command, ...rest] = [...limited, ...node, file, ...argv];
  const child = spawn(
    command, rest,
    {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env, NO_COLOR: '1', EXAMPLE_PORTS: JSON.stringify(ports) },
    },
  );
  const bound = new Map<number, number>();
  let output = '';
  let ended = false;
  const watchers = new Set<() => void>();
  const changed = (): void => watchers.forEach((look) => look());
  /** Waits until `find` finds something; fails when the program is over before. */
  const until = <T>(find: () => T | undefined, sought: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined && !ended) return;
        watchers.delete(look);
        if (found === undefined) reject(new Error(`${file} ended without ${sought}; it printed:\n${output}`));
        else resolve(found);
      };
      watchers.add(look);
      look();
    });

  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      changed();
    });
  child.on('message', (message) => {
    const moved = message as { port: number; bound: number };
    bound.set(moved.port, moved.bound);
    changed();
  });
  if (input !== undefined) child.stdin!.end(input);
  const exit = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('close', (code, signal) => {
      ended = true;
      changed();
      resolve(code ?? signal!);
    });
  });
  return {
    port: (named) => until(() => bound.get(named), `listening on port ${named}`),
    prints: (pattern) => until(() => pattern.exec(output) ?? undefined, `printing ${pattern}`),
    exit,
    signal: (name) => void child.kill(name),
    say: (line) => void child.stdin!.write(`${line}\n`),
  };
}

/** Connects, says `text`, ends, and gives all that is answered. */
export function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    connect({ port, host: '127.0.0.1' })
      .setEncoding('utf8')
      .on('data', (chunk: string) => (answer += chunk))
      .on('end', () => resolve(answer))
      .on('error', reject)
      .end(text);
  });
}

/** Waits until what a socket has received has this. */
export function heard(socket: Socket, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('error', reject).on('data', (chunk) => {
      text += String(chunk);
      if (pattern.test(text)) resolve();
    });
  });
}

/** A server for an example that needs one. */
export function serving(protocol: Protocol<Bytes>): Promise<{ readonly port: number; stop(): void }> {
  return new Promise((resolve, reject) => {
    const server = listen('tcp:0:interface=127.0.0.1');
    server.address$.subscribe((address) =>
      resolve({ port: (address as IpAddress).port, stop: () => running.unsubscribe() }),
    );
    const running = server.pipe(serve(protocol)).subscribe({ error: reject });
  });
}

/** A port where nobody listens. */
export async function nobody(): Promise<number> {
  const server = await serving((incoming) => incoming);
  server.stop();
  return server.port;
}
