/**
 * An end that was said, with a code: what a listener is told of a peer that broke off, and what a program says to break off.
 * Knows: code and text. Does not know: frames.
 */
import { brand } from '../../src/brand.ts';
import { ConnectionLost } from '../../src/errors.ts';

/**
 * A WebSocket was closed with a code (RFC 6455 section 7.4).
 *
 * In plain words: what arrives errors with this when the peer closes with a code that says that something went wrong. And
 * `socket.error(new WebSocketClosed(4001, 'log in first'))`, or an error like it out of a protocol, closes with this code and
 * text. (`complete()` closes with 1000.)
 *
 * ```ts
 * const refused = new WebSocketClosed(4001, 'log in first');
 * refused.message;   // => the WebSocket was closed with 4001: log in first
 * ```
 */
export class WebSocketClosed extends ConnectionLost {
  /** The close code; for layers that tell their peer. */
  readonly hint: number;
  readonly text: string;

  constructor(code: number, text = '') {
    super(`the WebSocket was closed with ${code}${text === '' ? '' : `: ${text}`}`);
    this.hint = code;
    this.text = text;
  }
}
brand(WebSocketClosed, 'WebSocketClosed');
Object.defineProperty(WebSocketClosed.prototype, 'name', {
  value: 'WebSocketClosed',
  configurable: true,
  writable: true,
});
