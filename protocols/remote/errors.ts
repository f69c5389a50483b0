/**
 * What goes wrong at the far side, and how much of it the near side is told.
 * Knows: which errors cross by name, what of them crosses, how they are made anew. Does not know: frames, connections.
 */
import { brand } from '../../src/brand.ts';
import * as families from '../../src/errors.ts';
import { LimitExceeded, ProtocolError, RopewalkError, type ErrorDetails } from '../../src/errors.ts';
import { RopewalkWarning } from '../../src/warnings.ts';

/** What a {@link RemoteError} carries beside its message. */
export interface RemoteErrorDetails extends ErrorDetails {
  /** Any value that the codec can write, for the program at the other end. */
  readonly details?: unknown;
}

/**
 * Something failed at the far side of a connection. Throw one yourself in what you expose, to say so in your own words: its
 * message, `code` and `details` reach the caller.
 *
 * ```ts
 * const { listen } = memory();
 * const quote = (symbol: string) => {
 *   throw new RemoteError(`no such symbol: ${symbol}`, { code: 'NO_SYMBOL', details: { symbol } });
 * };
 * listen('memory:quotes').pipe(serve(expose({ quote })));
 * ```
 */
export class RemoteError extends RopewalkError {
  readonly details?: unknown;

  constructor(message: string, { details, ...rest }: RemoteErrorDetails = {}) {
    super(message, rest);
    if (details !== undefined) this.details = details;
  }
}

/** Nothing of that name is exposed there. The connection goes on. */
export class NotExposed extends RemoteError {}

/** Something that is exposed here failed, and the caller was not told why: this is for the log. `cause` is what it failed with. */
export class ExposedFailure extends RopewalkWarning {
  override readonly name = 'ExposedFailure';

  constructor(what: string, cause: unknown) {
    super(`${what} failed, and its caller is not told why: ${String(cause)}`, { cause });
  }
}

for (const [name, type] of Object.entries({ RemoteError, NotExposed })) {
  brand(type, name);
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}

/** A class of errors whose name and message cross, and which is made anew with `new Type(message)`. */
export type CrossingError = new (message: string) => Error;

/** What crosses of an error. */
export interface ToldError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** Of a {@link LimitExceeded}. */
  readonly limit?: number;
  readonly details?: unknown;
}

/**
 * What the caller is told of `error`, and whether that is all there is to say. Errors of our own ({@link RemoteError}) and those
 * of the classes in `crossing` cross as they are. Of the families of the library only the name does: a message may say where
 * a database is. Nothing else crosses at all.
 */
export function tell(
  error: unknown,
  crossing: readonly CrossingError[],
): { readonly told: ToldError; readonly all: boolean } {
  if (error instanceof RemoteError) {
    const { name, message, code, details } = error;
    return {
      told: { name, message, ...(code !== undefined && { code }), ...(details !== undefined && { details }) },
      all: true,
    };
  }
  const Type = crossing.find((type) => error instanceof type);
  if (Type !== undefined) return { told: { name: Type.name, message: (error as Error).message }, all: true };
  const family = familyOf(error);
  if (family === undefined) return { told: { name: 'RemoteError', message: 'it failed at the far side' }, all: false };
  const limit = error instanceof LimitExceeded ? { limit: error.limit } : {};
  return { told: { name: family, message: `${family} at the far side`, ...limit }, all: false };
}

/** What was told, as an error: of the class that has this name here, else a {@link RemoteError}. Throws for what tells nothing. */
export function retold(told: unknown, crossing: readonly CrossingError[]): Error {
  const { name, message, code, limit, details } = (told ?? {}) as Partial<Record<keyof ToldError, unknown>>;
  if (typeof name !== 'string' || typeof message !== 'string' || !(code === undefined || typeof code === 'string')) {
    throw new ProtocolError('receiving an error: expected a name and a message');
  }
  if (name === 'NotExposed') return new NotExposed(message, { code, details });
  // So that nobody takes a connection lost there for one lost here.
  const remote = new RemoteError(name === 'RemoteError' ? message : `${name}: ${message}`, { code, details });
  const Type = crossing.find((type) => type.name === name);
  if (Type !== undefined) return withCause(new Type(message), remote);
  const Family = isFamily(name) ? (families[name] as FamilyClass) : undefined;
  if (Family === undefined) return remote;
  if (Family.prototype instanceof LimitExceeded || Family === (LimitExceeded as unknown)) {
    const Limited = Family as unknown as typeof LimitExceeded;
    return new Limited(message, typeof limit === 'number' ? limit : NaN, { cause: remote });
  }
  return new Family(message, { cause: remote });
}

type FamilyClass = new (message: string, details: ErrorDetails) => Error;

/** Those that are made of more than a message stay behind: they are mistakes of the program there, not answers. */
const notForOthers: ReadonlySet<string> = new Set([
  'RopewalkError',
  'EndpointError',
  'FirstError',
  'AlreadyCalledError',
]);

function isFamily(name: string): name is keyof typeof families {
  return Object.hasOwn(families, name) && !notForOthers.has(name);
}

/** The name of the nearest family that the near side knows, too. */
function familyOf(error: unknown): string | undefined {
  if (!(error instanceof RopewalkError)) return undefined;
  for (let type: unknown = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
    const { name } = type as { readonly name?: unknown };
    if (typeof name === 'string' && isFamily(name)) return name;
  }
  return undefined;
}

function withCause(error: Error, cause: unknown): Error {
  if (error.cause === undefined) Object.defineProperty(error, 'cause', { value: cause, configurable: true });
  return error;
}
