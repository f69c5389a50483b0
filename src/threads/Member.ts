/**
 * One thread of a pool: what it was given, what came back, and how it is called off.
 * Knows: numbers, batches, the shared memory, what is lost with a thread. Does not know: which work is next.
 */
import type { SchedulerLike, Subscription } from 'rxjs';
import { NotCloneable, ThreadCrashed } from '../errors.ts';
import { Answering, type Answers } from './Answering.ts';
import { blame } from './blame.ts';
import { cells, type FromThread, type Outcome, type PackedError, type ToThread } from './messages.ts';
import type { Thread, ThreadPlatform } from './Platform.ts';
import { Stream, type Task } from './Task.ts';

/** The pool, as its members know it. */
export interface Owner {
  readonly grace: number;
  readonly timers: SchedulerLike;
  readonly answers: Answers;
  /** Where messages arrive. */
  arriving(work: () => void): void;
  ready(): void;
  /** These have come to an end; the member may have room. */
  ended(tasks: readonly Ended[]): void;
  /** The thread is no use any more; these wait again, as they were. */
  lost(member: Member, again: readonly Task[]): void;
  /** It never was of use. */
  unloadable(member: Member, problem: PackedError | undefined, reason: unknown): void;
  /** It is gone. */
  gone(member: Member): void;
}

export interface Ended {
  readonly task: Task;
  readonly outcome: Outcome;
  /** A result, a packed error, or an error of this side. */
  readonly value: unknown;
}

/** So many jobs a thread has at most; and no more than it does in so many milliseconds. */
const ahead = { jobs: 128, time: 2 };

export class Member {
  ready = false;
  /** How many it has that somebody waits for. */
  load = 0;
  private readonly owner: Owner;
  private readonly thread: Thread;
  /** What it was given and has not answered, in order; a gap where something was taken back. */
  private sent: (Task | undefined)[] = [];
  /** The number of the first of them, and of the next one. */
  private first = 0;
  private next = 0;
  private outgoing: Task[] = [];
  private alive = true;
  /** The one that has the thread for itself. */
  private sole: Task | undefined;
  over = false;
  /** How many it may have: one, until it is known that they are short. Without shared memory none could be taken back. */
  private capacity = 1;
  /** How long a job takes, in milliseconds, more or less. */
  private pace: number | undefined;
  /** The one that was told to stop, and when its grace is over. */
  private doomed: Task | undefined;
  private deadline: Subscription | undefined;
  private readonly answering: Answering;

  constructor(owner: Owner, platform: ThreadPlatform) {
    this.owner = owner;
    this.answering = new Answering(owner.answers, (answer) => {
      this.thread.answer(answer);
      this.ring();
    });
    this.thread = platform.start({
      message: (message) => owner.arriving(() => this.receive(message)),
      gone: (reason) => owner.arriving(() => this.crashed(reason)),
    });
  }

  get busy(): boolean {
    return this.sent.length > 0;
  }

  accepts(task: Task, level: number): boolean {
    if (this.sole !== undefined || (task.alone && this.sent.length > 0)) return false;
    return this.load < level && this.load < this.capacity && this.sent.length < cells.jobs;
  }

  /** Gives it a task, which leaves with `send`. */
  take(task: Task): void {
    const { memory } = this.thread;
    task.number = this.next++;
    if (memory !== undefined) Atomics.store(memory, slot(task.number), cells.sent);
    this.sent.push(task);
    this.outgoing.push(task);
    this.load++;
    if (task.alone) this.sole = task;
  }

  /** The end of a turn: sends what it was given. The program lives for as long as it is busy. */
  send(): void {
    if (this.outgoing.length > 0) this.sendAll();
    const alive = this.busy || !this.ready;
    if (alive === this.alive) return;
    this.alive = alive;
    this.thread.keepAlive(alive);
  }

  private sendAll(): void {
    const tasks = this.outgoing;
    this.outgoing = [];
    try {
      this.post(tasks);
    } catch {
      // Some of them cannot be cloned: each by itself.
      this.untake(tasks.length);
      for (const task of tasks) this.sendOne(task);
    }
    if (this.sent.length === 0) this.rest();
  }

  private sendOne(task: Task): void {
    this.take(task);
    this.outgoing = [];
    try {
      this.post([task]);
    } catch (refusal) {
      this.untake(1);
      const why = blame(task.args, 'args', refusal);
      const value = new NotCloneable(`${task.title}: the arguments cannot go to a thread: ${why}`, { cause: refusal });
      this.owner.ended([{ task, outcome: 'failed', value }]);
    }
  }

  private untake(count: number): void {
    this.sent.length -= count;
    this.next -= count;
    this.load -= count;
    this.sole = undefined;
  }

  private post(tasks: readonly Task[]): void {
    const [task] = tasks;
    if (task instanceof Stream) {
      task.taken = (count) => this.taken(count);
      this.thread.post(['stream', task.name, task.args], task.move);
    } else this.thread.post(callsOf(tasks), task.move);
  }

  /** Takes back up to `count` that have not begun, the last ones first. They are in their order. */
  takeBack(count: number): Task[] {
    const back: Task[] = [];
    for (let at = this.sent.length - 1; at >= 0 && back.length < count; at--) {
      const task = this.sent[at];
      if (task !== undefined && !task.alone && this.reclaim(task)) back.push(task);
    }
    return back.toReversed();
  }

  /** Nobody waits for it any more: it never begins, or it is told to stop, and if it does not the thread is ended. */
  callOff(task: Task): void {
    if (this.reclaim(task)) return;
    const { memory } = this.thread;
    if (memory !== undefined) {
      Atomics.compareExchange(memory, slot(task.number), cells.running, cells.aborted);
      this.ring();
    }
    this.answering.callOff();
    this.thread.post(['abort', task.number], []);
    this.doomed = task;
    this.deadline?.unsubscribe();
    this.deadline = this.owner.timers.schedule(() => this.execute(task), this.owner.grace);
  }

  /** Ends the thread. What it had is not told: that is the owner's. */
  end(): void {
    this.over = true;
    this.deadline?.unsubscribe();
    this.answering.end();
    this.thread.terminate();
  }

  has(task: Task): boolean {
    return task.number >= 0 && this.sent[task.number - this.first] === task;
  }

  /** Those that somebody waits for. */
  get tasks(): Task[] {
    return this.sent.filter((task) => task !== undefined && !task.over) as Task[];
  }

  /** Whether it is the thread's no more: it had not begun. */
  private reclaim(task: Task): boolean {
    const { memory } = this.thread;
    if (memory === undefined) return false;
    if (Atomics.compareExchange(memory, slot(task.number), cells.sent, cells.takenBack) !== cells.sent) return false;
    this.sent[task.number - this.first] = undefined;
    this.load--;
    return true;
  }

  /** The grace is over. */
  private execute(task: Task): void {
    this.deadline = undefined;
    const { memory } = this.thread;
    // It did stop, and its result is on the way, or will be.
    if (!this.has(task) || (memory !== undefined && Atomics.load(memory, slot(task.number)) === cells.over)) return;
    this.end();
    this.buried(new Error(`it was ended, because ${task.title} did not stop when it was called off`));
  }

  /** The thread is no more: what it had not begun is for others, what it had is lost. */
  private buried(reason: unknown): void {
    const again = this.takeBack(Infinity);
    const died = this.tasks;
    this.owner.lost(this, again);
    const how = (reason as Partial<Error> | undefined)?.message ?? String(reason);
    this.owner.ended(
      died.map((task) => ({
        task,
        outcome: 'failed',
        value: new ThreadCrashed(`${task.title}: its thread died: ${how}`, { cause: reason, ...codeOf(reason) }),
      })),
    );
  }

  private receive(message: FromThread): void {
    if (this.over) return;
    switch (message[0]) {
      case 'ready':
        this.ready = true;
        this.rest();
        return this.owner.ready();
      case 'unloadable':
        this.end();
        return this.owner.unloadable(this, message[1], undefined);
      case 'results':
        return this.results(message[1], message[2], message[3]);
      case 'values':
        return (this.sole as Stream).values(message[1]);
      case 'ask':
        return this.answering.answer(message[1], message[2], message[3]);
    }
  }

  private results(outcomes: readonly Outcome[] | undefined, values: readonly unknown[], took: number): void {
    const pace = took / values.length;
    this.pace = this.pace === undefined ? pace : this.pace + (pace - this.pace) / 4;
    if (this.thread.memory !== undefined)
      this.capacity = Math.max(1, Math.min(ahead.jobs, Math.floor(ahead.time / this.pace)));
    const ended: Ended[] = [];
    for (const [at, value] of values.entries()) {
      const task = this.sent[at];
      if (task === this.doomed) this.deadline?.unsubscribe();
      if (task !== undefined) ended.push({ task, outcome: outcomes?.[at] ?? 'done', value });
    }
    this.sent = this.sent.slice(values.length);
    this.first += values.length;
    this.load -= ended.length;
    if (this.sole?.over === true || this.sent.length === 0) this.sole = undefined;
    if (this.sent.length === 0) this.rest();
    this.owner.ended(ended);
  }

  /** It has nothing to do. */
  private rest(): void {
    this.deadline?.unsubscribe();
    this.deadline = undefined;
    this.sole = undefined;
  }

  private crashed(reason: unknown): void {
    if (this.over) return this.owner.gone(this);
    this.over = true;
    this.deadline?.unsubscribe();
    this.answering.end();
    if (!this.ready) this.owner.unloadable(this, undefined, reason);
    else this.buried(reason);
    this.owner.gone(this);
  }

  private taken(count: number): void {
    const { memory } = this.thread;
    if (memory === undefined) return this.thread.post(['taken', count], []);
    Atomics.add(memory, cells.taken, count);
    if (this.thread.standsStill) this.ring();
    else this.thread.post(['taken', 0], []);
  }

  private ring(): void {
    const { memory } = this.thread;
    if (memory === undefined) return;
    Atomics.add(memory, cells.bell, 1);
    Atomics.notify(memory, cells.bell);
  }
}

function codeOf(reason: unknown): { readonly code?: string } {
  const code = (reason as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? { code } : {};
}

function slot(number: number): number {
  return cells.first + (number % cells.jobs);
}

/** One message for all of them. */
function callsOf(tasks: readonly Task[]): ToThread {
  const [{ name, args }] = tasks;
  const alike = tasks.every((task) => task.name === name && task.args.length === args.length);
  return [
    'calls',
    tasks.length,
    alike ? name : tasks.map((task) => task.name),
    alike ? args.length : tasks.map((task) => task.args.length),
    tasks.length === 1 ? (args as unknown[]) : tasks.flatMap((task) => task.args),
  ];
}
