import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromEpochMs } from '../../src/lib/date-time.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { createTradingClient, type Input, type TradingClient } from '../support/trading-client.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let client: TradingClient;
let symbol: string;
let accountId: string;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  symbol = await client.list();
  accountId = await client.open();
});
afterAll(() => server.dispose());

const soon = (ms: number): string => fromEpochMs(Date.now() + ms);

async function timesOf(sequence: string | undefined) {
  const query = `query Q($s: Sequence) { event(sequence: $s) { occurredAt recordedAt } }`;
  const { event } = await client.read<{ event: { occurredAt: string; recordedAt: string } }>(
    query,
    { s: sequence },
  );
  return event;
}

const commands: readonly [name: string, input: (occurredAt: string) => Input][] = [
  ['depositCash', (occurredAt) => ({ accountId, amount: '1.00', occurredAt })],
  ['recordPrice', (occurredAt) => ({ symbol, price: '1.00', occurredAt })],
  ['recordPrices', (occurredAt) => ({ symbol, prices: [{ price: '1.00', occurredAt }] })],
];

describe.each(commands)('occurredAt of %s', (name, input) => {
  test('is recorded as now if it is up to 5 s in the future', async () => {
    const { events } = await client.command(name, input(soon(4_000)));
    expect(events).toHaveLength(1);
    const { occurredAt, recordedAt } = await timesOf(events[0]?.sequence);
    expect(occurredAt).toBe(recordedAt);
  });

  test('is refused further in the future, with the limit and the time of the server', async () => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation M($input: ${type}!) { ${name}(input: $input) { __typename } }`;
    const occurredAt = soon(60_000);
    const { errors } = await server.send(query, { input: input(occurredAt) });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    const time = /more than 5 s ahead of the server's time, (\S+Z)$/.exec(
      errors?.[0]?.message ?? '',
    );
    expect(errors?.[0]?.message).toContain(`occurredAt ${occurredAt} is more`);
    expect(Math.abs(Date.parse(time?.[1] ?? '') - Date.now())).toBeLessThan(10_000);
  });

  test('counts as the same input when it is sent again after that time has passed', async () => {
    const occurredAt = soon(300);
    const keyed = { ...input(occurredAt), idempotencyKey: randomUUID() };
    const first = await client.command(name, keyed);
    expect(first).toMatchObject({ replayed: false, events: [{}] });
    await until(() => fromEpochMs(Date.now()) > occurredAt);
    expect(await client.command(name, keyed)).toEqual({ ...first, replayed: true });
  });
});

const malformed: readonly [time: string, message: RegExp][] = [
  ['2026-06-30T23:59:60Z', /has the second 60: leap seconds are not supported/],
  [
    '2026-06-30T23:59:59.1234567Z',
    /has more than six fractional digits: times are stored to the micro/,
  ],
  ['2026-02-29T00:00:00Z', /has the day 29: 2026-02 has 28 days/],
  ['2026-13-01T00:00:00Z', /has the month 13: months are 01 to 12/],
  ['2026-01-01T24:00:00Z', /has the time 24:00:00: hours are 00 to 23/],
  ['2026-01-01T12:00:00+24:00', /has the offset \+24:00: offsets are at most 23:59/],
  ['2026-01-01T12:00:00', /has no offset: end it with Z or an offset like \+01:00/],
  ['2026-01-01', /has no time of day/],
];

test.each(malformed)(
  '%s is refused with its reason, as a DateTime and as a Moment',
  async (time, message) => {
    for (const [type, field] of [
      ['DateTime!', `instrument(symbol: "${symbol}") { priceOn(time: $time) }`],
      ['Moment', 'log(asOf: $time) { sequence }'],
    ]) {
      const { errors } = await server.send(`query Q($time: ${type}) { ${field} }`, { time });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(errors?.[0]?.message).toMatch(message);
    }
  },
);

test('a space instead of the T, and zeros after six fractional digits, are accepted', async () => {
  const { recordedAt } = await timesOf('1');
  const spaced = recordedAt.replace('T', ' ').replace('Z', '000Z');
  expect(
    await client.read('query Q($at: Moment) { log(asOf: $at) { sequence } }', { at: spaced }),
  ).toEqual({
    log: { sequence: '1' },
  });
});
