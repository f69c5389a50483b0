import { connect } from 'node:net';
import type { Scenario } from './program.ts';

const overflow: Scenario = async (start) => {
  const program = start();
  const port = await program.port(7077);
  const [quick, slow] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  slow.pause();
  let next: number | undefined;
  let rest = '';
  const gaps: string[] = [];
  quick.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const number = Number(/^quote (\d+): \d+\.\d\d /.exec(line)?.[1]);
      if (next !== undefined && number !== next) gaps.push(`${next} to ${number}`);
      next = number + 1;
    }
  });
  await new Promise<void>((resolve) => slow.once('connect', () => resolve()));
  await program.prints(new RegExp(`127\\.0\\.0\\.1:${slow.localPort} has missed 10000 quotes`));
  expect([gaps, next! > 10_000]).toEqual([[], true]);
  quick.destroy();
  slow.destroy();
};
export default overflow;
