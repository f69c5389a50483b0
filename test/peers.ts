/**
 * Real programs to talk to. Knows: whether they are here. Does not know: what they are for.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The Python that Debian's `python3-...` packages are for, whatever else comes first in the PATH. */
export const python = '/usr/bin/python3';

/**
 * A `describe` for tests that need these peers: commands (`nc`), or modules of {@link python} (`python3:twisted`). Where
 * one is missing they are skipped, and it is said why; in CI nothing may be skipped, so there it is a failure. What Debian
 * calls them is listed in .ci/run.
 */
export function withPeers(...peers: string[]): (name: string, tests: () => void) => void {
  const missing = peers.filter((peer) => !(peer.startsWith('python3:') ? importable(peer.slice(8)) : installed(peer)));
  if (missing.length === 0) return describe;
  const reason = `not on this machine: ${missing.join(', ')} (.ci/run lists Debian's packages)`;
  if (process.env.CI === 'true')
    return (name) =>
      test(name, () => {
        throw new Error(reason);
      });
  return (name, tests) => {
    process.stderr.write(`skipped: ${name}, ${reason}\n`);
    describe.skip(name, tests);
  };
}

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

function importable(module: string): boolean {
  return spawnSync(python, ['-c', `import ${module}`]).status === 0;
}
