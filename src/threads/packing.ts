/**
 * Errors made ready to be cloned, and made errors again.
 * Knows: classes by name, causes, details. Does not know: threads. Its function is sent to threads as text, so it uses
 * nothing from outside of itself.
 */
import type { PackedError } from './messages.ts';

export interface Packing {
  pack(error: unknown): PackedError;
  /** An error of a class of Ropewalk's, made where that class is not: it is one when it has been packed and unpacked. */
  ours(name: string, message: string, details?: Readonly<Record<string, unknown>>): Error;
  /** The error, as well as it can be had where classes are not known: a plain one, with the name of its class. */
  plain(packed: PackedError): unknown;
}

export function packing(): Packing {
  const made = new WeakMap<object, readonly string[]>();

  const clonable = (value: unknown): unknown => {
    if (value instanceof Error) return pack(value);
    if (Array.isArray(value)) return value.map(clonable);
    try {
      return structuredClone(value);
    } catch {
      return String(value);
    }
  };

  /** The names of its class and of those it descends from. A name that stands on a prototype has survived minifiers. */
  const familiesOf = (error: Error): string[] => {
    const names: string[] = [];
    for (let at: unknown = Object.getPrototypeOf(error); at !== Object.prototype && at !== null;) {
      const prototype = at as { readonly constructor?: { readonly name?: string } };
      // A getter (of DOMException) works on its own instances only.
      const name: unknown = Object.getOwnPropertyDescriptor(prototype, 'name')?.value ?? prototype.constructor?.name;
      names.push(String(name));
      at = Object.getPrototypeOf(prototype);
    }
    return names;
  };

  const pack = (error: unknown): PackedError => {
    if (!(error instanceof Error)) {
      return { families: [], name: '', message: '', stack: '', details: {}, thrown: clonable(error) };
    }
    const details: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(error)) details[name] = clonable(value);
    // Of an AggregateError: its own, but not listed.
    if ('errors' in error) details['errors'] = clonable(error.errors);
    const { name, message, stack = '' } = error;
    const packed = { families: made.get(error) ?? familiesOf(error), name, message, stack, details };
    return error.cause === undefined ? packed : { ...packed, cause: pack(error.cause) };
  };

  const ours = (name: string, message: string, details: Readonly<Record<string, unknown>> = {}): Error => {
    const error = Object.assign(new Error(message), details);
    Object.defineProperty(error, 'name', { value: name });
    made.set(error, [name, 'Error']);
    return error;
  };

  const plain = ({ families, thrown, name, message, stack, details, cause }: PackedError): unknown => {
    if (families.length === 0) return thrown;
    const error = cause === undefined ? new Error(message) : new Error(message, { cause: plain(cause) });
    Object.assign(error, details);
    Object.defineProperties(error, { name: { value: name }, stack: { value: stack } });
    // Thrown on, it goes back as what it was.
    made.set(error, families);
    return error;
  };

  return { pack, ours, plain };
}
