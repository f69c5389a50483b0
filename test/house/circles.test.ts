/** No module needs itself at run time. Types may go in circles: they are gone by then. */
import { filesIn, importsOf } from './rooms.ts';

/** The circles in a graph of files, each written as a path that comes back to where it began. */
function circles(needs: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const next of needs.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of needs.keys()) walk(file, []);
  return found;
}

test('nothing imports itself by a detour', () => {
  const needs = filesIn('src', 'operators', 'protocols', 'marbles').map((file): [string, string[]] => [
    file,
    importsOf(file).flatMap(({ typeOnly, target }) => (typeOnly || target === undefined ? [] : [target])),
  ]);
  expect(circles(new Map(needs))).toEqual([]);
});

test('a circle is found, and written out', () => {
  const needs = Object.entries({ 'a.ts': ['b.ts', 'd.ts'], 'b.ts': ['c.ts'], 'c.ts': ['b.ts'], 'd.ts': [] });
  expect(circles(new Map(needs))).toEqual(['b.ts -> c.ts -> b.ts']);
});

test('an import of types alone does not count', () => {
  const source = `import type { A } from './a.ts'; import { type B } from './b.ts'; import { c, type C } from './c.ts';`;
  expect(
    importsOf('x.ts', source)
      .filter(({ typeOnly }) => !typeOnly)
      .map(({ specifier }) => specifier),
  ).toEqual(['./c.ts']);
});
