/**
 * What other sessions tell (LISTEN, NOTIFY): all channels over one connection, which is there while somebody listens.
 * Knows: who listens to which channel, pressure. Does not know: queries.
 */
import { Observable, type Subscriber } from 'rxjs';
import type { Deferred } from '../../../Deferred.ts';
import { feed, HoldGroup, joinSink } from '../../../flow.ts';
import type { Notification } from '../Driver.ts';
import { DatabaseConnectionLost } from '../errors.ts';
import type { Client } from './client.ts';
import { lost, queryFailure } from './failures.ts';

export class Listener {
  private readonly name: string;
  private readonly connect: () => Deferred<Client>;
  private readonly channels = new Map<string, Set<Subscriber<Notification>>>();
  private connecting: Deferred<Client> | undefined;
  private client: Client | undefined;
  /** While it is held, the socket is not read: the server keeps what is told meanwhile. */
  private readonly group: HoldGroup;

  constructor(name: string, connect: () => Deferred<Client>) {
    this.name = name;
    this.connect = connect;
    this.group = new HoldGroup({
      pause: () => void this.client?.connection.stream.pause(),
      resume: () => void this.client?.connection.stream.resume(),
      now: () => Date.now(),
      toString: () => `notifications of ${this.name}`,
    });
  }

  /** Emits what is told on this channel, from `listening` on. */
  on(channel: string, listening: () => void): Observable<Notification> {
    return new Observable((subscriber) => {
      const sink = joinSink(this.group);
      const others = this.channels.get(channel);
      const all = others ?? new Set();
      all.add(subscriber);
      this.channels.set(channel, all);
      subscriber.add(() => {
        sink?.leave(this.group);
        all.delete(subscriber);
        if (all.size === 0) this.leave(channel, all);
      });
      this.begin(channel, subscriber, listening);
    });
  }

  /** Nobody is told anything any more. */
  close(): void {
    for (const subscriber of this.everybody()) subscriber.complete();
  }

  private begin(channel: string, subscriber: Subscriber<Notification>, listening: () => void): void {
    if (this.client !== undefined) return this.listen(this.client, channel, subscriber, listening);
    if (this.connecting === undefined) {
      const connecting = (this.connecting = this.connect());
      connecting.addCallbacks(
        (client) => this.connected(client),
        (error) => this.failed(error),
      );
    }
    this.connecting.addCallback(() => {
      if (this.client !== undefined && !subscriber.closed) this.listen(this.client, channel, subscriber, listening);
    });
  }

  private connected(client: Client): void {
    this.connecting = undefined;
    this.client = client;
    const broken = (reason: DatabaseConnectionLost): void => {
      if (this.client === client) this.failed(reason);
    };
    client.on('error', (error) => broken(lost(error)));
    client.on('end', () => broken(new DatabaseConnectionLost('the connection that listens was closed')));
    client.on('notification', ({ channel, payload = '', processId }) => {
      for (const subscriber of this.channels.get(channel) ?? [])
        feed(this.group, subscriber, { channel, payload, processId });
    });
    if (this.channels.size === 0) this.end();
  }

  private listen(client: Client, channel: string, subscriber: Subscriber<Notification>, listening: () => void): void {
    client.query({ text: `listen ${quoted(channel)}` }, (error) => {
      if (error !== null) subscriber.error(queryFailure(error, `listen ${quoted(channel)}`));
      else if (!subscriber.closed) listening();
    });
  }

  private leave(channel: string, subscribers: Set<Subscriber<Notification>>): void {
    if (this.channels.get(channel) !== subscribers) return;
    this.channels.delete(channel);
    if (this.channels.size === 0) this.end();
    else this.client?.query({ text: `unlisten ${quoted(channel)}` }, () => {});
  }

  private end(): void {
    const { client } = this;
    this.client = undefined;
    client?.end(() => {});
  }

  private failed(error: unknown): void {
    this.connecting = undefined;
    this.client?.connection.stream.destroy();
    this.client = undefined;
    const subscribers = this.everybody();
    this.channels.clear();
    for (const subscriber of subscribers) subscriber.error(error);
  }

  private everybody(): Subscriber<Notification>[] {
    return Array.from(this.channels.values(), (all) => Array.from(all)).flat();
  }
}

/** A channel is an identifier. */
function quoted(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`;
}
