/**
 * A Nest application behind our server, with a gateway's upgrades; tells what a client of Node's hears, as JSON.
 * A program of its own, because Nest 12 is ES modules only, which jest does not load.
 */
import 'reflect-metadata';
import type { Server } from 'node:http';
import { Body, Controller, Get, Module, NotFoundException, Param, ParseIntPipe, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { firstValueFrom } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import { over, serve } from 'ropewalk';
import { http, routes, text } from 'ropewalk/http';
import { fromNodeListener } from 'ropewalk/http/node';
import { listen } from 'ropewalk/node';

@Controller('cats')
class Cats {
  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): { id: number } {
    if (id === 0) throw new NotFoundException('no such cat');
    return { id };
  }

  @Post()
  create(@Body() cat: { name: string }): string {
    return `welcome, ${cat.name}`;
  }
}

@Module({ controllers: [Cats] })
class Site {}

async function main(): Promise<void> {
  const app = await NestFactory.create(Site, new ExpressAdapter(), { logger: false });
  await app.init();
  const server = app.getHttpServer() as Server;
  const sockets = new WebSocketServer({ server, path: '/gateway' });
  sockets.on('connection', (client) => client.send('from the gateway'));

  const listening = listen('tcp:0:interface=127.0.0.1');
  const site = routes({ 'GET /ours': () => text('ours'), '/*': fromNodeListener(server) });
  const serving = listening.pipe(serve(over(http(), site))).subscribe();
  const place = `${await firstValueFrom(listening.address$)}`;

  const asked = async (path: string, init?: RequestInit): Promise<[status: number, content: string]> => {
    const response = await fetch(`http://${place}${path}`, init);
    return [response.status, await response.text()];
  };
  const headers = { 'Content-Type': 'application/json' };
  const told = {
    ours: await asked('/ours'),
    found: await asked('/cats/7'),
    badPipe: (await asked('/cats/seven'))[0],
    missing: await asked('/cats/0'),
    made: await asked('/cats', { method: 'POST', headers, body: '{"name":"Tom"}' }),
    gateway: await new Promise((resolve) => {
      const client = new WebSocket(`ws://${place}/gateway`);
      client.on('message', (data: Buffer) => {
        client.on('close', () => resolve(data.toString())).close();
      });
    }),
    bound: server.listening,
  };
  console.log(JSON.stringify(told));
  serving.unsubscribe();
  await app.close();
}

void main();
