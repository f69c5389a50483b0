/**
 * The standard input of a child process, as a Writable that no child can break.
 * Knows: that a process may stop reading and go on speaking (`head`): what is written then is discarded, as in a shell's pipe.
 * Does not know: how the process ends.
 */
import { Writable } from 'node:stream';
import type { Bytes } from '../../bytes.ts';

export class InputStream extends Writable {
  private readonly stdin: Writable;
  /** Calls back the write, or the end, that waits for the process. */
  private waiting: (() => void) | undefined;

  constructor(stdin: Writable) {
    super();
    this.stdin = stdin;
    // EPIPE: the process reads no more. Whether that was in order, its exit code tells.
    stdin.on('error', () => this.goOn()).on('close', () => this.goOn());
  }

  override _write(chunk: Bytes, _encoding: string, done: () => void): void {
    if (!this.stdin.writable) {
      done();
      return;
    }
    this.waiting = done;
    this.stdin.write(chunk, () => this.goOn());
  }

  override _final(done: () => void): void {
    if (!this.stdin.writable) {
      done();
      return;
    }
    this.waiting = done;
    this.stdin.end(() => this.goOn());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.stdin.destroy();
    done(error);
  }

  private goOn(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }
}
