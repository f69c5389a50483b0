/**
 * The names of a world: which machines a name stands for, how long it takes to find out, and whether one can.
 * Knows: hosts by name and address, names that a test has given. Does not know: dialling (Dial.ts).
 */
import type { Host } from './Host.ts';
import { millisecondsOf, type Duration } from './quantities.ts';

/** What a name answers with. */
export interface NameOptions {
  /** The hosts it stands for, in the order in which they are tried: several addresses. The host of that name if not given. */
  readonly hosts?: readonly string[];
  /** How late the answer comes (at once). */
  readonly after?: Duration;
  /** Nobody knows it: a dial fails with `UnknownHost`, `after` that time. */
  readonly fails?: boolean;
}

/** An answer: no hosts, if there is nobody of that name. */
interface Answer {
  readonly hosts: readonly Host[];
  readonly after: number;
}

export class Names {
  private readonly find: (name: string) => Host | undefined;
  private readonly given = new Map<string, NameOptions>();

  constructor(find: (name: string) => Host | undefined) {
    this.find = find;
  }

  /** From now on. */
  set(name: string, options: NameOptions): void {
    this.given.set(name, options);
  }

  resolve(name: string): Answer {
    const { hosts = [name], after = 0, fails = false } = this.given.get(name) ?? {};
    return { hosts: fails ? [] : hosts.flatMap((host) => this.find(host) ?? []), after: millisecondsOf(after) };
  }
}
