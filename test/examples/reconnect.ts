import { of } from 'rxjs';
import { lines, over } from 'ropewalk';
import { serving, type Scenario } from './program.ts';

const reconnect: Scenario = async (start) => {
  const server = await serving(over(lines(), () => of('one', 'two')));
  const program = start({ ports: { 8883: server.port } });
  await program.prints(/one\ntwo\nagain, after done\none\ntwo\nagain, after done\n/);
  server.stop();
};
export default reconnect;
