import type { Scenario } from './program.ts';

const httpClient: Scenario = async (start) => {
  const program = start();
  await program.prints(/^\/new says: hello \(.*body\)$/m);
  await program.prints(/^GET .*\/slow took more than 100 ms without a byte of its body that was read: .*the request was sent$/m);
};
export default httpClient;
