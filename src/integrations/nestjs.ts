/**
 * A microservice transport for NestJS: the door `ropewalk/nestjs`.
 * Knows: Nest's strategies and client proxies, and what they call patterns, events and status. The wire is that of
 * `ropewalk/remote` (docs/remote.md). Does not know: how anything is connected; that is the endpoint's.
 */
import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import {
  BaseRpcContext,
  ClientProxy,
  Server,
  type CustomTransportStrategy,
  type MessageHandler,
  type PacketMetadata,
  type ReadPacket,
  type WritePacket,
} from '@nestjs/microservices';
import {
  asyncScheduler,
  catchError,
  filter,
  firstValueFrom,
  map,
  Observable,
  Subject,
  Subscription,
  take,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import {
  Conversation,
  RemoteError,
  remoteLink,
  type RemoteLink,
  type RemoteOptions,
} from '../../protocols/remote/index.ts';
import type { ReconnectOptions } from '../../operators/index.ts';
import type { CloseReason, Connection } from '../Connection.ts';
import { ConnectionDone, RopewalkError } from '../errors.ts';
import { currentSink, subscribingFor } from '../flow.ts';
import { Listener } from '../Listener.ts';
import { connect, listen } from '../node/index.ts';
import { serve, type Protocol } from '../Protocol.ts';
import type { Bytes } from '../bytes.ts';

/** Whether a server listens, or a client has a connection: for health checks. */
export type RopewalkStatus = 'connected' | 'disconnected';

/** What {@link RopewalkServer} tells. */
export interface RopewalkServerEvents extends Record<string, (...args: never[]) => void> {
  connection: (connection: Connection) => void;
  /** How a connection ended. */
  close: (reason: CloseReason) => void;
}

/** What a handler learns with `@Ctx()`. */
export class RopewalkContext extends BaseRpcContext<[Connection, string, PacketMetadata | undefined]> {
  /** The connection that it was asked over: whose `remote` the client is. */
  getConnection(): Connection {
    return this.getArgByIndex(0);
  }

  getPattern(): string {
    return this.getArgByIndex(1);
  }
}

/** What {@link RopewalkServer} may be told, beside limits, codec and errors. */
export interface RopewalkServerOptions extends RemoteOptions {
  /** How long the requests in hand may take after `close`, in milliseconds (10,000). Then they are broken off. */
  readonly grace?: number;
}

/**
 * A transport strategy for Nest: serves `@MessagePattern` and `@EventPattern` on any endpoint.
 *
 * In plain words: as Nest's own TCP transport, and a client that unsubscribes ends the handler's Observable; one that is slow holds
 * it, and whatever feeds it; errors have types; `tls:`, `unix:` and all other endpoints are one string.
 *
 * ```ts
 * import { NestFactory } from '@nestjs/core';
 * import type { MicroserviceOptions } from '@nestjs/microservices';
 *
 * class AppModule {}
 * const app = await NestFactory.create(AppModule);
 * app.connectMicroservice<MicroserviceOptions>({ strategy: new RopewalkServer('tcp:3001') });
 * await app.startAllMicroservices();
 * ```
 * `listen` calls back once the port is bound, or with the {@link ListenError}. `close` drains: the port is free at once, requests in hand
 * are answered, later ones are not begun (a {@link RopewalkClient} asks the next server for them); what takes longer than `grace` is
 * broken off. `app.close()` waits for it.
 * `unwrap()` is the {@link Listener}, whose `address$` tells the port. What fails and is not told to the client is logged.
 */
export class RopewalkServer extends Server<RopewalkServerEvents, RopewalkStatus> implements CustomTransportStrategy {
  override readonly transportId = Symbol.for('ropewalk');
  private readonly listener: Listener;
  private readonly options: RemoteOptions;
  private readonly grace: number;
  private readonly connections = new Subject<Connection>();
  private readonly reasons = new Subject<CloseReason>();
  private readonly stopping = new Subject<void>();
  private serving: Subscription = Subscription.EMPTY;

  /** `endpoint`: where to listen, or what `listen` of any runtime gives. */
  constructor(endpoint: Parameters<typeof listen>[0] | Listener, options: RopewalkServerOptions = {}) {
    super();
    const { grace = 10_000, ...rest } = options;
    this.grace = grace;
    this.listener = endpoint instanceof Listener ? endpoint : listen(endpoint);
    this.options = { failed: (error, name) => this.logger.error(`${name}: ${String(error)}`), ...rest };
  }

  listen(callback: (error?: unknown) => void): void {
    const bound = this.listener.address$.pipe(take(1)).subscribe(() => {
      this._status$.next('connected');
      callback();
    });
    this.serving = this.listener
      .pipe(
        tap((connection) => this.connections.next(connection)),
        takeUntil(this.stopping),
        serve(this.protocol),
      )
      .subscribe({
        next: (reason) => this.reasons.next(reason),
        error: (error: unknown) => {
          this._status$.next('disconnected');
          if (bound.closed) this.logger.error(error);
          else callback(error);
          bound.unsubscribe();
        },
      });
    this.serving.add(bound);
  }

  /** Resolves once nobody is served any more. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const deadline = asyncScheduler.schedule(() => {
        this.logger.error(`not finished within ${this.grace} ms: aborting`);
        this.serving.unsubscribe();
      }, this.grace);
      this.serving.add(() => {
        deadline.unsubscribe();
        resolve();
      });
      this.stopping.next();
      this._status$.next('disconnected');
    });
  }

  on<Name extends keyof RopewalkServerEvents>(event: Name, callback: RopewalkServerEvents[Name]): void {
    const told: Observable<unknown> = event === 'connection' ? this.connections : this.reasons;
    told.subscribe(callback as (what: unknown) => void);
  }

  unwrap<T = Listener>(): T {
    return this.listener as T;
  }

  private readonly protocol: Protocol<Bytes> = (incoming, connection) =>
    new Conversation(connection, (pattern, told) => this.answering(pattern, told, connection), this.options).speak(
      incoming,
    );

  private answering(
    pattern: string,
    told: boolean,
    connection: Connection,
  ): ((...args: unknown[]) => unknown) | undefined {
    const contextWith = (metadata: unknown): RopewalkContext =>
      new RopewalkContext([connection, pattern, metadata as PacketMetadata | undefined]);
    if (told) {
      return (data, metadata) =>
        this.handleEvent(pattern, { pattern, data }, contextWith(metadata)) as Promise<unknown>;
    }
    const handler = this.getHandlerByPattern(pattern);
    return handler === null ? undefined : (data, metadata) => this.handled(handler, data, contextWith(metadata));
  }

  /** What a handler answers: Nest's hooks around it, and its errors as they are told. */
  private handled(handler: MessageHandler, data: unknown, context: RopewalkContext): Observable<unknown> {
    return new Observable((subscriber) => {
      const sink = currentSink();
      this.runWithProcessingHooks(context, async (end) => {
        subscriber.add(end);
        try {
          const answer$ = this.transformToObservable(await handler(data, context));
          if (subscriber.closed) return;
          subscribingFor(sink, () =>
            answer$.pipe(catchError((error: any) => throwError(() => crossing(error)))).subscribe(subscriber),
          );
        } catch (error) {
          subscriber.error(error);
        }
      });
    });
  }
}

/** Nest's filters make values of errors; as the details of one of ours they cross as they are. */
function crossing(error: unknown): unknown {
  if (error instanceof Error) return error;
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return new RemoteError(typeof message === 'string' ? message : 'it failed at the far side', { details: error });
}

/**
 * Lets the errors of Ropewalk cross: without it, Nest makes an internal server error of whatever is not an `RpcException`.
 *
 * ```ts
 * import { NestFactory } from '@nestjs/core';
 *
 * class AppModule {}
 * const app = await NestFactory.create(AppModule);
 * app.useGlobalFilters(new RopewalkExceptionFilter());      // and `throw new RemoteError('no such symbol', { code: 'NO_SYMBOL' })`
 * ```
 */
export class RopewalkExceptionFilter implements RpcExceptionFilter<RopewalkError> {
  catch(error: RopewalkError): Observable<never> {
    return throwError(() => error);
  }
}
Catch(RopewalkError)(RopewalkExceptionFilter);

/** What {@link RopewalkClient} may be told: how to come back, and what {@link remoteLink} may be told. */
export interface RopewalkClientOptions extends RemoteOptions, ReconnectOptions {
  /** Patterns whose requests may be made twice, and so are made again when their connection is lost. */
  readonly idempotent?: readonly unknown[];
}

/**
 * A client proxy for Nest, to a {@link RopewalkServer}.
 *
 * In plain words: `send` gives what the handler's Observable gives, one value or many, with pressure; unsubscribing ends it there.
 * `emit` says something that is not answered. The connection is made with the first of them, or by `connect()`, and comes back by itself;
 * what is open when it is lost fails with {@link ConnectionLost}, unless it is `idempotent`.
 *
 * ```ts
 * const client = new RopewalkClient('tls:prices.example:3001');
 * client.send('prices', { symbol: 'ACME' }).pipe(take(3)).subscribe((price) => console.log(price));
 * client.emit('seen', { symbol: 'ACME' });
 * client.status.subscribe((status) => console.log(status));
 * ```
 * What a handler failed with is a {@link RemoteError}: `details` is what Nest's filters made of it, `message` its message.
 * {@link NotExposed} for a pattern without a handler.
 */
export class RopewalkClient extends ClientProxy<Record<never, () => void>, RopewalkStatus> {
  private readonly source: Observable<Connection>;
  private readonly options: RopewalkClientOptions;
  private current: RemoteLink<Record<string, () => unknown>> | undefined;

  /** `endpoint`: where to connect, or a source of connections such as `connect` of any runtime. */
  constructor(endpoint: Parameters<typeof connect>[0] | Observable<Connection>, options: RopewalkClientOptions = {}) {
    super();
    this.source = endpoint instanceof Observable ? endpoint : connect(endpoint);
    this.options = options;
  }

  /** Resolves once there is a connection; rejects when the link gives up (`attempts`). */
  async connect(): Promise<void> {
    const { state$ } = this.link;
    await firstValueFrom(state$.pipe(filter((state) => state === 'connected'))).catch((cause: unknown) => {
      throw new ConnectionDone('the link was closed before it was connected', { cause });
    });
  }

  close(): void {
    this.current?.unsubscribe();
    this.current = undefined;
  }

  /** The connection that there is now. */
  unwrap<T = Connection>(): T {
    const connection = this.current?.connection;
    if (connection === undefined) throw new ConnectionDone('there is no connection now: await connect() first');
    return connection as T;
  }

  override send<Result = unknown, Input = unknown>(pattern: unknown, data: Input): Observable<Result> {
    // What Nest refuses, it refuses here, too.
    if (pattern === undefined || pattern === null || data === undefined || data === null)
      return super.send(pattern, data);
    return new Observable<unknown>((subscriber) =>
      this.request(this.createPacket(pattern, data)).subscribe(subscriber),
    ).pipe(
      map((value) => this.serializeResponse(value) as Result),
      catchError((error: any) => throwError(() => this.serializeError(error) as unknown)),
    );
  }

  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const answers = this.request(packet).subscribe({
      next: (response) => callback({ response }),
      error: (err: unknown) => callback({ err }),
      complete: () => callback({ isDisposed: true }),
    });
    return () => answers.unsubscribe();
  }

  protected async dispatchEvent<T = void>({ pattern, data, metadata }: ReadPacket): Promise<T> {
    return (await this.link.tell(this.normalizePattern(pattern as string), argsOf(data, metadata))) as T;
  }

  private request({ pattern, data, metadata }: ReadPacket): Observable<unknown> {
    return this.link.stream(this.normalizePattern(pattern as string), argsOf(data, metadata));
  }

  private get link(): RemoteLink<Record<string, () => unknown>> {
    if (this.current !== undefined) return this.current;
    const { idempotent = [], ...options } = this.options;
    const names = idempotent.map((pattern) => this.normalizePattern(pattern as string));
    // A request is a stream here: made again with the arguments that it had.
    const resume = Object.fromEntries(names.map((name) => [name, (_: unknown, ...args: unknown[]) => args]));
    this.current = remoteLink(this.source, { ...options, resume } as object);
    this.current.state$.subscribe((state) => this._status$.next(state === 'connected' ? 'connected' : 'disconnected'));
    return this.current;
  }
}

function argsOf(data: unknown, metadata: PacketMetadata | undefined): unknown[] {
  return metadata === undefined ? [data] : [data, metadata];
}
