/**
 * Real programs to talk to. Knows: whether they are here. Does not know: what they are for.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A `describe` for tests that need these programs. Where one is missing they are skipped, and it is said why; in CI
 * nothing may be skipped, so there it is a failure. What Debian calls them is listed in .ci/run.
 */
export function withPeers(...commands: string[]): (name: string, tests: () => void) => void {
  const missing = commands.filter((command) => !installed(command));
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
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
