/** Connections in Angular with zone.js: whatever they wait for, the application is stable meanwhile. */
import 'zone.js';
import { ErrorHandler, Injector, NgZone, PLATFORM_ID, runInInjectionContext } from '@angular/core';
import { identity, NEVER, throwError, timeout, type Observable } from 'rxjs';
import { injectConnection, lastValues, type InjectedConnection } from 'ropewalk/angular';
import { ConnectionRefused, lines, serve, type Connection } from 'ropewalk';
import { memory } from 'ropewalk/memory';

/** A component of an application with zone.js, whose connection is made in Angular's zone, as all of a component is. */
function application(connect: () => Observable<Connection>) {
  const zone = new NgZone({});
  const injector = Injector.create({
    providers: [
      { provide: NgZone, useValue: zone },
      { provide: PLATFORM_ID, useValue: 'browser' },
      { provide: ErrorHandler, useValue: { handleError: () => {} } },
    ],
  });
  const connection = zone.run(() =>
    runInInjectionContext(injector, () => injectConnection(connect, { delay: 60_000 })),
  );
  return { zone, injector, connection };
}

const until = (connection: InjectedConnection, phase: string): Promise<void> =>
  new Promise((resolve) => {
    connection.state$.subscribe((state) => {
      if (state.phase === phase) resolve();
    });
  });

test('a timer in the zone makes it unstable: what the others would see', () => {
  const { zone, injector } = application(() => NEVER);
  const timer = zone.run(() => setTimeout(() => {}, 60_000));
  expect(zone.hasPendingMacrotasks).toBe(true);
  clearTimeout(timer);
  injector.destroy();
});

test('while it waits to try again', async () => {
  const { zone, injector, connection } = application(() => throwError(() => new ConnectionRefused('nobody')));
  await until(connection, 'waiting');
  expect(zone.hasPendingMacrotasks).toBe(false);
  expect(zone.isStable).toBe(true);
  injector.destroy();
});

test('while it is connected, and somebody listens', async () => {
  const { listen, connect } = memory();
  const serving = listen('memory:echo').pipe(serve(identity)).subscribe();
  const { zone, injector, connection } = application(() => connect('memory:echo'));
  const room = connection.over(lines());
  const last = zone.run(() => lastValues(room.pipe(timeout({ each: 60_000 })), 10, { injector }));
  const heard = new Promise<void>((resolve) => void room.subscribe(() => resolve()));
  zone.run(() => room.next('hello'));
  await heard;
  expect(last()).toEqual(['hello']);
  expect(zone.hasPendingMacrotasks).toBe(false);
  injector.destroy();
  serving.unsubscribe();
});
