/**
 * Examples as programs: each becomes a module that imports what it names, and all are checked as one program.
 * Knows: the names behind the doors, how examples are compiled and run. Does not know: where examples come from.
 */
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import ts from 'typescript';
import type { Fence } from './fences.ts';
import { doors, filesIn } from './rooms.ts';

export interface Example extends Fence {
  /** The module: on its first line the imports of what the example names, then the example, line by line. */
  readonly source: string;
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node', 'jest'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  paths: Object.fromEntries(Object.entries(doors).map(([name, file]) => [name, [resolve(file)]])),
};

const written = ['src', 'operators', 'protocols', 'marbles'];

/** Where a name is looked for when the example does not import it, after the file that it documents. */
const places = [
  ...Object.keys(doors).filter((door) => door !== 'ropewalk/operators'),
  'rxjs',
  'ropewalk/operators',
  resolve('test/house/freeNames.ts'),
];

/** Turns fences into modules. */
export function examplesOf(fences: readonly Fence[]): Example[] {
  const everywhere = resolve('test/house/everywhere.ts');
  const stars = places.map((place, index) => `export * as _${index} from '${place}';`).join('\n');
  const files = filesIn(...written).map((file) => resolve(file));
  const program = createProgram(new Map([[everywhere, stars]]), files);
  const checker = program.getTypeChecker();
  const exportsOf = (module: ts.Symbol | undefined): ts.Symbol[] => (module ? checker.getExportsOfModule(module) : []);
  const exportsAt = (file: string): ts.Symbol[] => {
    const tree = program.getSourceFile(file);
    return tree ? exportsOf(checker.getSymbolAtLocation(tree)) : [];
  };
  const namesAt: NamesAt[] = exportsAt(everywhere).map((star, index) => [
    places[index],
    exportsOf(checker.getAliasedSymbol(star)).map(({ name }) => name),
  ]);
  return fences.map((fence) => {
    const file = resolve(fence.file);
    const documented: NamesAt = [file, exportsAt(file).map(({ name }) => name)];
    // In a protocol's own files its words go first: `text` of HTTP is a response.
    const own = namesAt.filter(([door]) => protocolOf(doors[door]) === (protocolOf(fence.file) ?? 'none'));
    const code = fence.language === 'marbles' ? marbleModule(fence.code) : fence.code;
    return { ...fence, source: `${importsFor(code, [documented, ...own, ...namesAt])}\n${code}` };
  });
}

/** `http`, of a file in protocols/http. */
const protocolOf = (file = ''): string | undefined => /^protocols\/([^/]+)\//.exec(file)?.[1];

/** A module, and the names it exports. */
type NamesAt = readonly [module: string, names: readonly string[]];

/** One line that imports every name which `code` mentions, does not declare, and one of `modules` has. */
function importsFor(code: string, modules: readonly NamesAt[]): string {
  const tree = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const mentioned = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      mentioned.add(node.text);
      if (declares(node)) declared.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const imports = [...mentioned].flatMap((name) => {
    const place = declared.has(name) ? undefined : modules.find(([, names]) => names.includes(name));
    return place === undefined ? [] : `import { ${name} } from '${place[0]}';`;
  });
  return ['export {};', ...imports].join(' ');
}

/** Whether this is where a name of the module itself is made; what is declared further inside may hide an import. */
function declares(name: ts.Identifier): boolean {
  let node: ts.Node = name.parent;
  if (!('name' in node) || node.name !== name) return false;
  while (ts.isBindingElement(node) || ts.isObjectBindingPattern(node) || ts.isArrayBindingPattern(node))
    node = node.parent;
  if (ts.isImportSpecifier(node) || ts.isImportClause(node) || ts.isNamespaceImport(node)) return true;
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  return ts.isSourceFile(statement.parent);
}

/** What the compiler has against these examples, one line each, at the place where the example is written. */
export function complaints(examples: readonly Example[]): string[] {
  const modules = new Map(examples.map((example, index) => [resolve(`test/house/example${index}.ts`), example]));
  const program = createProgram(new Map([...modules].map(([path, { source }]) => [path, source])));
  return [...modules].flatMap(([path, { file, line, language }]) => {
    const tree = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(tree), ...program.getSemanticDiagnostics(tree)].map((found) => {
      const below = language === 'marbles' ? 0 : tree.getLineAndCharacterOfPosition(found.start ?? 0).line - 1;
      return `${file}:${line + below} ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}`;
    });
  });
}

const parsed = new Map<string, ts.SourceFile | undefined>();

function createProgram(virtual: ReadonlyMap<string, string>, files: readonly string[] = []): ts.Program {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.getSourceFile = (path, version) => {
    const text = virtual.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, version, true);
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, version));
    return parsed.get(path);
  };
  return ts.createProgram({ rootNames: [...virtual.keys(), ...files], options, host });
}

/** Whether an example says what it prints. */
export const tells = ({ language, code }: Fence): boolean => language === 'ts' && promises(code).length > 0;

/** What the `// =>` comments of an example say, in order. */
export function promises(code: string): string[] {
  return [...code.matchAll(/\/\/ => (.*)$/gm)].map(([, text]) => plain(text));
}

/** Runs a module of an example; `load` is `require`. */
export async function evaluate(
  source: string,
  load: (name: string) => unknown,
  print: (...values: unknown[]) => void = () => {},
): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  const Program = async function () {}.constructor as new (
    ...texts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const exports = {};
  await new Program('require', 'exports', 'console', outputText)(load, exports, { ...console, log: print });
  return exports;
}

/** Runs an example until it has printed as much as it promised, or for a second. A bare expression before `// =>` prints itself. */
export async function outputOf(example: Example, load: (name: string) => unknown): Promise<string[]> {
  const printing = example.source.replace(
    /^(?!.*console\.log)([^\s/})\].].*?);?( *\/\/ => .*)$/gm,
    (line, expression, promise) =>
      /^(const|let|import|return|throw|await using|using) /.test(expression)
        ? line
        : `console.log(${expression});${promise}`,
  );
  const printed: string[] = [];
  await evaluate(printing, load, (...values) => printed.push(plain(values.map(display).join(' '))));
  const deadline = Date.now() + 1_000;
  while (printed.join(', ').length < promises(example.code).join(', ').length && Date.now() < deadline)
    await new Promise((resume) => setTimeout(resume, 5));
  return printed;
}

const display = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : value instanceof Error
      ? `${value.name}: ${value.message}`
      : inspect(value, { breakLength: Infinity });

/** Quotes are not told apart: `'a'` and `a` are the same promise. */
const plain = (text: string): string => text.replaceAll("'", '').trim();

/** The parts of a marble fence: a picture, the operators, a picture; and the legend, wherever it stands. */
export function marblesIn(code: string): {
  input: string;
  operators: string;
  output: string;
  legend: [string, string][];
} {
  const lines = code.split('\n').filter((line) => line.trim() !== '');
  const legend = lines.flatMap((line): [string, string][] => {
    const entry = /^\s*([\w$]+|#) = (.*?);?$/.exec(line);
    return entry ? [[entry[1], entry[2]]] : [];
  });
  const pictures = lines.filter((line) => !/^\s*([\w$]+|#) = /.test(line)).map((line) => line.trim());
  if (pictures.length < 3) throw new Error(`a marble picture needs an input, an operator and an output:\n${code}`);
  return {
    input: pictures[0],
    operators: pictures.slice(1, -1).join('\n'),
    output: pictures[pictures.length - 1],
    legend,
  };
}

/** A marble fence as a module: its default export builds the stream. */
function marbleModule(code: string): string {
  const { operators, legend } = marblesIn(code);
  const names = legend.map(([name, value]): [string, string] => [name === '#' ? 'failure' : name, value]);
  return [
    `type Make = (marbles: string, values?: Record<string, unknown>) => import('rxjs').Observable<any>;`,
    `export default (make: (values: Record<string, unknown>) => import('rxjs').Observable<any>, cold: Make, hot: Make) => {`,
    ...names.map(([name, value]) => `  const ${name} = ${value};`),
    `  const values: Record<string, unknown> = { ${names.map(([name]) => name).join(', ')} };`,
    `  return { values, stream: make(values).pipe(${operators}) };`,
    `};`,
  ].join('\n');
}
