/**
 * What tests of TLS share. Knows: servers and clients of one test, and how to end them. Does not know: what is tested.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identity } from 'rxjs';
import {
  bytes,
  concat,
  onWarning,
  serve,
  utf8,
  type Bytes,
  type CloseReason,
  type Connection,
  type IpAddress,
  type Protocol,
  type RopewalkWarning,
} from 'ropewalk';
import { connect, developmentCertificate, listen, type ConnectTo, type TlsClient, type TlsServer } from 'ropewalk/node';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0).toReversed()) stop();
});

/** Called when the test is over; the last one first. */
export function atEnd(stop: () => void): void {
  stops.push(stop);
}

export const mine = developmentCertificate();

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  atEnd(() => rmSync(path, { recursive: true }));
  return path;
}

/** A TLS server on 127.0.0.1, once it is bound: its port, how its connections ended, and how the first one does. */
export function serving(
  options: Partial<TlsServer> = { privateKey: mine.privateKey, certKey: mine.certificate },
  protocol: Protocol<Bytes> = identity,
): Promise<{ port: number; reasons: CloseReason[]; ended: Promise<CloseReason>; stop(): void }> {
  return new Promise((resolve, reject) => {
    const server = listen({ type: 'tls', port: 0, interface: '127.0.0.1', ...options });
    const reasons: CloseReason[] = [];
    let first!: (reason: CloseReason) => void;
    const ended = new Promise<CloseReason>((tell) => (first = tell));
    server.address$.subscribe((address) =>
      resolve({ port: (address as IpAddress).port, reasons, ended, stop: () => running.unsubscribe() }),
    );
    const running = server.pipe(serve(protocol)).subscribe({
      next(reason) {
        reasons.push(reason);
        first(reason);
      },
      error: reject,
    });
    atEnd(() => running.unsubscribe());
  });
}

export function clientAt(port: number, options: Partial<TlsClient> = {}): ConnectTo {
  return { type: 'tls', host: '127.0.0.1', port, servername: 'localhost', ca: mine.ca, ...options };
}

/** A connection, once it is open; it lives until the test is over. */
export function opened(endpoint: ConnectTo): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const running = connect(endpoint).subscribe({ next: resolve, error: reject });
    atEnd(() => running.unsubscribe());
  });
}

/** What a dial fails with. */
export async function failureOf(endpoint: ConnectTo): Promise<Error & { code?: string }> {
  try {
    await opened(endpoint);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

/** Says `text`, ends, and gives all that is answered. */
export async function say(connection: Connection, text: string): Promise<string> {
  const answer = everything(connection);
  connection.next(bytes(text));
  connection.complete();
  return answer;
}

export function everything(connection: Connection): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Bytes[] = [];
    connection.subscribe({
      next: (chunk) => chunks.push(chunk),
      error: reject,
      complete: () => resolve(utf8(concat(chunks))),
    });
  });
}

/** Waits until what arrives has this. */
export function heard(connection: Connection, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = '';
    connection.subscribe({
      next(chunk) {
        all += utf8(chunk);
        if (all.includes(text)) resolve();
      },
      error: reject,
    });
  });
}

/** Warnings from now on, until the test is over; `next` waits for one more. */
export function warnings(): { readonly all: RopewalkWarning[]; next(): Promise<RopewalkWarning> } {
  const all: RopewalkWarning[] = [];
  let told = 0;
  let wake = (): void => {};
  const before = onWarning((warning) => {
    all.push(warning);
    wake();
  });
  atEnd(() => onWarning(before));
  return {
    all,
    async next() {
      while (all.length <= told) await new Promise<void>((resolve) => (wake = resolve));
      return all[told++];
    },
  };
}

/** A program that ends by itself: all that it printed, and its exit code. */
export function run(command: string, args: readonly string[], input = ''): Promise<{ output: string; code: number }> {
  return new Promise((resolve) => {
    const child = execFile(command, [...args], { timeout: 15_000 }, (error, output, errors) =>
      resolve({ output: output + errors, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
    );
    child.stdin!.on('error', () => {}).end(input);
  });
}

/** A server of somebody else's, once it has printed this: what matched. */
export function started(command: string, args: readonly string[], ready: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    atEnd(() => child.kill('SIGKILL'));
    let output = '';
    const look = (text: string): void => {
      output += text;
      const found = ready.exec(output);
      if (found) resolve(found);
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    child.on('close', (code) => reject(new Error(`${command} ended with ${code}:\n${output}`)));
  });
}
