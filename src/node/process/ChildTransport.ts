/**
 * A child process as a Transport: its standard input is what leaves, its standard output what arrives.
 * Knows: that a process ends twice (its output, and itself), what its exit code means, how it is made to end.
 * Does not know: pipes (StreamTransport.ts), how a process is started (exec.ts).
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Subscription, type SchedulerLike } from 'rxjs';
import type { Address } from '../../Address.ts';
import type { Bytes } from '../../bytes.ts';
import type { StartTls } from '../../tls.ts';
import type { Flushable, Transport, TransportEvents } from '../../Transport.ts';
import { startTls } from '../tls/startTls.ts';
import { StreamTransport } from '../StreamTransport.ts';
import type { ErrorOutput } from './ErrorOutput.ts';
import { InputStream } from './InputStream.ts';
import { ProcessTerminated, type ExitStatus } from './ProcessTerminated.ts';

/** A process that has closed its output usually exits at once; one that does not for this long (milliseconds) lives on. */
const livesOnAfter = 500;

/** What is driven, and how patiently. */
export interface Child {
  readonly process: ChildProcess;
  readonly command: string;
  /** What arrives: its standard output, or that and its standard error. */
  readonly output: Readable;
  readonly errors: ErrorOutput | undefined;
  /** How long it may take to end when it is asked to, in milliseconds. */
  readonly grace: number;
}

export class ChildTransport implements Transport, TransportEvents {
  readonly scheduler: SchedulerLike;
  readonly local: Address;
  readonly remote: Address;
  private readonly pipes: StreamTransport;
  private readonly child: Child;
  events: TransportEvents;
  private status: ExitStatus | undefined;
  private outputEnded = false;
  private pipesClosed = false;
  /** It was told to end by us: how it does so is nobody's fault. */
  private letGo = false;
  /** Both halves are over, and it still works. */
  private finishing = false;
  private toldEnd = false;
  private toldClosed = false;
  private readonly timers = new Subscription();

  constructor(child: Child, local: Address, remote: Address, events: TransportEvents) {
    this.child = child;
    this.local = local;
    this.remote = remote;
    this.events = events;
    const streams = { readable: child.output, writable: new InputStream(child.process.stdin!) };
    this.pipes = new StreamTransport(streams, local, remote, this);
    this.scheduler = this.pipes.scheduler;
    if (child.errors !== undefined) child.errors.changed = () => this.settle();
    child.process.once('exit', (code, signal) => {
      this.status = { code: code ?? undefined, signal: signal ?? undefined };
      this.settle();
    });
  }

  get unsent(): number {
    return this.pipes.unsent;
  }

  get startTls(): StartTls {
    return startTls;
  }

  now(): number {
    return this.pipes.now();
  }

  atTurnEnd(flushable: Flushable): void {
    this.pipes.atTurnEnd(flushable);
  }

  pause(): void {
    this.pipes.pause();
  }

  resume(): void {
    this.pipes.resume();
  }

  write(parts: readonly Bytes[], length: number): boolean {
    return this.pipes.write(parts, length);
  }

  end(): void {
    this.pipes.end();
  }

  abort(): void {
    this.letGo = true;
    this.child.process.kill('SIGKILL');
    this.pipes.close();
    this.settle();
  }

  /** Both halves are over, or it was waited for long enough. It may still be at work; not for ever. */
  close(): void {
    if (this.status !== undefined) {
      this.letGo = true;
      this.settle();
    } else if (!this.toldEnd) this.terminate();
    else if (!this.finishing) {
      this.finishing = true;
      this.after(this.child.grace, () => this.terminate());
    }
  }

  // What the pipes tell.

  received(chunk: Bytes): void {
    this.events.received(chunk);
  }

  receivedEnd(): void {
    this.outputEnded = true;
    // Whether that was the end in order, the exit code tells.
    if (this.status === undefined) this.after(livesOnAfter, () => this.tellEnd());
    this.settle();
  }

  drained(): void {
    this.events.drained();
  }

  sentEnd(): void {
    this.events.sentEnd();
  }

  closed(): void {
    this.pipesClosed = true;
    // Broken off, not ended.
    if (this.status === undefined && !this.outputEnded) this.terminate();
    this.settle();
  }

  /** Called when anything ends; goes one step further when it can. */
  private settle(): void {
    const { status, letGo, child } = this;
    if (status === undefined) return;
    if (letGo) {
      this.pipes.close();
      this.pipes.atTurnEnd({ flush: () => this.tellClosed() });
    } else if ((this.outputEnded || this.pipesClosed) && child.errors?.awaited !== true) {
      if (status.code !== 0) this.tellClosed(new ProcessTerminated(child.command, status));
      else {
        // It is gone: nothing can be said to it any more, and it has said all.
        this.tellEnd();
        this.events.sentEnd();
        // Whoever heard both ends before it, under TLS, has let go of it already.
        if (this.finishing) this.close();
      }
    }
  }

  private tellEnd(): void {
    if (this.toldEnd || this.toldClosed) return;
    this.toldEnd = true;
    this.events.receivedEnd();
  }

  private tellClosed(error?: Error): void {
    if (this.toldClosed) return;
    this.toldClosed = true;
    this.timers.unsubscribe();
    this.pipes.close();
    this.child.errors?.close();
    this.events.closed(error);
  }

  private terminate(): void {
    if (this.letGo) return;
    this.letGo = true;
    this.child.process.kill('SIGTERM');
    this.after(this.child.grace, () => this.child.process.kill('SIGKILL'));
  }

  private after(milliseconds: number, work: () => void): void {
    if (!this.timers.closed) this.timers.add(this.scheduler.schedule(work, milliseconds));
  }
}
