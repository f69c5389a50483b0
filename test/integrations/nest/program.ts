/**
 * A Nest application that is asked the same things over Nest's own TCP transport and over ours, and tells what became of it, as JSON.
 * A program of its own, because Nest 12 is ES modules only, which jest does not load.
 */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientTCP,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import {
  finalize,
  firstValueFrom,
  interval,
  lastValueFrom,
  map,
  NEVER,
  of,
  Subject,
  take,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { IpAddress, pull, TimedOut, type Connection, type Listener } from 'ropewalk';
import { developmentCertificate } from 'ropewalk/node';
import { concatMap } from 'ropewalk/operators';
import { RopewalkClient, RopewalkExceptionFilter, RopewalkServer, type RopewalkContext } from 'ropewalk/nestjs';
import { RemoteError } from 'ropewalk/remote';

/** How many values the endless handler may give, so that the transport that cannot hold it ends, too. */
const many = 20_000;

const seen = { ended: 0, drawn: 0, gated: 0, events: [] as unknown[], context: '' };
const gate = new Subject<string>();

function* values(): Generator<string> {
  for (let n = 0; n < many; n++) {
    seen.drawn++;
    yield `${n}`.padEnd(1000);
  }
}

@Controller()
class Prices {
  @MessagePattern({ cmd: 'sum' })
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((sum, n) => sum + n, 0);
  }

  @MessagePattern('later')
  async later(@Payload() name: string): Promise<string> {
    return Promise.resolve(`hello ${name}`);
  }

  @MessagePattern('three')
  three(): Observable<number> {
    return of(1, 2, 3);
  }

  @MessagePattern('ticks')
  ticks(): Observable<number> {
    return interval(10).pipe(finalize(() => seen.ended++));
  }

  @MessagePattern('fast')
  fast(): Observable<string> {
    return pull(values());
  }

  @MessagePattern('never')
  never(): Observable<never> {
    return NEVER;
  }

  @MessagePattern('gated')
  gated(): Observable<string> {
    seen.gated++;
    return gate.pipe(take(1));
  }

  @MessagePattern('fail')
  fail(@Payload() how: string): never {
    if (how === 'rpc') throw new RpcException({ code: 7, message: 'no such price' });
    if (how === 'remote') throw new RemoteError('no such symbol', { code: 'NO_SYMBOL' });
    if (how === 'timedOut') throw new TimedOut('asking 10.0.0.7 took too long');
    throw new Error('secret');
  }

  @MessagePattern('who')
  who(@Ctx() context: RopewalkContext): string {
    return `${context.getPattern()} ${typeof context.getConnection?.()}`;
  }

  @EventPattern('seen')
  seenEvent(@Payload() what: string): void {
    seen.events.push(what);
  }

  @Get()
  home(): string {
    return 'hello from HTTP';
  }
}

@Module({ controllers: [Prices] })
class App {}

/** Waits for what must come, or gives up after a second. */
async function eventually(isThere: () => boolean): Promise<boolean> {
  const until = Date.now() + 1000;
  while (!isThere() && Date.now() < until) await firstValueFrom(timer(5));
  return isThere();
}

/** Waits until nothing has been drawn for a while. */
async function standsStill(): Promise<void> {
  for (let before = -1; before !== seen.drawn; await firstValueFrom(timer(300))) before = seen.drawn;
}

const told = (error: unknown): unknown => {
  const { name, message, code, details } = error as RemoteError;
  return { type: (error as object).constructor.name, name, message, code, details };
};
const failure = async (answer: Observable<unknown>): Promise<unknown> => {
  try {
    return { value: await firstValueFrom(answer) };
  } catch (error) {
    return told(error);
  }
};

/** What both transports are asked. */
async function ask(client: Pick<ClientProxy, 'send' | 'emit'>): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {
    sum: await firstValueFrom(client.send({ cmd: 'sum' }, [1, 2, 3])),
    later: await firstValueFrom(client.send('later', 'Ada')),
    three: await firstValueFrom(client.send('three', '').pipe(toArray())),
    who: await firstValueFrom(client.send('who', '')),
  };
  await lastValueFrom(client.emit('seen', 'an event'), { defaultValue: undefined });
  await eventually(() => seen.events.length > 0);
  answers.events = seen.events.splice(0);

  seen.ended = 0;
  await firstValueFrom(client.send('ticks', '').pipe(take(2), toArray()));
  answers.cancelled = await eventually(() => seen.ended > 0);

  seen.drawn = 0;
  const slow = client
    .send('fast', '')
    .pipe(concatMap(() => new Subject<never>()))
    .subscribe();
  await standsStill();
  answers.drawnForASlowClient = seen.drawn;
  slow.unsubscribe();

  seen.drawn = 0;
  answers.all = await lastValueFrom(
    client.send('fast', '').pipe(
      map((value: string, index) => Number(value) === index),

      toArray(),
      map((right) => [right.length, right.every(Boolean)]),
    ),
  );

  for (const how of ['rpc', 'remote', 'timedOut', 'other']) answers[how] = await failure(client.send('fail', how));
  answers.nobody = await failure(client.send('nobody', ''));
  return answers;
}

const portOf = async (server: RopewalkServer): Promise<number> =>
  ((await firstValueFrom(server.unwrap<Listener>().address$)) as IpAddress).port;

async function main(): Promise<void> {
  const app = await NestFactory.create(App, { logger: false });
  app.useGlobalFilters(new RopewalkExceptionFilter());
  const ours = new RopewalkServer('tcp:0:interface=127.0.0.1');
  const { privateKey, certificate, ca } = developmentCertificate({ names: ['localhost'] });
  const secured = new RopewalkServer({
    type: 'tls',
    port: 0,
    interface: '127.0.0.1',
    privateKey,
    certKey: certificate,
  });
  const connections: Connection[] = [];
  const reasons: unknown[] = [];
  ours.on('connection', (connection) => connections.push(connection));
  ours.on('close', (reason) => reasons.push(reason.kind));
  const statuses: unknown[] = [];
  ours.status.subscribe((status) => statuses.push(status));
  const options = { inheritAppConfig: true };
  app.connectMicroservice<MicroserviceOptions>({ strategy: ours }, options);
  app.connectMicroservice<MicroserviceOptions>({ strategy: secured }, options);
  const nests = app.connectMicroservice<MicroserviceOptions>(
    { transport: Transport.TCP, options: { port: 0, host: '127.0.0.1' } },
    options,
  );
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');

  const port = await portOf(ours);
  const client = new RopewalkClient(`tcp:127.0.0.1:${port}`, { delay: 10 });
  const clientStatuses: unknown[] = [];
  client.status.subscribe((status) => clientStatuses.push(status));
  await client.connect();
  const { port: tcpPort } = nests.unwrap<{ address(): { port: number } }>().address();
  const tcp = new ClientTCP({ port: tcpPort, host: '127.0.0.1' });

  const result: Record<string, unknown> = { ropewalk: await ask(client), tcp: await ask(tcp) };
  const http = await fetch(await app.getUrl());
  result.http = await http.text();

  // Lost in the middle of a request: that one fails, the next one is answered over a new connection.
  const lost = failure(client.send('never', ''));
  await eventually(() => connections.length > 0);
  connections[0].error(new Error('the cable'));
  result.lost = await lost;
  result.again = await firstValueFrom(client.send({ cmd: 'sum' }, [20, 22]));
  result.clientStatuses = [...clientStatuses];

  const overTls = new RopewalkClient({ type: 'tls', host: 'localhost', port: await portOf(secured), ca });
  result.tls = [await firstValueFrom(overTls.send('later', 'TLS')), overTls.unwrap<Connection>().tls?.version];
  overTls.close();

  // Closing: what is in hand is answered, and what comes later is asked of the next server.
  const inHand = firstValueFrom(client.send('gated', ''));
  const overTcp = failure(tcp.send('gated', ''));
  await eventually(() => seen.gated === 2);
  const closing = app.close();
  await eventually(() => statuses.at(-1) === 'disconnected');
  const late = firstValueFrom(client.send({ cmd: 'sum' }, [1, 2]));
  gate.next('answered');
  result.inHand = await inHand;
  result.inHandOverTcp = await overTcp;
  await closing;
  tcp.close();
  result.reasons = reasons;
  result.statuses = statuses;
  const strategy = new RopewalkServer({ type: 'tcp', port, interface: '127.0.0.1' }, { grace: 50 });
  const next = await NestFactory.createMicroservice<MicroserviceOptions>(App, { strategy, logger: false });
  await next.listen();
  result.late = await late;

  // What takes longer than the grace period is broken off.
  const hanging = failure(client.send('never', ''));
  await firstValueFrom(client.send({ cmd: 'sum' }, [1, 2]));
  await next.close();
  result.hanging = await hanging;
  client.close();
  console.log(JSON.stringify(result));
  // What nobody has told to stop over Nest's transport still runs.
  process.exit(0);
}

void main();
