/**
 * The endpoint `exec:`, a child process as a connection.
 * Knows: its fields, how a process is started, what fails then. Does not know: how it is driven (process/). No shell is involved.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { merge, type Observable } from 'rxjs';
import type { Bytes } from '../bytes.ts';
import { connecting } from '../connecting.ts';
import { Shape, textField, type ClientType, type Field } from '../Endpoint.ts';
import { connectFailure } from './failures.ts';
import { ChildConnection } from './process/ChildConnection.ts';
import { ErrorOutput } from './process/ErrorOutput.ts';
import { CommandNotFound } from './process/ProcessTerminated.ts';
import { formatWords, parseWords } from './process/words.ts';
import { fromReadable } from './streams/fromReadable.ts';
import { toReadable } from './streams/toReadable.ts';
import { timeoutField } from './tcp.ts';

const stderrPolicies = ['inherit', 'ignore', 'merge', 'pipe'] as const;

/** `exec:COMMAND`. */
export interface ExecClient {
  /** A path, or a name that is looked for in `PATH`. */
  command: string;
  /** In a description: words with spaces between them; quotes and backslashes as in a shell: `args=-k 2 'a b'`. */
  args?: readonly string[];
  /** The folder it runs in (this process's). */
  cwd?: string;
  /** All of its environment (this process's). In a description: `env=LANG=C TZ=UTC`. */
  env?: Readonly<Record<string, string>>;
  /** Where its standard error goes: to ours (`inherit`), nowhere (`ignore`), to what arrives (`merge`), or to `connection.stderr` (`pipe`). */
  stderr?: (typeof stderrPolicies)[number];
  /** How long it may take to end once it is asked to, in milliseconds (5,000). Then it is killed. */
  grace?: number;
}

const wordsField: Field<readonly string[]> = {
  expected: 'words with every quote closed',
  parse: parseWords,
  format: formatWords,
};

const envField: Field<Readonly<Record<string, string>>> = {
  expected: 'NAME=VALUE words with every quote closed',
  parse(text) {
    const entries = parseWords(text)?.map((word): [string, string] => {
      const equals = word.indexOf('=');
      return [word.slice(0, Math.max(equals, 0)), word.slice(equals + 1)];
    });
    return entries?.every(([name]) => name !== '') ? Object.fromEntries(entries) : undefined;
  },
  format: (env) => formatWords(Object.entries(env).map(([name, value]) => `${name}=${value}`)),
};

const stderrField: Field<(typeof stderrPolicies)[number]> = {
  expected: `one of ${stderrPolicies.join(', ')}`,
  parse: (text) => stderrPolicies.find((policy) => policy === text),
  format: (policy) => policy,
};

/** What `connect` gives for `exec:`. */
export interface ExecType extends ClientType<ExecClient> {
  connect(options: ExecClient): Observable<ChildConnection>;
}

export const execClient: ExecType = {
  shape: new Shape('exec', {
    command: { field: textField, required: true },
    args: { field: wordsField, required: false },
    cwd: { field: textField, required: false },
    env: { field: envField, required: false },
    stderr: { field: stderrField, required: false },
    grace: { field: timeoutField, required: false },
  }),
  connect(options) {
    const endpoint = this.shape.format(options);
    return connecting(endpoint, (events) => {
      let child: ChildProcess;
      try {
        child = start(options);
      } catch (error) {
        events.failed(startFailure(endpoint, options, error as Error));
        return () => {};
      }
      let cancelled = false;
      child.once('error', (error) => {
        if (!cancelled) events.failed(startFailure(endpoint, options, error));
      });
      child.once('spawn', () => {
        if (!cancelled) events.opened(connectionOf(child, options));
      });
      return () => {
        cancelled = true;
        child.kill('SIGKILL');
      };
    }) as Observable<ChildConnection>;
  },
};

function start({ command, args = [], cwd, env, stderr = 'inherit' }: ExecClient): ChildProcess {
  const errors = stderr === 'merge' ? 'pipe' : stderr;
  return spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', errors], windowsHide: true });
}

function connectionOf(child: ChildProcess, { command, stderr, grace = 5_000 }: ExecClient): ChildConnection {
  const [stdout, stdErr] = [child.stdout as Readable, child.stderr as Readable];
  const output =
    stderr === 'merge' ? toReadable(merge(fromReadable<Bytes>(stdout), fromReadable<Bytes>(stdErr))) : stdout;
  const errors = stderr === 'pipe' ? new ErrorOutput(stdErr, `the standard error of ${command}`) : undefined;
  return new ChildConnection({ process: child, command, output, errors, grace });
}

/** What Node says when a process cannot be started. */
function startFailure(endpoint: string, { command, cwd }: ExecClient, cause: Error): Error {
  if (!('code' in cause) || cause.code !== 'ENOENT') return connectFailure(endpoint, cause);
  const missing =
    cwd !== undefined && !existsSync(cwd) ? `there is no folder ${cwd}` : `there is no command ${command}`;
  return new CommandNotFound(`connecting to ${endpoint}: ${missing} (ENOENT)`, { cause, code: 'ENOENT' });
}
