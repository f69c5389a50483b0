/**
 * The standard error of a child process: kept while nobody listens, and held like anything that is read.
 * Knows: one Readable and its end. Does not know: the process.
 */
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import type { Bytes } from '../../bytes.ts';
import { feed, HoldGroup } from '../../flow.ts';
import { Inbox } from '../../Inbox.ts';

export class ErrorOutput {
  /** What arrives, for whoever listens. */
  readonly bytes: Observable<Bytes>;
  private readonly inbox: Inbox<Bytes>;
  private readonly stream: Readable;
  /** Told when it may be awaited no more: whoever listened has left, or heard the end. */
  changed = (): void => {};

  constructor(stream: Readable, name: string) {
    const group = new HoldGroup({
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      now: () => Date.now(),
      toString: () => name,
    });
    const inbox = new Inbox<Bytes>(group, { listeningChanged: () => this.changed(), toString: () => name });
    this.stream = stream;
    this.inbox = inbox;
    this.bytes = new Observable((subscriber) => inbox.subscribe(subscriber));
    stream.on('data', (chunk: Bytes) => feed(group, inbox, chunk));
    stream.on('close', () => {
      inbox.complete();
      this.changed();
    });
    // A pipe of our own machine that breaks has ended: the 'close' that follows says so.
    stream.on('error', () => {});
  }

  /** Whether somebody is still to hear what comes. */
  get awaited(): boolean {
    return this.inbox.listening && !this.inbox.ended;
  }

  close(): void {
    this.stream.destroy();
  }
}
