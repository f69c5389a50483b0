import type { Scenario } from './program.ts';

const processes: Scenario = async (start) => {
  const program = start();
  await program.prints(/^apple\nbanana\ncherry\n$/);
  program.say('hello');
  await program.prints(/^apple\nbanana\ncherry\nyou said hello\r\n$/);

  const piped = start({ input: 'one\ntwo\n' });
  await piped.prints(/^apple\nbanana\ncherry\nyou said one\r\nyou said two\r\n$/);
  expect(await piped.exit).toBe(0);
};
export default processes;
