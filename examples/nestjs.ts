/**
 * A NestJS microservice, and its client: streams that are cancelled and held, errors with codes, and closing that waits.
 * Run: npx ts-node examples/nestjs.ts
 * You will see an error by its code, three prices, that the server then makes no more, and a slow answer while it closes.
 */
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, type MicroserviceOptions } from '@nestjs/microservices';
import { finalize, interval, map, take, tap, timer, type Observable } from 'rxjs';
import { RopewalkClient, RopewalkExceptionFilter, RopewalkServer } from 'ropewalk/nestjs';
import { RemoteError } from 'ropewalk/remote';

@Controller()
class Market {
  @MessagePattern('prices')
  prices(symbol: string): Observable<number> {
    if (symbol !== 'ACME') throw new RemoteError(`no such symbol: ${symbol}`, { code: 'NO_SYMBOL' });
    return interval(50).pipe(map((n) => 100 + n), finalize(() => console.log('server: nobody listens')));
  }

  @MessagePattern('report') report(): Observable<string> { return timer(300).pipe(map(() => 'the report')); }
}

@Module({ controllers: [Market] }) class App {}

async function main(): Promise<void> {
  const strategy = new RopewalkServer('tcp:3001');
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(App, { strategy, logger: false });
  app.useGlobalFilters(new RopewalkExceptionFilter());
  await app.listen();
  const client = new RopewalkClient('tcp:127.0.0.1:3001');
  client.send('prices', 'NONE').subscribe({ error: ({ code, message }) => console.log(`${code}: ${message}`) });
  client.send('report', '').subscribe((report) => console.log(`${report}, while the application closes`));
  await client.send<number>('prices', 'ACME').pipe(take(3), tap((price) => console.log(price))).forEach(() => {});
  await app.close();             // the report is in hand: it is waited for
  client.close();
}

void main();
