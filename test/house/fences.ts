/**
 * The examples in the docs: the fences of Markdown pages, and of doc comments.
 * Knows: where a fence begins and ends. Does not know: what its language means.
 */
export interface Fence {
  readonly file: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** The fences of one file, in order. In a TypeScript file only doc comments are looked at. */
export function fencesIn(file: string, text: string): Fence[] {
  const fences: Fence[] = [];
  let begun: { language: string; line: number; code: string[] } | undefined;
  for (const [index, line] of (file.endsWith('.ts') ? docComments(text) : text.split('\n')).entries()) {
    const mark = /^\s*```(.*)$/.exec(line);
    if (mark === null) begun?.code.push(line);
    else if (begun === undefined) begun = { language: mark[1].trim(), line: index + 2, code: [] };
    else {
      fences.push({ file, ...begun, code: begun.code.join('\n') });
      begun = undefined;
    }
  }
  if (begun !== undefined) throw new Error(`${file}:${begun.line - 1} begins a fence that never ends`);
  return fences;
}

/** The lines of a program without their code: a line outside of doc comments is empty. */
function docComments(text: string): string[] {
  let inside = false;
  return text.split('\n').map((line) => {
    const opens = /^\s*\/\*\*/.test(line);
    const comment = inside || opens ? line.replace(/^\s*\/?\*+ ?/, '') : '';
    inside = (inside || opens) && !line.includes('*/');
    return comment;
  });
}
