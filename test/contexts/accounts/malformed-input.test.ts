import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

describe('malformed input', () => {
  const cases: [string, object][] = [
    ['a number for a Decimal', { accountId: randomUUID(), amount: 1.5 }],
    ['an exponent', { accountId: randomUUID(), amount: '1e3' }],
    ['NaN', { accountId: randomUUID(), amount: 'NaN' }],
    ['too many digits', { accountId: randomUUID(), amount: '1'.repeat(60) }],
    ['a NUL in text', { accountId: randomUUID(), amount: '1', reference: 'a\u0000b' }],
    ['half a surrogate pair', { accountId: randomUUID(), amount: '1', reference: 'a\ud800' }],
    ['an empty key', { accountId: randomUUID(), amount: '1', idempotencyKey: '' }],
    [
      'a future occurredAt',
      { accountId: randomUUID(), amount: '1', occurredAt: '2999-01-01T00:00:00Z' },
    ],
    ['30 February', { accountId: randomUUID(), amount: '1', occurredAt: '2020-02-30T00:00:00Z' }],
    ['a missing field', { amount: '1' }],
  ];
  test.each(cases)('%s is BAD_USER_INPUT', async (_name, input) => {
    const answer = await server.send(
      'mutation M($input: DepositCashInput!) { depositCash(input: $input) { __typename } }',
      { input },
    );
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('an unknown currency and an empty owner are BAD_USER_INPUT', async () => {
    for (const input of [
      { owner: 'Ada', currency: 'EURO' },
      { owner: 'Ada', currency: 'XAU' },
      { owner: ' ', currency: 'EUR' },
    ]) {
      const answer = await server.send(
        'mutation M($input: OpenAccountInput!) { openAccount(input: $input) { __typename } }',
        { input },
      );
      expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  });

  test('a moment in the future and a sequence beyond the head are BAD_USER_INPUT', async () => {
    for (const asOf of ['2999-01-01T00:00:00Z', '999999999', 'yesterday', '-1']) {
      const answer = await server.send('query Q($asOf: Moment) { log(asOf: $asOf) { sequence } }', {
        asOf,
      });
      expect(answer.errors?.[0]?.extensions, asOf).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  });
});
