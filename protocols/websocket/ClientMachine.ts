/**
 * The client's side of a WebSocket handshake (RFC 6455 section 4.1): waits for the head of the answer.
 * Knows: that interim responses may come before it. Does not know: what the answer must say, connections, time.
 */
import type { Bytes } from '../../src/bytes.ts';
import { ClientMachine as HttpClientMachine } from '../http/ClientMachine.ts';
import type { ResponseHead } from '../http/messages.ts';

export class ClientMachine {
  private readonly http = new HttpClientMachine();

  constructor() {
    this.http.ask('GET');
  }

  /** Throws {@link ProtocolError} or {@link LimitExceeded} for what is no answer. */
  receive(chunk: Bytes): { readonly done?: { readonly result: ResponseHead; readonly unread: Bytes } } {
    const { http } = this;
    http.receive(chunk);
    for (let event = http.next(); event !== undefined; event = http.next()) {
      if (event.kind !== 'head') continue;
      const { status } = event.head;
      // RFC 9110 section 15.2: interim responses. What follows a refusal is its page, which nobody reads.
      if (status === 101 || status >= 200) return { done: { result: event.head, unread: http.rest() } };
    }
    return {};
  }
}
