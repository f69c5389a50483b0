/** Which of the sockets that systemd passes is meant. */
import { AddressUnavailable } from 'ropewalk';
import { listen } from 'ropewalk/node';
import { descriptorFor } from '../../src/node/systemd.ts';

describe('which descriptor (sd_listen_fds(3))', () => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'web:admin:unknown' };
  const find = (options: object, given: Record<string, string> = env): number =>
    descriptorFor('systemd:', options, given, 7);

  test('by index, by name, and the first one', () => {
    expect([find({}), find({ index: 2 }), find({ name: 'admin' }), find({ domain: 'INET' })]).toEqual([3, 5, 4, 3]);
  });

  test.each([
    [{ index: 3 }, env, '3 sockets were passed, and this would be number 3'],
    [{ name: 'mail' }, env, 'no socket of that name was passed, of 3: web:admin:unknown'],
    [{ name: 'web' }, { LISTEN_PID: '7', LISTEN_FDS: '1' }, 'of 1: they have no names'],
    [{ name: 'web', index: 0 }, env, 'a socket has an index or a name, not both'],
    [{}, { ...env, LISTEN_PID: '8' }, 'no sockets were passed to this process'],
    [{}, {}, 'no sockets were passed to this process'],
    [{}, { LISTEN_PID: '7', LISTEN_FDS: 'many' }, '0 sockets were passed'],
  ])('%j of %j: %s', (options, given, problem) => {
    expect(() => find(options, given)).toThrow(AddressUnavailable);
    expect(() => find(options, given)).toThrow(problem);
  });

  test('nothing was passed to this process', async () => {
    const failure = await new Promise((error) => listen('systemd:').subscribe({ error }));
    expect(failure).toBeInstanceOf(AddressUnavailable);
  });
});
