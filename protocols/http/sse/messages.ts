/**
 * Server-sent events as values (WHATWG HTML section 9.2).
 * Knows: what an event is, on its way out and when it has come. Does not know: how it looks on the wire.
 */

/** An event that came. */
export interface ServerSentEvent {
  /** Its type: `message`, unless the server says otherwise. */
  readonly event: string;
  readonly data: string;
  /** The last id that the server has given, with this event or before it; '' for none. */
  readonly id: string;
}

/** An event to send. */
export interface EventFields {
  /** Any number of lines. */
  readonly data: string;
  /** Its type (`message`). */
  readonly event?: string;
  /** Where the client goes on from when it comes back. */
  readonly id?: string | number;
  /** How long the client waits before it comes back, in milliseconds. */
  readonly retry?: number;
}
