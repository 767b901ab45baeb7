import { expect, test } from 'vitest';
import { toEnding } from '../../src/client/close-codes.ts';
import { newId } from '../../src/client/new-id.ts';

test.each([
  [1000, 'resume', 'NETWORK_ERROR'],
  [1001, 'resume', 'NETWORK_ERROR'],
  [1006, 'resume', 'NETWORK_ERROR'],
  [1009, 'fail', 'SOCKET_CLOSED'],
  [1011, 'resume', 'NETWORK_ERROR'],
  [1012, 'resume', 'NETWORK_ERROR'],
  [4400, 'fail', 'SOCKET_CLOSED'],
  [4401, 'renew token', 'UNAUTHENTICATED'],
  [4403, 'renew token', 'UNAUTHENTICATED'],
  [4406, 'fail', 'SOCKET_CLOSED'],
  [4410, 'begin again', 'LOG_REPLACED'],
  [4429, 'resume', 'NETWORK_ERROR'],
  [4499, 'resume', 'NETWORK_ERROR'],
  [4500, 'resume', 'NETWORK_ERROR'],
])('after close code %s a subscription can %s', (status, action, code) => {
  const ending = toEnding({ code: status, reason: '' });
  expect(ending).toMatchObject({ action, error: { code, status } });
});

test.each([
  ['READER_TOO_SLOW', 'resume'],
  ['SEQUENCE_NOT_REACHED', 'resume'],
  ['STOPPED', 'resume'],
  ['LOG_REPLACED', 'begin again'],
  ['BAD_USER_INPUT', 'fail'],
  ['UPGRADE_NEEDED', 'fail'],
])('after the error %s a subscription can %s', (code, action) => {
  const ending = toEnding([{ message: 'no', extensions: { code } }]);
  expect(ending).toMatchObject({ action, error: { code } });
});

test('a subscription that was refused with RATE_LIMITED resumes when the server allows it', () => {
  const extensions = { code: 'RATE_LIMITED', retryAfter: 3 };
  const ending = toEnding([{ message: 'no', extensions }]);
  expect(ending).toMatchObject({ action: 'resume', error: { retryAfterMs: 3_000 } });
});

test('an id is random on pages without randomUUID, too', () => {
  const own = crypto.randomUUID;
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  try {
    const ids = [newId(), newId()];
    expect(ids[0]).not.toBe(ids[1]);
    for (const id of ids) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    }
  } finally {
    Object.defineProperty(crypto, 'randomUUID', { value: own, configurable: true });
  }
});
