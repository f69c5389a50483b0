import type { Scenario } from './program.ts';

const guestbook: Scenario = async (start) => {
  const program = start();
  const url = `http://127.0.0.1:${await program.port(8080)}`;
  const asked = async (path: string, body?: string): Promise<[number, string]> => {
    const response = await fetch(url + path, body === undefined ? {} : { method: 'POST', body });
    return [response.status, await response.text()];
  };
  expect(await asked('/ada', 'what a view')).toEqual([201, '{"id":1}']);
  expect(await asked('/bob', "'); drop table entries; --")).toEqual([201, '{"id":2}']);
  expect(await asked('/ada')).toEqual([200, '[{"said":"what a view"}]']);
  expect(await asked('/')).toEqual([
    200,
    '{"guest":"ada","said":"what a view"}\n{"guest":"bob","said":"\'); drop table entries; --"}\n',
  ]);
  expect((await asked('/eve'))[0]).toBe(404);
  expect((await asked('/ada', ''))[0]).toBe(422);
  program.signal('SIGTERM');
  expect(await program.exit).toBe(0);
};
export default guestbook;
