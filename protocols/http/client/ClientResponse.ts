/**
 * A response, as a client has it: it knows what it answers.
 * Knows: the request, the responses before it, where the time went. Does not know: connections.
 */
import { brand } from '../../../src/brand.ts';
import type { Request } from '../Request.ts';
import { Response, type ResponseInit } from '../Response.ts';
import type { Timings } from './Timings.ts';

export interface Answering {
  /** The request that it answers: after redirects, the last one. */
  readonly request: Request;
  /** The redirects on the way, first things first; without their bodies. */
  readonly previous: readonly ClientResponse[];
  readonly timings: Timings;
}

/** A {@link Response} to a client's request. */
export class ClientResponse extends Response {
  readonly request: Request;
  readonly previous: readonly ClientResponse[];
  readonly timings: Timings;

  constructor(init: ResponseInit, { request, previous, timings }: Answering) {
    super(init);
    this.request = request;
    this.previous = previous;
    this.timings = timings;
  }

  /** Where it came from: after redirects, the last place. */
  get url(): URL {
    return this.request.url;
  }

  override with(changes: ResponseInit): ClientResponse {
    const { status, reason, headers, upgrade, content, streamed, body } = super.with(changes);
    const trailers = changes.trailers ?? (() => this.trailers);
    const init = { status, reason, headers, upgrade, body: streamed ? body : content, trailers };
    return new ClientResponse(init, this);
  }
}
brand(ClientResponse, 'ClientResponse');
