/**
 * Sessions that a client may take up again with the endpoint they are from (RFC 8446 section 2.2).
 * Knows: how many to keep, that a ticket of TLS 1.3 is for one use. Does not know: what is in them.
 * They belong to one endpoint with its roots: who was believed there need not be believed elsewhere.
 */
export class TlsSessions {
  private readonly max: number;
  private readonly kept: Uint8Array[] = [];

  constructor(max = 4) {
    this.max = max;
  }

  get size(): number {
    return this.kept.length;
  }

  /** Keeps a session; the oldest makes room. */
  add(session: Uint8Array): void {
    this.kept.push(session);
    if (this.kept.length > this.max) this.kept.shift();
  }

  /** The newest session, which is no longer here: using it twice lets others see that it is the same client (appendix C.4). */
  take(): Uint8Array | undefined {
    return this.kept.pop();
  }
}
