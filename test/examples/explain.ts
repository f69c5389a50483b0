import type { Scenario } from './program.ts';

const explain: Scenario = async (start) => {
  const program = start();
  const chain = [1, 2, 3].map(() => ' is not read for .*: .* holds it, its send buffer is full \\(.*\\)');
  await program.prints(
    new RegExp(['what it sends waits: .*', ...chain, ' is not read for .*: nobody listens \\(1 value waits\\)'].join('\\n.*')),
  );
  expect(await program.exit).toBe(0);
};
export default explain;
