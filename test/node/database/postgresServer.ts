/**
 * A PostgreSQL server of a test's own: made, started and stopped by it, on a Unix socket in a folder of its own.
 * Knows: Debian's programs. Does not know: what is asked of the server.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { whereIs } from '../../peers.ts';

/** What the server can do without: its data outlive a process of it, not the machine. */
const careless = ['fsync=off', 'full_page_writes=off', 'listen_addresses='];

export class PostgresServer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'ropewalk-postgres-'));
  private readonly programs = dirname(realpathSync(whereIs('postgres')!));
  /** The server refuses to run for root. */
  private readonly user = process.getuid?.() === 0 ? idsOf('postgres') : {};
  private server: ChildProcess | undefined;

  /** Where it listens. */
  get url(): string {
    return `postgres://tester@localhost/postgres?host=${encodeURIComponent(this.folder)}`;
  }

  /** Its process; those of its sessions are children of it. */
  get pid(): number {
    return this.server!.pid!;
  }

  async start(): Promise<void> {
    chmodSync(this.folder, 0o755);
    const data = join(this.folder, 'data');
    mkdirSync(data);
    if (this.user.uid !== undefined)
      for (const path of [this.folder, data]) chownSync(path, this.user.uid, this.user.gid!);
    this.run('initdb', [
      '-D',
      data,
      '-U',
      'tester',
      '-A',
      'trust',
      '--no-sync',
      '--no-instructions',
      '-E',
      'UTF8',
      '--locale=C',
    ]);
    const settings = careless.flatMap((setting) => ['-c', setting]);
    this.server = spawn(join(this.programs, 'postgres'), ['-D', data, '-k', this.folder, ...settings], {
      ...this.user,
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const log = this.server.stderr!;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      log.on('data', (chunk: Buffer) => {
        said += String(chunk);
        if (said.includes('ready to accept connections')) resolve();
      });
      this.server!.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${said}`)));
    });
    log.removeAllListeners('data').resume();
  }

  /** "Fast" shutdown: sessions are ended. */
  async stop(): Promise<void> {
    if (this.server !== undefined && this.server.exitCode === null) {
      const exited = new Promise((resolve) => this.server!.once('exit', resolve));
      this.server.kill('SIGINT');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(program: string, args: string[]): void {
    execFileSync(join(this.programs, program), args, { ...this.user, cwd: this.folder, stdio: 'pipe' });
  }
}

function idsOf(name: string): { uid?: number; gid?: number } {
  const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
