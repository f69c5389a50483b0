/**
 * The rooms of the project and who may import whom: the import table of the architecture, as data.
 * Knows: rooms, rules, how to read the imports of a file. Does not know: jest.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

export interface Import {
  readonly file: string;
  readonly line: number;
  /** As it is written. */
  readonly specifier: string;
  /** The file it means, if it is one of ours. */
  readonly target?: string;
  /** Gone at run time: `import type`, or nothing but types between the braces. */
  readonly typeOnly: boolean;
  /** `export ... from`. */
  readonly reExport: boolean;
}

/** Where a name of ours leads: `ropewalk/node` to `src/node/index.ts`. */
export const doors: Record<string, string> = Object.fromEntries(
  Object.entries(tsconfig().compilerOptions.paths).map(([name, [file]]) => [name, normalize(file)]),
);

function tsconfig(): { compilerOptions: { paths: Record<string, string[]> } } {
  return ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8')).config;
}

/** Every TypeScript file under `folders`, in order. */
export const filesIn = (...folders: string[]): string[] => folders.flatMap((folder) => under(folder, '.ts'));

/** Every Markdown page under `folder`, in order. */
export const pagesIn = (folder: string): string[] => under(folder, '.md');

/** What an example that is a package of its own has installed or built. */
const installed = /(^|\/)(node_modules|dist|\.angular)\//;

function under(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && !installed.test(path))
    .map((path) => join(folder, path))
    .toSorted();
}

/** What `file` imports, statically, by `import()` and by `require()`. */
export function importsOf(file: string, source = readFileSync(file, 'utf8')): Import[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const note = (from: ts.Expression | undefined, node: ts.Node, typeOnly: boolean): void => {
    if (from === undefined || !ts.isStringLiteralLike(from)) return;
    const specifier = from.text;
    const target = specifier.startsWith('.') ? join(dirname(file), specifier) : doors[specifier];
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push({ file, line, specifier, target, typeOnly, reExport: ts.isExportDeclaration(node) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) note(node.moduleSpecifier, node, onlyTypes(node.importClause));
    else if (ts.isExportDeclaration(node))
      note(node.moduleSpecifier, node, node.isTypeOnly || allTypes(node.exportClause));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal, node, true);
    else if (ts.isCallExpression(node) && /^(import|require|require\.resolve)$/.test(node.expression.getText()))
      note(node.arguments[0], node, false);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  return (
    clause.phaseModifier === ts.SyntaxKind.TypeKeyword || (clause.name === undefined && allTypes(clause.namedBindings))
  );
}

function allTypes(names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (names === undefined || !('elements' in names)) return false;
  return names.elements.length > 0 && names.elements.every((name) => name.isTypeOnly);
}
