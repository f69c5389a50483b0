/**
 * Real programs to talk to. Knows: whether they are here. Does not know: what they are for.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';

/** The Python that Debian's `python3-...` packages are for, whatever else comes first in the PATH. */
export const python = '/usr/bin/python3';

/**
 * A `describe` for tests that need these peers: commands (`nc`), modules of {@link python} (`python3:twisted`), or packages that an
 * example has installed for itself (`examples/gtk:node-gtk`) or files that it has built (`examples/angular:./dist/main.js`). Where one is missing they are skipped, and it is said why; in CI nothing
 * may be skipped, so there it is a failure. What Debian calls them is listed in .ci/run.
 */
export function withPeers(...peers: string[]): (name: string, tests: () => void) => void {
  const missing = peers.filter((peer) => !isHere(peer));
  if (missing.length === 0) return describe;
  const reason = `not here, for Node ${process.version}: ${missing.join(', ')} (.ci/run lists Debian's packages)`;
  if (process.env.CI === 'true' && !missing.every(isForAnotherNode))
    return (name) =>
      test(name, () => {
        throw new Error(reason);
      });
  return (name, tests) => {
    process.stderr.write(`skipped: ${name}, ${reason}\n`);
    describe.skip(name, tests);
  };
}

function isHere(peer: string): boolean {
  const [, folder, name] = /^([^:]+):(.+)$/.exec(peer) ?? [];
  if (folder === undefined) return installed(peer);
  if (folder === 'python3') return importable(name);
  return name.startsWith('./') ? existsSync(join(folder, name)) : loadable(folder, name);
}

/** What `npm ci` compiled in an example's folder is for the Node it was run with: .ci/run does that with the oldest. */
const isForAnotherNode = (peer: string): boolean => peer.startsWith('examples/') && !process.version.startsWith('v20.');

function installed(command: string): boolean {
  return whereIs(command) !== undefined;
}

/** The path of a program. Debian keeps those of PostgreSQL's server out of the PATH, in a folder for each version. */
export function whereIs(command: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...versionsOf('/usr/lib/postgresql')];
  return folders
    .map((folder) => join(folder, command))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The newest version first. */
function versionsOf(folder: string): string[] {
  try {
    const versions = readdirSync(folder).toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(folder, version, 'bin'));
  } catch {
    return [];
  }
}

/** In a process of its own: a package that is compiled code may take the process with it. */
function loadable(folder: string, name: string): boolean {
  try {
    const file = createRequire(resolve(folder, 'package.json')).resolve(name);
    return spawnSync(process.execPath, ['-e', 'require(process.argv[1])', file]).status === 0;
  } catch {
    return false;
  }
}

function importable(module: string): boolean {
  return spawnSync(python, ['-c', `import ${module}`]).status === 0;
}
