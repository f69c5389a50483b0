import type { Scenario } from './program.ts';

const http: Scenario = async (start) => {
  const server = start();
  const port = await server.port(8080);
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
  expect(await (await fetch(at('/'))).text()).toBe('hello\n');
  expect(await (await fetch(at('/upload'), { method: 'PUT', body: new Uint8Array(100_000) })).text()).toBe(
    '100000 bytes\n',
  );
  expect(await (await fetch(at('/ticks'))).text()).toBe('tick 0\ntick 1\ntick 2\n');
  const missing = await fetch(at('/none'));
  expect([missing.status, (await missing.text()).includes('Not Found')]).toEqual([404, true]);
  expect((await fetch(at('/upload'))).status).toBe(405);
};
export default http;
