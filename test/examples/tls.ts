import type { Scenario } from './program.ts';

const tls: Scenario = async (start) => {
  const program = start();
  await program.prints(/^client: TLSv1\.3, shout, with localhost$/m);
  await program.prints(/^client: HELLO$/m);
  await program.prints(/^server: done$/m);
  await program.prints(/^stranger: CertificateUntrusted$/m);
};
export default tls;
