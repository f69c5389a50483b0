/**
 * Where a thread of Node's begins: gives `inside` what it needs.
 * Knows: worker_threads, how modules are loaded, TypeScript among them. Does not know: jobs.
 *
 * The function is sent to the thread as text, so it uses nothing from outside of itself.
 */
import type { Answer, Cells, FromThread, ToThread, Window } from '../../threads/messages.ts';
import type { Exports } from '../../threads/finding.ts';
import type { inside as Inside, Parts } from '../../threads/inside.ts';

/** What a thread is started with. */
export interface Launch {
  /** The module's URL. */
  readonly module: string | undefined;
  /** Its only function, as text. */
  readonly fn: string | undefined;
  /** The main thread runs TypeScript by this: where ts-node is, and its options. */
  readonly tsNode: { readonly path: string; readonly options: object } | undefined;
  readonly nice: number;
  readonly data: unknown;
  readonly memory: Int32Array;
  readonly layout: Cells;
  readonly window: Window;
  /** Where jobs come from, and where answers do. */
  readonly port: import('node:worker_threads').MessagePort;
  readonly answers: import('node:worker_threads').MessagePort;
}

/** `importing` is `import()`: here in the text, a build would make something else of it. */
export function insideNode(
  require: NodeJS.Require,
  importing: (url: string) => Promise<Exports>,
  inside: typeof Inside,
  parts: Parts,
): void {
  const { receiveMessageOnPort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads');
  const { createRequire } = require('node:module') as typeof import('node:module');
  const { fileURLToPath } = require('node:url') as typeof import('node:url');
  const { readFileSync } = require('node:fs') as typeof import('node:fs');
  const { getPriority, setPriority } = require('node:os') as typeof import('node:os');
  const { port, answers, memory, layout, window, data, module: url, fn, tsNode, nice } = workerData as Launch;
  const features = process.features as { readonly typescript?: unknown };
  const here = require as unknown as { extensions: Record<string, unknown> };

  // Elsewhere the whole process would stand back. A thread begins as what started it is.
  if (nice > 0 && process.platform === 'linux') setPriority(Math.min(19, getPriority() + nice));

  /** A function that compiles TypeScript, of whichever compiler there is beside the module. */
  const compiler = (path: string): ((source: string, file: string) => string) => {
    const there = createRequire(path);
    const found = (name: string): unknown => {
      try {
        return there(name);
      } catch {
        return undefined;
      }
    };
    const swc = found('@swc/core') as
      { transformSync(source: string, options: object): { readonly code: string } } | undefined;
    if (swc !== undefined) {
      const jsc = { target: 'es2022', parser: { syntax: 'typescript', decorators: true } };
      return (source, filename) =>
        swc.transformSync(source, { filename, jsc, module: { type: 'commonjs' }, swcrc: false, sourceMaps: 'inline' })
          .code;
    }
    const esbuild = found('esbuild') as
      { transformSync(source: string, options: object): { readonly code: string } } | undefined;
    if (esbuild !== undefined) {
      const options = { loader: 'ts', format: 'cjs', target: 'es2022', sourcemap: 'inline' };
      return (source, sourcefile) => esbuild.transformSync(source, { ...options, sourcefile }).code;
    }
    const typescript = found('typescript') as
      { transpile(source: string, options: object, file: string): string } | undefined;
    if (typescript?.transpile !== undefined) {
      const options = { module: 1, target: 9, esModuleInterop: true, inlineSourceMap: true };
      return (source, file) => typescript.transpile(source, options, file);
    }
    throw new Error(
      `${path} is TypeScript, which this Node does not run: build it, or have ts-node, @swc/core, esbuild or typescript beside it`,
    );
  };

  const load = (): Exports | Promise<Exports> => {
    if (fn !== undefined) {
      const evaluate = (code: string): unknown => new Function('__name', `return ${code}`)((named: unknown) => named);
      try {
        return { fn: evaluate(fn) };
      } catch {
        return { fn: Object.values(evaluate(`({${fn.slice(1, -1)}})`) as object)[0] };
      }
    }
    if (url === undefined) return {};
    if (!/\.[cm]?tsx?$/.test(url)) return importing(url);
    const path = fileURLToPath(url);
    if (tsNode !== undefined) (require(tsNode.path) as { register(options: object): void }).register(tsNode.options);
    else if (here.extensions['.ts'] === undefined) {
      if (features.typescript) return importing(url);
      const compile = compiler(path);
      for (const ending of ['.ts', '.mts', '.cts', '.tsx']) {
        here.extensions[ending] = (module: { _compile(code: string, file: string): void }, file: string) =>
          module._compile(compile(readFileSync(file, 'utf8'), file), file);
      }
    } else if (features.typescript) return importing(url);
    return createRequire(path)(path) as Exports;
  };

  inside(
    {
      post: (message: FromThread, move) => port.postMessage(message, move as never[]),
      listen: (receive) => void port.on('message', (message: ToThread) => receive(message)),
      load,
      soon: queueMicrotask,
      atEnd: (work) => void process.on('exit', work),
      now: () => performance.now(),
      memory,
      layout,
      wait: (bell) => void Atomics.wait(memory, layout.bell, bell),
      answer: () => receiveMessageOnPort(answers)?.message as Answer | undefined,
      window,
      data,
    },
    parts,
  );
  answers.unref();
}
