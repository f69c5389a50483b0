/**
 * A pool of threads: who does what, in which order, and what becomes of those that die.
 * Knows: the waiting line, when to start threads, how work is divided, closing. Does not know: what is said to a thread
 * (Member), nor which platform it is on.
 *
 * What is asked for in one turn of the event loop goes to the threads at its end, one message for each of them. A thread may
 * be given jobs ahead; a thread with nothing to do takes over what has not begun elsewhere.
 */
// `Disposable`, for those whose TypeScript knows no newer library than ES2022.
/// <reference lib="esnext.disposable" preserve="true" />
import { asyncScheduler, Observable, Subject, type SchedulerLike } from 'rxjs';
import { Deferred } from '../Deferred.ts';
import { Cancelled, ModuleNotLoaded, PoolClosed, QueueOverflow } from '../errors.ts';
import { joinSink } from '../flow.ts';
import type { Service } from '../Service.ts';
import type { Flushable } from '../Transport.ts';
import type { Answers } from './Answering.ts';
import { Line } from './Line.ts';
import { Member, type Ended, type Owner } from './Member.ts';
import type { PackedError } from './messages.ts';
import type { ThreadPlatform } from './Platform.ts';
import { Call, Stream, type Task } from './Task.ts';
import type { PoolState, ThreadPool } from './ThreadPool.ts';
import { unpack, type ErrorClass } from './unpack.ts';

/** What a pool is told on every platform. */
export interface PoolOptions {
  /** How many threads at most (one less than there are processors, at least one). */
  readonly size?: number;
  /** How many calls and streams may wait for a thread (65,536); one more fails with {@link QueueOverflow}. */
  readonly waiting?: number;
  /** How long a job that was called off may go on before its thread is ended, in milliseconds (5,000). */
  readonly grace?: number;
  /** How long a call may take, waiting included, in milliseconds; then it is called off, and fails with {@link TimedOut}. */
  readonly timeout?: number;
  /** Where results, values and errors arrive: at once, in the turn in which the thread's message comes, unless told. */
  readonly scheduler?: SchedulerLike;
  /** How threads are answered: `thisJob().ask('name', ...)` calls one of these here, and waits for what comes of it. */
  readonly answers?: Answers;
  /** Classes of errors that the functions throw: theirs arrive as such. Those of Ropewalk and of JavaScript are known. */
  readonly errors?: readonly ErrorClass[];
}

const defaults = { waiting: 65_536, grace: 5_000 };

/** A function or a name, as it is sent. */
type AnyTask = Call | Stream;

export class Team implements ThreadPool, Owner, Flushable {
  readonly size: number;
  readonly grace: number;
  readonly timers: SchedulerLike;
  readonly answers: Answers;
  private readonly platform: ThreadPlatform;
  private readonly options: PoolOptions;
  private readonly line = new Line<Task>();
  private members: Member[] = [];
  /** Those that were ended, and are not gone yet. */
  private readonly leaving = new Set<Member>();
  private phase: PoolState['phase'] = 'open';
  private readonly closings: Deferred<void>[] = [];
  private readonly watchers = new Subject<PoolState>();
  /** Work for the end of this turn. */
  private chores: (() => void)[] = [];
  private due = false;
  private done = 0;
  private failed = 0;
  private lostThreads = 0;

  constructor(platform: ThreadPlatform, size: number, options: PoolOptions) {
    const { waiting = defaults.waiting, grace = defaults.grace } = options;
    if (!(size >= 1 && waiting >= 1 && grace >= 0)) {
      throw new RangeError(
        `expected a size and a waiting line of at least 1, and a grace of at least 0 ms, got ${size}, ${waiting} and ${grace}`,
      );
    }
    this.platform = platform;
    this.size = size;
    this.grace = grace;
    this.options = options;
    this.timers = options.scheduler ?? asyncScheduler;
    this.answers = options.answers ?? {};
  }

  call(name: string, ...args: readonly unknown[]): Deferred<never> {
    const call = new Call(name, args);
    const deferred = new Deferred<unknown>({ canceller: () => this.callOff(call) });
    call.deferred = deferred;
    this.add(call);
    const { timeout } = this.options;
    const timed = timeout === undefined ? deferred : deferred.addTimeout(timeout, { scheduler: this.timers });
    return timed as Deferred<never>;
  }

  stream(name: string, ...args: readonly unknown[]): Observable<never> {
    return new Observable<unknown>((subscriber) => {
      const stream = new Stream(name, args, subscriber, {
        later: (work) => this.later(work),
        now: () => this.timers.now(),
      });
      const sink = joinSink(stream.group);
      subscriber.add(() => {
        sink?.leave(stream.group);
        this.callOff(stream);
      });
      this.add(stream);
    }) as Observable<never>;
  }

  run(fn: (...args: never[]) => unknown, ...args: readonly unknown[]): Deferred<never> {
    const text = String(fn);
    if (text.endsWith('{ [native code] }')) {
      throw new TypeError(
        `expected a function whose text can be sent to a thread, got a built-in or bound one, ${fn.name}`,
      );
    }
    return this.call(`(${text})`, ...args);
  }

  get state(): PoolState {
    const { size, members, line, done, failed, phase } = this;
    const busy = members.filter((member) => member.busy).length;
    const running = members.reduce((sum, { load }) => sum + load, 0);
    return {
      size,
      threads: members.length,
      busy,
      waiting: line.length,
      running,
      done,
      failed,
      lost: this.lostThreads,
      phase,
    };
  }

  get state$(): Observable<PoolState> {
    return new Observable((subscriber) => {
      subscriber.next(this.state);
      if (this.phase === 'closed') subscriber.complete();
      else subscriber.add(this.watchers.subscribe(subscriber));
    });
  }

  close(): Deferred<void> {
    const closing = new Deferred<void>();
    this.closings.push(closing);
    if (this.phase === 'open') this.phase = 'closing';
    this.soon();
    return closing;
  }

  abort(): void {
    this.phase = 'closed';
    const members = this.members;
    this.members = [];
    const orphans = [...members.flatMap(({ tasks }) => tasks), ...this.waitingTasks()];
    for (const member of members) this.dismiss(member);
    for (const task of orphans) this.failTask(task, new PoolClosed(`${task.title}: the pool was aborted`));
    this.soon();
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  readonly service: Service = (stopping) =>
    new Observable<never>((subscriber) => {
      subscriber.add(() => this.abort());
      subscriber.add(
        stopping.subscribe(() => {
          this.close().addCallback(() => subscriber.complete());
        }),
      );
    });

  // What members tell.

  arriving(work: () => void): void {
    const { scheduler } = this.options;
    if (scheduler === undefined) work();
    else scheduler.schedule(work);
  }

  ready(): void {
    this.soon();
  }

  ended(ended: readonly Ended[]): void {
    this.soon();
    for (const { task, outcome, value } of ended) {
      if (task.over) continue;
      task.over = true;
      if (outcome === 'done') {
        this.done++;
        task.done(value);
      } else this.failTaskNow(task, this.errorOf(task, outcome, value));
    }
  }

  lost(member: Member, again: readonly Task[]): void {
    for (const task of again.toReversed()) this.line.unshift(task);
    if (member.over) this.replace(member);
    this.soon();
  }

  unloadable(member: Member, problem: PackedError | undefined, reason: unknown): void {
    this.replace(member);
    this.soon();
    // Where others have loaded it, they do the work.
    if (this.members.some(({ ready }) => ready)) return;
    const cause = problem === undefined ? reason : unpack(problem, this.options.errors);
    const why = cause instanceof Error ? cause.message : String(cause);
    for (const task of this.waitingTasks()) {
      this.failTask(
        task,
        new ModuleNotLoaded(`${task.title}: its module cannot be loaded in a thread: ${why}`, { cause }),
      );
    }
  }

  gone(member: Member): void {
    this.leaving.delete(member);
    this.soon();
  }

  /** The end of a turn. */
  flush(): void {
    this.due = false;
    const { chores } = this;
    this.chores = [];
    for (const chore of chores) chore();
    if (this.phase !== 'closed') this.divide();
    for (const member of this.members) member.send();
    if (this.phase !== 'open') this.finish();
    if (this.watchers.observed) this.watchers.next(this.state);
  }

  private add(task: AnyTask): void {
    const { waiting = defaults.waiting } = this.options;
    if (this.phase !== 'open') return this.failTask(task, new PoolClosed(`${task.title}: the pool is closed`));
    if (this.line.length >= waiting) {
      const full = `${task.title}: ${waiting} calls wait for a thread already, and no more than that may`;
      return this.failTask(task, new QueueOverflow(full, waiting));
    }
    this.line.push(task);
    this.soon();
  }

  private callOff(task: Task): void {
    if (task.over) return;
    task.over = true;
    this.failed++;
    if (task.queued) this.line.remove(task);
    else this.members.find((member) => member.has(task))?.callOff(task);
    this.soon();
  }

  private failTask(task: Task, error: unknown): void {
    if (task.over) return;
    task.over = true;
    if (task.queued) this.line.remove(task);
    this.failTaskNow(task, error);
  }

  private failTaskNow(task: Task, error: unknown): void {
    this.failed++;
    task.fail(error);
  }

  private errorOf(task: Task, outcome: string, value: unknown): unknown {
    if (outcome === 'skipped') return new Cancelled(`${task.title}: the thread was told to stop it`);
    return value instanceof Error ? value : unpack(value as PackedError, this.options.errors, task.site);
  }

  private later(work: () => void): void {
    this.chores.push(work);
    this.soon();
  }

  private soon(): void {
    if (this.due) return;
    this.due = true;
    this.platform.atTurnEnd(this);
  }

  /** Gives what waits to those who have room, evenly; what has not begun with one of them may move to an idle one. */
  private divide(): void {
    const { line, members } = this;
    if (line.length > 0) {
      this.enlist();
      const ready = members.filter((member) => member.ready).toSorted((a, b) => a.load - b.load);
      const level = Math.ceil((line.length + ready.reduce((sum, { load }) => sum + load, 0)) / ready.length);
      for (const member of ready) {
        for (let { head } = line; head !== undefined && member.accepts(head, level); { head } = line) {
          line.remove(head);
          member.take(head);
        }
      }
    }
    if (line.length > 0) return;
    const idle = members.filter((member) => member.ready && !member.busy);
    for (const member of idle) {
      const busiest = members.reduce((most, each) => (each.load > most.load ? each : most), member);
      for (const task of busiest.takeBack(busiest.load >> 1)) member.take(task);
    }
  }

  /** Starts as many threads as are missing. */
  private enlist(): void {
    const free = this.members.filter((member) => !member.busy).length;
    const missing = Math.min(this.line.length - free, this.size - this.members.length);
    for (let n = 0; n < missing; n++) this.members.push(new Member(this, this.platform));
  }

  private replace(member: Member): void {
    this.lostThreads++;
    this.members = this.members.filter((each) => each !== member);
    this.leaving.add(member);
  }

  private dismiss(member: Member): void {
    this.leaving.add(member);
    member.end();
  }

  private waitingTasks(): Task[] {
    const tasks: Task[] = [];
    for (let task: Task | undefined = this.line.head; task !== undefined; task = task.after as Task | undefined)
      tasks.push(task);
    return tasks;
  }

  private finish(): void {
    if (this.line.length > 0 || this.members.some((member) => member.busy)) return;
    this.phase = 'closed';
    const { members } = this;
    this.members = [];
    for (const member of members) this.dismiss(member);
    if (this.leaving.size > 0) return;
    for (const closing of this.closings.splice(0)) closing.callback();
    this.watchers.next(this.state);
    this.watchers.complete();
  }
}
