/**
 * What a TLS server goes on after, and should be known.
 * Knows: the warnings. Does not know: who raises them.
 */
import type { Address } from '../../Address.ts';
import { RopewalkWarning } from '../../warnings.ts';

/** Somebody came, and there was no handshake with them. `cause` says which check failed. */
export class HandshakeFailed extends RopewalkWarning {
  override readonly name = 'HandshakeFailed';
  readonly remote: Address;

  constructor(endpoint: string, remote: Address, cause: unknown) {
    super(`${endpoint} sent ${remote} away: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.remote = remote;
  }
}

/**
 * So many handshakes are in progress that who comes now is sent away. Told once, and again when half of them were over in
 * between.
 */
export class TooManyHandshakes extends RopewalkWarning {
  override readonly name = 'TooManyHandshakes';
  readonly limit: number;

  constructor(endpoint: string, limit: number) {
    super(`${endpoint} has ${limit} handshakes in progress, and sends away who comes now (maxHandshakes)`);
    this.limit = limit;
  }
}

/** Certificates have changed and cannot be used: those from before stay. `cause` says why. */
export class CertificatesKept extends RopewalkWarning {
  override readonly name = 'CertificatesKept';

  constructor(endpoint: string, cause: unknown) {
    super(
      `${endpoint} keeps the certificates it has, the new ones are of no use: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
