import { once } from 'node:events';
import WebSocket from 'ws';
import type { Scenario } from './program.ts';

const webSocket: Scenario = async (start) => {
  const port = await start().port(8080);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('new WebSocket');
  const [one, other] = [1, 2].map(() => new WebSocket(`ws://127.0.0.1:${port}/room`));
  await Promise.all([once(one, 'open'), once(other, 'open')]);
  const count = await fetch(`http://127.0.0.1:${port}/count`);
  expect(count.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const chunk of count.body!) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('data: 2\n\n')) break;
  }
  const heard = once(other, 'message');
  one.send('hello');
  expect(String((await heard)[0])).toBe('hello');
  one.close();
  other.close();
  await Promise.all([once(one, 'close'), once(other, 'close')]);
};
export default webSocket;
