/**
 * Claim: NestJS over `ropewalk/nestjs` streams more values than over Nest's own TCP transport, and answers about as many requests.
 * Run: npx ts-node bench/nestjs.ts   (about half a minute; ROUNDS=15 for steadier figures)
 * Client and server are one process, and a round runs each transport once, in turn; the first round is not counted.
 */
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientTCP,
  MessagePattern,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, mergeMap, range, type Observable } from 'rxjs';
import { pull, type IpAddress, type Listener } from 'ropewalk';
import { RopewalkClient, RopewalkServer } from 'ropewalk/nestjs';
import { machine, median } from './compare.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 7);
const requests = 3_000;
const items = 10_000;

@Controller()
class Work {
  @MessagePattern('sum')
  sum(numbers: number[]): number {
    return numbers[0] + numbers[1];
  }

  @MessagePattern('items')
  items(count: number): Observable<object> {
    return pull(records(count));
  }
}

function* records(count: number): Generator<object> {
  for (let id = 0; id < count; id++) yield { id, symbol: 'ACME', price: id * 1.5 };
}

@Module({ controllers: [Work] })
class App {}

type Client = Pick<ClientProxy, 'send'>;

const works: Record<string, { readonly count: number; run(client: Client): Promise<unknown> }> = {
  'requests, one at a time': {
    count: requests,
    run: (client) => lastValueFrom(range(0, requests).pipe(mergeMap((n) => client.send('sum', [n, 1]), 1))),
  },
  'requests, 64 in flight': {
    count: requests,
    run: (client) => lastValueFrom(range(0, requests).pipe(mergeMap((n) => client.send('sum', [n, 1]), 64))),
  },
  'streamed items': { count: items, run: (client) => lastValueFrom(client.send('items', items)) },
};

async function main(): Promise<void> {
  const app = await NestFactory.create(App, { logger: false });
  const strategy = new RopewalkServer('tcp:0:interface=127.0.0.1');
  app.connectMicroservice<MicroserviceOptions>({ strategy });
  const tcp = app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options: { port: 0, host: '127.0.0.1' },
  });
  await app.startAllMicroservices();
  const { port } = (await firstValueFrom(strategy.unwrap<Listener>().address$)) as IpAddress;
  const { port: tcpPort } = tcp.unwrap<{ address(): { port: number } }>().address();
  const clients: Record<string, Client> = {
    'Nest TCP': new ClientTCP({ port: tcpPort, host: '127.0.0.1' }),
    'ropewalk/nestjs': new RopewalkClient(`tcp:127.0.0.1:${port}`),
  };
  console.log(machine());
  for (const [work, { count, run }] of Object.entries(works)) {
    const rates: Record<string, number[]> = {};
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, client] of Object.entries(clients)) {
        const start = process.hrtime.bigint();
        await run(client);
        const rate = count / (Number(process.hrtime.bigint() - start) / 1e9);
        if (round > 0) (rates[name] ??= []).push(rate);
      }
    }
    const first = median(rates['Nest TCP']);
    const rows = Object.entries(rates).map(([name, all]) => [
      name,
      {
        'per second': Math.round(median(all)),
        spread: `${Math.round(Math.min(...all))}-${Math.round(Math.max(...all))}`,
        ratio: (median(all) / first).toFixed(2),
      },
    ]);
    console.log(work);
    console.table(Object.fromEntries(rows));
  }
  process.exit(0);
}

void main();
