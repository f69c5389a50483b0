/**
 * What arrives, shared by whoever listens, and kept while nobody does (rule 1 of the Duplex contract).
 * Knows: the listeners, the values that wait for one, the end. Does not know: bytes, sockets, protocols.
 * While a value waits, the group that feeds this inbox is held: what waits is one read and what it decodes to.
 */
import type { Subscriber } from 'rxjs';
import { feed, joinSink, type Hold, type Holder, type HoldGroup } from './flow.ts';

/** Told whenever the first listener comes or the last one leaves. */
export interface InboxOwner {
  listeningChanged(): void;
  toString(): string;
}

export class Inbox<T> implements Holder {
  private readonly group: HoldGroup | undefined;
  private readonly owner: InboxOwner;
  // Nearly every inbox has one listener: it has a field, the others a set.
  private first: Subscriber<T> | undefined;
  private others: Set<Subscriber<T>> | undefined;
  private waiting: T[] = none;
  /** How many of `waiting` were handed out already. */
  private handedOut = 0;
  private handingOut = false;
  private hold: Hold | undefined;
  private end: { readonly error?: unknown } | undefined;
  private discarding = false;

  constructor(group: HoldGroup | undefined, owner: InboxOwner) {
    this.group = group;
    this.owner = owner;
  }

  get listening(): boolean {
    return this.first !== undefined;
  }

  /** How many values wait. */
  get backlog(): number {
    return this.waiting.length - this.handedOut;
  }

  toString(): string {
    return String(this.owner);
  }

  get ended(): boolean {
    return this.end !== undefined;
  }

  next(value: T): void {
    if (this.end !== undefined || this.discarding) return;
    if (this.first === undefined || this.waiting.length > 0) this.keep(value);
    else this.deliver(value);
  }

  complete(): void {
    this.finish({});
  }

  error(error: unknown): void {
    this.finish({ error });
  }

  subscribe(subscriber: Subscriber<T>): void {
    const alone = this.first === undefined;
    const sink = this.group && joinSink(this.group);
    if (alone) this.first = subscriber;
    else (this.others ??= new Set()).add(subscriber);
    this.discarding = false;
    // Before anything is handed out: who leaves in the middle of that (`take(1)`) must not be given the rest.
    subscriber.add(() => {
      if (this.group !== undefined) sink?.leave(this.group);
      this.remove(subscriber);
    });
    if (alone) this.owner.listeningChanged();
    this.handOut();
  }

  /** Takes back what a listener was handed and did not need: it is the first that the next one hears. */
  putBack(value: T): void {
    this.waiting = [value, ...this.waiting.slice(this.handedOut)];
    this.handedOut = 0;
    this.hold ??= this.group?.hold(this, 'nobody listens');
  }

  /** What waits, for whoever else wants it: it is no longer here. */
  take(): T[] {
    const taken = this.waiting.slice(this.handedOut);
    this.forget();
    return taken;
  }

  /** Forgets what waits and whatever comes, until somebody listens. */
  discard(): void {
    this.discarding = true;
    this.forget();
  }

  /** Forgets what waits: the end is told at once. */
  forget(): void {
    this.waiting = none;
    this.handedOut = 0;
    this.release();
  }

  private keep(value: T): void {
    if (this.waiting === none) this.waiting = [];
    this.waiting.push(value);
    this.hold ??= this.group?.hold(this, 'nobody listens');
  }

  private deliver(value: T): void {
    if (this.others === undefined) this.first?.next(value);
    else for (const subscriber of this.listeners()) subscriber.next(value);
  }

  private handOut(): void {
    if (this.handingOut) return;
    this.handingOut = true;
    const delivery = { next: (value: T) => this.deliver(value) };
    while (this.first !== undefined && this.handedOut < this.waiting.length) {
      feed(this.group, delivery, this.waiting[this.handedOut++]);
    }
    this.handingOut = false;
    if (this.handedOut < this.waiting.length) return;
    this.forget();
    if (this.end !== undefined) this.tellEnd(this.end);
  }

  private finish(end: { readonly error?: unknown }): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.release();
    if (this.waiting.length === 0) this.tellEnd(end);
  }

  private tellEnd(end: { readonly error?: unknown }): void {
    for (const subscriber of this.listeners()) {
      if ('error' in end) subscriber.error(end.error);
      else subscriber.complete();
    }
  }

  private listeners(): Subscriber<T>[] {
    return this.first === undefined ? [] : [this.first, ...(this.others ?? [])];
  }

  private remove(subscriber: Subscriber<T>): void {
    if (this.first !== subscriber) {
      this.others?.delete(subscriber);
      return;
    }
    this.first = undefined;
    for (const next of this.others ?? []) {
      this.others?.delete(next);
      this.first = next;
      break;
    }
    if (this.first === undefined) this.owner.listeningChanged();
  }

  private release(): void {
    const { hold } = this;
    this.hold = undefined;
    hold?.release();
  }
}

const none: never[] = [];
