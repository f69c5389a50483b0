/** What may be sent once more (RFC 9110 section 9.2.2). */
import { mayRetry } from '../../../../protocols/http/client/retries.ts';

const sentInVain = { sent: true, received: false, replayable: true };

test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('%s, because twice is as good as once', (method) => {
  expect(mayRetry({ method, ...sentInVain })).toBe(true);
});

test.each(['POST', 'PATCH', 'CONNECT', 'get', 'SEARCH'])('not %s: nobody knows what it has done', (method) => {
  expect(mayRetry({ method, ...sentInVain })).toBe(false);
});

test('whatever has never left', () => {
  expect(mayRetry({ method: 'POST', ...sentInVain, sent: false })).toBe(true);
});

test('nothing that was answered in part', () => {
  expect(mayRetry({ method: 'GET', ...sentInVain, received: true })).toBe(false);
});

test('nothing whose content was a stream, and is gone', () => {
  expect(mayRetry({ method: 'PUT', ...sentInVain, replayable: false })).toBe(false);
  expect(mayRetry({ method: 'POST', sent: false, received: false, replayable: false })).toBe(false);
});
