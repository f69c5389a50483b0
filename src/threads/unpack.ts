/**
 * Errors that come out of a thread, made errors of their classes again.
 * Knows: Ropewalk's families, JavaScript's own, those that the pool was given. Does not know: threads.
 */
import * as errors from '../errors.ts';
import type { PackedError } from './messages.ts';

/** A class of errors; its constructor is not called. */
export interface ErrorClass {
  readonly name: string;
  readonly prototype: object;
}

const standard = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError];

/** The error, or whatever was thrown instead of one. `site`: where the thread's work was asked for, if that is known. */
export function unpack(packed: PackedError, known: readonly ErrorClass[] = [], site?: string): unknown {
  if (packed.families.length === 0) return packed.thrown;
  const { families, name, message, stack, details, cause } = packed;
  const error = new Error(message);
  // Its prototype, not its constructor: what that would do was done in the thread.
  Object.setPrototypeOf(error, classOf(families, known).prototype);
  for (const [key, value] of Object.entries(details)) define(error, key, revived(value, known));
  if (cause !== undefined) define(error, 'cause', unpack(cause, known), false);
  if (error.name !== name) define(error, 'name', name, false);
  const inThread = stack.replace(machinery, '');
  define(error, 'stack', site === undefined ? inThread : `${inThread}\n  in a thread, asked for\n${site}`, false);
  return error;
}

/** The lines of a stack that lead from the thread's start to the function: nobody's business. */
const machinery = /\n +at [^\n]*\(\[worker eval\]:\d+:\d+\)(?=\n|$)/g;

/** An error among the details of another one. */
function revived(value: unknown, known: readonly ErrorClass[]): unknown {
  if (Array.isArray(value)) return value.map((each) => revived(each, known));
  return isPacked(value) ? unpack(value, known) : value;
}

function isPacked(value: unknown): value is PackedError {
  return typeof value === 'object' && value !== null && 'families' in value && 'stack' in value && 'details' in value;
}

/** The nearest class that is known here. */
function classOf(families: readonly string[], known: readonly ErrorClass[]): { readonly prototype: object } {
  for (const name of families) {
    const found =
      known.find((each) => each.name === name) ?? family(name) ?? standard.find((each) => each.name === name);
    if (found !== undefined) return found;
  }
  return Error;
}

function family(name: string): ErrorClass | undefined {
  return Object.hasOwn(errors, name) ? errors[name as keyof typeof errors] : undefined;
}

function define(error: Error, key: string, value: unknown, enumerable = true): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}
