/**
 * When something that was subscribed is up: a port is bound, a database answers.
 * Knows: the scope of what is starting now. Does not know: services, listeners.
 */
interface Scope {
  pending: number;
  settled: boolean;
  readonly ready: () => void;
}

let current: Scope | undefined;

/**
 * Says that what is being subscribed right now is not ready yet, and returns how to say that it is.
 * A Service is ready when all that said so while it was subscribed are.
 *
 * ```ts
 * const migrated: Service = () => {
 *   const ready = starting();
 *   return migrate().pipe(finalize(ready));
 * };
 * ```
 */
export function starting(): () => void {
  const scope = current;
  if (scope === undefined) return () => {};
  scope.pending++;
  let said = false;
  return () => {
    if (said) return;
    said = true;
    scope.pending--;
    settle(scope);
  };
}

/** Runs `begin`, and calls `ready` once all that said `starting` meanwhile are ready. */
export function whenStarted(begin: () => void, ready: () => void): void {
  const before = current;
  const scope: Scope = { pending: 1, settled: false, ready };
  current = scope;
  try {
    begin();
  } finally {
    current = before;
  }
  scope.pending--;
  settle(scope);
}

function settle(scope: Scope): void {
  if (scope.pending > 0 || scope.settled) return;
  scope.settled = true;
  scope.ready();
}
