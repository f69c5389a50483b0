import {
  AddressInUse,
  AddressUnavailable,
  ConnectError,
  ConnectionLost,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  ConnectTooManyFiles,
  HostUnreachable,
  ListenError,
  ListenPermissionDenied,
  ListenTooManyFiles,
  UnknownHost,
} from 'ropewalk';
import { connectFailure, listenFailure, loss } from '../../src/node/failures.ts';

const nodes = (code: string, message = `it said ${code}`): Error => Object.assign(new Error(message), { code });

test.each([
  ['EADDRINUSE', AddressInUse],
  ['EADDRNOTAVAIL', AddressUnavailable],
  ['ENOENT', AddressUnavailable],
  ['ENOTDIR', AddressUnavailable],
  ['ENOTFOUND', AddressUnavailable],
  ['EAI_AGAIN', AddressUnavailable],
  ['EACCES', ListenPermissionDenied],
  ['EPERM', ListenPermissionDenied],
  ['EMFILE', ListenTooManyFiles],
  ['ENFILE', ListenTooManyFiles],
  ['EINVAL', ListenError],
])('listening: %s is %p, with its cause, its code, and what was being done', (code, family) => {
  const cause = nodes(code);
  const failure = listenFailure('tcp:80', cause);
  expect(failure.constructor).toBe(family);
  expect(failure).toBeInstanceOf(ListenError);
  expect(failure).toMatchObject({
    cause,
    code,
    message: expect.stringMatching(`^listening at tcp:80: .+ \\(${code}\\)$`),
  });
});

test.each([
  ['ECONNREFUSED', ConnectionRefused],
  ['ENOENT', ConnectionRefused],
  ['ENOTSOCK', ConnectionRefused],
  ['ETIMEDOUT', ConnectTimeout],
  ['ENOTFOUND', UnknownHost],
  ['EAI_AGAIN', UnknownHost],
  ['EHOSTUNREACH', HostUnreachable],
  ['ENETUNREACH', HostUnreachable],
  ['EADDRNOTAVAIL', HostUnreachable],
  ['EACCES', ConnectPermissionDenied],
  ['EPERM', ConnectPermissionDenied],
  ['EMFILE', ConnectTooManyFiles],
  ['ENFILE', ConnectTooManyFiles],
  ['EINVAL', ConnectError],
])('dialling: %s is %p, with its cause, its code, and what was being done', (code, family) => {
  const cause = nodes(code);
  const failure = connectFailure('tcp:example.org:80', cause);
  expect(failure.constructor).toBe(family);
  expect(failure).toBeInstanceOf(ConnectError);
  expect(failure).toMatchObject({
    cause,
    code,
    message: expect.stringMatching(`^connecting to tcp:example.org:80: .+ \\(${code}\\)$`),
  });
});

test('of several attempts the first that there was a way for gives the type, and all are in the cause', () => {
  // No way to IPv6, and nobody there by IPv4: that nobody is there is the news.
  const attempts = [nodes('ENETUNREACH'), nodes('ECONNREFUSED'), nodes('EACCES')];
  const cause = new AggregateError(attempts);
  const failure = connectFailure('tcp:example.org:80', cause);
  expect(failure).toBeInstanceOf(ConnectionRefused);
  expect(failure).toMatchObject({ code: 'ECONNREFUSED', cause: { errors: attempts } });
  const nowhere = new AggregateError([nodes('ENETUNREACH'), nodes('EHOSTUNREACH')], '::1: one; 127.0.0.1: two');
  expect(connectFailure('tcp:example.org:80', nowhere)).toMatchObject({
    name: 'HostUnreachable',
    message:
      'connecting to tcp:example.org:80: there is no way to that network (ENETUNREACH): ::1: one; 127.0.0.1: two',
  });
});

test('what Node has no code for is told in its words', () => {
  expect(listenFailure('tcp:80', new Error('out of luck'))).toEqual(
    new ListenError('listening at tcp:80: out of luck'),
  );
  expect(connectFailure('tcp:a:80', nodes('EODD', 'odd'))).toEqual(
    new ConnectError('connecting to tcp:a:80: odd (EODD)'),
  );
});

test.each([
  ['ECONNRESET', 'the connection with 127.0.0.1:80 was lost: reset by the peer'],
  ['EPIPE', 'the connection with 127.0.0.1:80 was lost: the peer takes no more'],
  ['ETIMEDOUT', 'the connection with 127.0.0.1:80 was lost: the peer does not answer any more'],
  ['EINVAL', 'the connection with 127.0.0.1:80 was lost: it said EINVAL'],
])('later: %s is a ConnectionLost, and says with whom', (code, message) => {
  const cause = nodes(code);
  const failure = loss('127.0.0.1:80', cause);
  expect(failure).toBeInstanceOf(ConnectionLost);
  expect(failure).toMatchObject({ cause, code, message });
});
