import { Buffer } from 'node:buffer';
import type { Scenario } from './program.ts';

const site: Scenario = async (start) => {
  const program = start();
  const url = `http://127.0.0.1:${await program.port(8080)}`;
  const text = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).text();
  expect(await text('/users/7')).toBe('{"id":"7"}');
  expect(await text('/files/README.md', { headers: { Range: 'bytes=0-9' } })).toBe('# Ropewalk');
  expect(await text('/files/README.md')).toContain('Reactive networking');
  const form = new FormData();
  form.append('file', new Blob(['12345']), 'five.txt');
  expect(await text('/upload', { method: 'POST', body: form })).toBe('[{"name":"file","filename":"five.txt","bytes":5}]');
  expect((await fetch(`${url}/attic`)).status).toBe(401);
  const Authorization = `Basic ${Buffer.from('joe:secret').toString('base64')}`;
  expect(await text('/attic', { headers: { Authorization } })).toBe('hello joe');
  await program.prints(/"POST \/upload HTTP\/1.1" 200/);
};
export default site;
