import type { Scenario } from './program.ts';

const remote: Scenario = async (start) => {
  const program = start();
  await program.prints(/2 \+ 3 = 5\n/);
  await program.prints(/nothing is exposed under the name "missing"\n/);
  await program.prints(/tick 0\ntick 1\ntick 2\n/);
  await program.prints(/server: nobody listens\n/);
  if ((await program.exit) !== 0) throw new Error('it did not end by itself');
};
export default remote;
