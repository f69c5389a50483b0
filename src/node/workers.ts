/**
 * Several processes of one program, which share its ports: started, kept running, replaced, drained together.
 * Knows: `node:cluster`, who must be restarted and how soon, the few words that parent and worker exchange.
 * Does not know: what the program serves; signals other than SIGHUP (run.ts).
 */
import cluster, { type Worker } from 'node:cluster';
import { asyncScheduler, Observable, Subscription } from 'rxjs';
import { backoff } from '../../operators/backoff.ts';
import type { Logger } from '../Logger.ts';
import type { Service } from '../Service.ts';

/** Whether this process was started by {@link workers}. */
export const isWorker = cluster.isWorker && process.env['ROPEWALK_WORKER'] === '1';

interface Order {
  readonly ropewalk: 'drain' | 'abort';
}

/** A worker that lives for less than this dies at once: the next one is not started at once (milliseconds). */
const instantDeath = 1_000;
const restartDelay = backoff({ first: 1_000, factor: 2, max: 60_000, jitter: true });
/** How long after its grace a worker that was told to stop may take to disappear. */
const lastCall = 1_000;

/** In a worker: obeys its parent, and stops when that is gone. Returns how to part from it, when all is over. */
export function worker(orders: { drain(): void; abort(): void }): () => void {
  if (!isWorker) return () => {};
  const onMessage = (message: unknown): void => {
    const order = (message as Partial<Order> | null)?.ropewalk;
    if (order !== undefined) orders[order]();
  };
  const onDisconnect = (): void => {
    partInPeace();
    orders.drain();
  };
  process.on('message', onMessage).prependListener('disconnect', onDisconnect);
  return () => {
    process.off('message', onMessage).off('disconnect', onDisconnect);
    partInPeace();
    // Its channel would keep the process alive. It is closed by agreement: clients that the parent has sent on their way
    // to us are sent back, and go to another worker.
    if (process.connected) cluster.worker!.disconnect();
  };
}

/** Without it, Node ends a worker on the spot when its channel closes. */
function partInPeace(): void {
  cluster.worker!.exitedAfterDisconnect = true;
}

/** In the parent: the service that keeps `count` workers. It is over when they are, and fails when one had to be killed. */
export function workers(count: number, options: { readonly grace: number; readonly log: Logger }): Service {
  return (stopping) =>
    new Observable<never>((subscriber) => {
      const crew = new Crew(count, options, subscriber);
      const onHangup = (): void => crew.replaceAll();
      process.on('SIGHUP', onHangup);
      subscriber.add(() => {
        process.off('SIGHUP', onHangup);
        crew.kill();
      });
      subscriber.add(stopping.subscribe(() => crew.drain()));
      crew.start();
    });
}

/** One worker, as its parent sees it. */
interface Member {
  readonly worker: Worker;
  readonly since: number;
  /** `new` while it should take somebody's place and does not listen yet; `leaving` once told to stop. */
  role: 'new' | 'serving' | 'leaving';
}

class Crew {
  private readonly count: number;
  private readonly grace: number;
  private readonly log: Logger;
  private readonly owner: { complete(): void; error(error: unknown): void };
  private readonly members = new Map<number, Member>();
  private readonly timers = new Subscription();
  /** Those who completed by themselves: they are not replaced. */
  private completed = 0;
  private deathsInARow = 0;
  private stopping = false;
  private failed = 0;
  private replacing = false;

  constructor(
    count: number,
    { grace, log }: { readonly grace: number; readonly log: Logger },
    owner: { complete(): void; error(error: unknown): void },
  ) {
    this.count = count;
    this.grace = grace;
    this.log = log;
    this.owner = owner;
  }

  start(): void {
    for (let n = 0; n < this.count; n++) this.fork();
  }

  drain(): void {
    this.stopping = true;
    this.timers.unsubscribe();
    for (const member of this.members.values()) this.dismiss(member);
    this.finishIfOver();
  }

  kill(): void {
    this.stopping = true;
    this.timers.unsubscribe();
    for (const { worker: child } of this.members.values()) child.process.kill('SIGKILL');
  }

  /** One after the other: the new one listens, then the old one drains, then the next. */
  replaceAll(): void {
    if (this.replacing || this.stopping) return;
    this.replacing = true;
    const old = [...this.members.values()];
    this.log.info({ workers: old.length }, `SIGHUP: replacing ${old.length} workers, one by one`);
    const next = (): void => {
      const member = old.shift();
      if (member === undefined || this.stopping) {
        this.replacing = false;
        if (!this.stopping) this.log.info({ workers: this.members.size }, 'all workers are replaced');
        return;
      }
      const fresh = this.fork('new');
      fresh.worker.once('listening', () => {
        fresh.role = 'serving';
        member.worker.once('exit', next);
        this.dismiss(member);
      });
    };
    next();
  }

  private fork(role: Member['role'] = 'serving'): Member {
    const member: Member = { worker: cluster.fork({ ROPEWALK_WORKER: '1' }), since: Date.now(), role };
    const { worker: child } = member;
    this.members.set(child.id, member);
    this.log.info({ pid: child.process.pid }, `worker ${child.process.pid} started`);
    child.on('exit', (code, signal) => this.left(member, code, signal));
    return member;
  }

  private dismiss(member: Member): void {
    const { worker: child } = member;
    if (member.role === 'leaving') return;
    member.role = 'leaving';
    child.send({ ropewalk: 'drain' } satisfies Order, () => {});
    const deadline = asyncScheduler.schedule(() => {
      this.log.error({ pid: child.process.pid }, `worker ${child.process.pid} does not end: killed`);
      child.process.kill('SIGKILL');
    }, this.grace + lastCall);
    child.once('exit', () => deadline.unsubscribe());
  }

  private left(member: Member, code: number | null, signal: string | null): void {
    const { pid } = member.worker.process;
    this.members.delete(member.worker.id);
    const how = signal === null ? `with ${code}` : `by ${signal}`;
    if (member.role === 'leaving' || this.stopping) {
      this.log.info({ pid, code, signal }, `worker ${pid} ended ${how}`);
      if (code !== 0) this.failed++;
    } else if (member.role === 'new') {
      this.replacing = false;
      this.log.error({ pid, code, signal }, `the new worker ended ${how} before it listened: the old ones stay`);
    } else if (code === 0) {
      this.log.info({ pid }, `worker ${pid} has completed`);
      this.completed++;
    } else this.restart(member, how);
    this.finishIfOver();
  }

  private restart({ worker: { process: child }, since }: Member, how: string): void {
    const instant = Date.now() - since < instantDeath;
    this.deathsInARow = instant ? this.deathsInARow + 1 : 0;
    const delay = instant ? restartDelay(this.deathsInARow) : 0;
    this.log.error(
      { pid: child.pid },
      `worker ${child.pid} ended ${how}; another one starts in ${Math.round(delay)} ms`,
    );
    const timer = asyncScheduler.schedule(() => {
      this.timers.remove(timer);
      this.fork();
    }, delay);
    this.timers.add(timer);
  }

  private finishIfOver(): void {
    if (this.members.size > 0) return;
    if (this.stopping && this.failed > 0)
      this.owner.error(new Error(`${this.failed} of ${this.count} workers did not end in order`));
    else if (this.stopping || this.completed >= this.count) this.owner.complete();
  }
}
