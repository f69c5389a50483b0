import { once } from 'node:events';
import WebSocket from 'ws';
import type { Scenario } from './program.ts';

const live: Scenario = async (start) => {
  const port = await start().port(8080);
  const site = `127.0.0.1:${port}`;
  expect(await (await fetch(`http://${site}/`)).text()).toContain('Ropewalk, live');
  const news = await fetch(`http://${site}/news`);
  const sent = await fetch(`http://${site}/uploads/a.bin`, { method: 'POST', body: new Uint8Array(1_000_000) });
  expect(await sent.text()).toBe('a.bin: 1000000 bytes\n');
  let text = '';
  for await (const chunk of news.body!) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('"received":1000000,"size":1000000')) break;
  }
  expect(text).toMatch(/event: clock\ndata: \d\d:\d\d:\d\d\n/);
  const [one, other] = [1, 2].map(() => new WebSocket(`ws://${site}/room`));
  await Promise.all([once(one, 'open'), once(other, 'open')]);
  const heard = once(other, 'message');
  one.send('hello');
  expect(String((await heard)[0])).toBe('hello');
  one.close();
  other.close();
  await Promise.all([once(one, 'close'), once(other, 'close')]);
};
export default live;
