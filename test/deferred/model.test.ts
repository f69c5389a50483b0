/**
 * The rules against a model: random programs run on Deferreds and on a model of twenty lines that takes every rule
 * literally and knows nothing of speed, and must tell the same story. `ROPEWALK_RUNS` sets how many programs.
 */
import fc from 'fast-check';
import { AlreadyCalledError, Cancelled, Deferred } from 'ropewalk';

type Outcome = { readonly ok: boolean; readonly value: unknown };
type Fn = (result: unknown) => unknown;
type Side = 'ok' | 'no' | 'both';

/** What a program can do with one Deferred, real or modelled. */
interface Party {
  add(side: Side, fn: Fn): void;
  look(fn: (outcome: Outcome) => void): void;
  fire(ok: boolean, value: unknown): void;
  chain(other: Party): void;
  pause(): void;
  unpause(): void;
  cancel(): void;
  outcome(): Outcome | undefined;
}

type Canceller = 'none' | 'idle' | 'value' | 'error';

class Model implements Party {
  links: { ok?: Fn; no?: Fn; both?: Fn; look?: (outcome: Outcome) => void; outer?: Model }[] = [];
  result: Outcome | undefined;
  inner: Model | undefined;
  called = false;
  running = false;
  pauses = 0;
  swallows = false;
  cancelling = false;
  readonly canceller: Canceller;

  constructor(canceller: Canceller) {
    this.canceller = canceller;
  }

  add(side: Side, fn: Fn): void {
    this.links.push({ [side]: fn });
    this.run();
  }

  look(look: (outcome: Outcome) => void): void {
    this.links.push({ look });
    this.run();
  }

  fire(ok: boolean, value: unknown): void {
    if (this.called && this.swallows) {
      this.swallows = false;
      return;
    }
    if (this.called) throw 'AlreadyCalled';
    this.called = true;
    this.result = { ok, value };
    this.run();
  }

  chain(other: Party): void {
    this.links.push({ ok: (value) => other.fire(true, value), no: (reason) => other.fire(false, reason) });
    this.run();
  }

  pause(): void {
    this.pauses++;
  }

  unpause(): void {
    if (this.pauses === 0) throw 'RangeError';
    this.pauses--;
    this.run();
  }

  cancel(): void {
    const working = innermost(this);
    if (!working) return;
    if (working.called || working.cancelling) return;
    working.cancelling = true;
    if (working.canceller === 'none') working.swallows = true;
    if (working.canceller === 'value') working.fire(true, 'half');
    if (working.canceller === 'error') working.fire(false, 'stopped');
    if (!working.called) working.fire(false, 'Cancelled');
  }

  outcome(): Outcome | undefined {
    return this.result;
  }

  private run(): void {
    if (this.running) return;
    this.running = true;
    while (this.result && this.pauses === 0 && this.links.length > 0) {
      const link = this.links.shift()!;
      const { ok, value } = this.result;
      if (link.look) link.look(this.result);
      else if (link.outer) this.handOver(link.outer).run();
      else {
        const fn = link.both ?? (ok ? link.ok : link.no);
        if (fn) this.take(fn, value, !ok && fn === link.both);
      }
    }
    this.running = false;
  }

  private take(fn: Fn, value: unknown, failing: boolean): void {
    try {
      const returned = fn(value);
      if (failing && returned === value) return;
      if (returned === this) throw 'TypeError';
      if (!(returned instanceof Model)) this.result = { ok: true, value: returned };
      else if (returned.result && !returned.running && returned.pauses === 0) returned.handOver(this);
      else {
        this.result = undefined;
        this.inner = returned;
        returned.links.push({ outer: this });
      }
    } catch (error) {
      this.result = { ok: false, value: error };
    }
  }

  private handOver(outer: Model): Model {
    outer.inner = undefined;
    outer.result = this.result;
    this.result = { ok: true, value: undefined };
    return outer;
  }
}

function innermost(outer: Model, seen: readonly Model[] = []): Model | undefined {
  if (seen.includes(outer)) return undefined;
  return outer.inner ? innermost(outer.inner, [...seen, outer]) : outer;
}

class Real implements Party {
  readonly deferred: Deferred<unknown>;

  constructor(canceller: Canceller) {
    this.deferred = new Deferred<unknown>({ canceller: cancellers[canceller] }).markHandled();
  }

  add(side: Side, fn: Fn): void {
    const unwrapped: Fn = (result) => {
      const returned = fn(result);
      return returned instanceof Real ? returned.deferred : returned;
    };
    if (side === 'ok') this.deferred.addCallback(unwrapped);
    else if (side === 'no') this.deferred.addErrback(unwrapped);
    else this.deferred.addBoth(unwrapped);
  }

  look(fn: (outcome: Outcome) => void): void {
    this.deferred.subscribe({
      next: (value) => fn({ ok: true, value }),
      error: (value: unknown) => fn({ ok: false, value }),
    });
  }

  fire(ok: boolean, value: unknown): void {
    if (ok) this.deferred.callback(value);
    else this.deferred.errback(value);
  }

  chain(other: Party): void {
    this.deferred.chainDeferred((other as Real).deferred);
  }

  pause(): void {
    this.deferred.pause();
  }

  unpause(): void {
    this.deferred.unpause();
  }

  cancel(): void {
    this.deferred.cancel();
  }

  outcome(): Outcome | undefined {
    const { result } = this.deferred;
    return result && (result.ok ? { ok: true, value: result.value } : { ok: false, value: result.error });
  }
}

const cancellers: Record<Canceller, ((deferred: Deferred<unknown>) => void) | undefined> = {
  none: undefined,
  idle: () => {},
  value: (deferred) => deferred.callback('half'),
  error: (deferred) => deferred.errback('stopped'),
};

/** One thing a program does, in the open or inside a callback; then the callback ends in its own way. */
type Step =
  | { readonly do: 'add'; readonly on: number; readonly side: Side; readonly steps: Step[]; readonly end: End }
  | { readonly do: 'look' | 'pause' | 'unpause' | 'cancel'; readonly on: number }
  | { readonly do: 'fire'; readonly on: number; readonly ok: boolean }
  | { readonly do: 'chain'; readonly on: number; readonly other: number };
type End = { readonly how: 'return' | 'throw' | 'hand back' } | { readonly how: 'defer'; readonly to: number };

const COUNT = 4;
const place = fc.nat({ max: COUNT - 1 });
const { step: anyStep } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 2, depthIdentifier: 'steps' }),
  step: fc.oneof(
    { depthIdentifier: 'steps', maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('fire' as const), on: place, ok: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('chain' as const), on: place, other: place }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('look', 'pause', 'unpause', 'cancel'), on: place }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('add' as const),
        on: place,
        side: fc.constantFrom('ok', 'no', 'both'),
        steps: tie('steps'),
        end: fc.oneof(
          fc.record({ how: fc.constantFrom('return', 'throw', 'hand back') }),
          fc.record({ how: fc.constant('defer' as const), to: place }),
        ),
      }),
    },
  ),
}));

const named = (error: unknown): unknown => {
  if (error instanceof Cancelled) return 'Cancelled';
  if (error instanceof AlreadyCalledError) return 'AlreadyCalled';
  return error instanceof Error ? error.name : error;
};

/** Runs the program and tells what happened, in words that do not depend on who ran it. */
function storyOf(parties: readonly Party[], program: readonly Step[]): unknown[] {
  const story: unknown[] = [];
  let serial = 0;
  const execute = (steps: readonly Step[]): void => {
    for (const step of steps) {
      try {
        perform(step);
      } catch (error) {
        story.push(['threw', step.do, step.on, named(error)]);
      }
    }
  };
  const perform = (step: Step): void => {
    const party = parties[step.on]!;
    if (step.do === 'add') {
      const id = serial++;
      party.add(step.side, (result) => {
        story.push(['begins', id, named(result)]);
        execute(step.steps);
        story.push(['ends', id, step.end.how]);
        if (step.end.how === 'throw') throw `error ${id}`;
        if (step.end.how === 'defer') return parties[step.end.to];
        return step.end.how === 'hand back' ? result : id;
      });
    } else if (step.do === 'look') {
      const id = serial++;
      party.look(({ ok, value }) => story.push(['sees', id, ok, named(value)]));
    } else if (step.do === 'fire') party.fire(step.ok, `fired ${serial++}`);
    else if (step.do === 'chain') party.chain(parties[step.other]!);
    else party[step.do]();
  };
  execute(program);
  for (const party of parties) {
    const outcome = party.outcome();
    story.push(outcome && [outcome.ok, named(outcome.value)]);
  }
  return story;
}

test('rules 1 to 30: random programs tell the same story on Deferreds and on the model', () => {
  const cancellersOf = fc.array(fc.constantFrom<Canceller>('none', 'idle', 'value', 'error'), {
    minLength: COUNT,
    maxLength: COUNT,
  });
  fc.assert(
    fc.property(cancellersOf, fc.array(anyStep, { maxLength: 40, size: 'max' }), (kinds, program) => {
      const real = storyOf(
        kinds.map((kind) => new Real(kind)),
        program as Step[],
      );
      const model = storyOf(
        kinds.map((kind) => new Model(kind)),
        program as Step[],
      );
      expect(real).toEqual(model);
    }),
    { numRuns: Number(process.env['ROPEWALK_RUNS'] ?? 1_000) },
  );
});
