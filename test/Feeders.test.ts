/** Who feeds a sink, and who of them is held. */
import { feed, Feeders, HoldGroup } from 'ropewalk';

const holder = { backlog: 0, toString: () => 'a sink' };

function group(resume = (): void => {}): HoldGroup {
  return new HoldGroup({ pause() {}, resume, now: () => 0 });
}

/** Holds while `feeding` feeds. */
function holdWhile(feeders: Feeders, feeding: HoldGroup | undefined): void {
  feed(feeding, { next: () => feeders.hold(holder, 'it is full') }, undefined);
}

test('holds whoever feeds right now and everyone who joined, each once', () => {
  const feeders = new Feeders();
  const [feeding, joined, other, stranger] = [group(), group(), group(), group()];
  for (const one of [joined, other, joined, feeding]) feeders.join(one);
  holdWhile(feeders, feeding);
  holdWhile(feeders, feeding);
  expect([feeding, joined, other, stranger].map(({ holds }) => holds.length)).toEqual([1, 1, 1, 0]);
  expect(feeders.holding).toBe(true);
  feeders.releaseAll();
  expect([feeding, joined, other].some(({ held }) => held)).toBe(false);
  expect(feeders.holding).toBe(false);
});

test('whoever feeds without having joined is held too, and nobody when nobody feeds', () => {
  const feeders = new Feeders();
  holdWhile(feeders, undefined);
  expect(feeders.holding).toBe(false);
  const feeding = group();
  holdWhile(feeders, feeding);
  expect(feeding.held).toBe(true);
  feeders.releaseAll();
});

test('whoever leaves is let go, once it has left as often as it joined', () => {
  const feeders = new Feeders();
  const [one, other] = [group(), group()];
  for (const joining of [one, one, other]) feeders.join(joining);
  holdWhile(feeders, undefined);
  feeders.leave(one);
  expect([one.held, other.held]).toEqual([true, true]);
  feeders.leave(one);
  expect([one.held, other.held]).toEqual([false, true]);
  feeders.leave(other);
  expect(feeders.holding).toBe(false);
});

test('whoever leaves without having joined changes nothing', () => {
  const feeders = new Feeders();
  const [joined, stranger] = [group(), group()];
  feeders.join(joined);
  holdWhile(feeders, stranger);
  feeders.leave(stranger);
  expect([joined.held, stranger.held]).toEqual([true, true]);
  feeders.dismiss();
});

test('the awaited are not held, also when they joined before or feed right now; nor after, until they have left', () => {
  const feeders = new Feeders();
  const awaited = group();
  feeders.join(awaited);
  holdWhile(feeders, awaited);
  expect(awaited.held).toBe(true);
  const sink = feeders.awaited;
  sink.join(awaited);
  expect(awaited.held).toBe(false);
  holdWhile(feeders, awaited);
  expect(awaited.held).toBe(false);
  sink.leave(awaited);
  holdWhile(feeders, awaited);
  expect(awaited.held).toBe(true);
  feeders.dismiss();
});

test('the end lets everyone go, and nobody is held again: not who joined, nor who feeds from inside of the release', () => {
  const feeders = new Feeders();
  const eager = group(() => holdWhile(feeders, eager));
  const joined = group();
  feeders.join(joined);
  holdWhile(feeders, eager);
  expect([eager.held, joined.held]).toEqual([true, true]);
  feeders.dismiss();
  expect([eager.held, joined.held]).toEqual([false, false]);
  holdWhile(feeders, eager);
  expect([eager.held, joined.held, feeders.holding]).toEqual([false, false, false]);
});

test('who is let go, and feeds at once from inside of the release, may be held again', () => {
  const feeders = new Feeders();
  let times = 0;
  const eager: HoldGroup = group(() => {
    if (++times < 3) holdWhile(feeders, eager);
  });
  holdWhile(feeders, eager);
  feeders.releaseAll();
  expect([times, eager.held, feeders.holding]).toEqual([1, true, true]);
  feeders.releaseAll();
  feeders.releaseAll();
  expect([times, eager.held, feeders.holding]).toEqual([3, false, false]);
});
