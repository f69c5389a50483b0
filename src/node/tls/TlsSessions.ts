/**
 * Sessions that a client may take up again with the endpoint they are from (RFC 8446 section 2.2).
 * Knows: how many to keep, that a ticket of TLS 1.3 is for one use. Does not know: what is in them.
 * They belong to one endpoint with its roots: who was believed there need not be believed elsewhere.
 */
import type { X509Certificate } from 'node:crypto';

/** A session, and the certificate that it began with: the peer does not show it again. */
export interface TlsSession {
  readonly data: Buffer;
  readonly certificate: X509Certificate | undefined;
}

export class TlsSessions {
  private readonly max: number;
  private readonly kept: TlsSession[] = [];

  constructor(max = 4) {
    this.max = max;
  }

  /** Keeps a session; the oldest makes room. */
  add(session: TlsSession): void {
    this.kept.push(session);
    if (this.kept.length > this.max) this.kept.shift();
  }

  /** The newest session, which is no longer here: using it twice lets others see that it is the same client (appendix C.4). */
  take(): TlsSession | undefined {
    return this.kept.pop();
  }
}
