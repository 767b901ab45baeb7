import { expect, test } from 'vitest';
import { openEventSource } from '../../src/bridges/source.ts';
import type { Feed } from '../../src/feed/feed.ts';
import type { JsonObject, StoredEvent } from '../../src/kernel/event.ts';
import type { Log } from '../../src/log/log.ts';

const time = '2026-01-01T00:00:00.000000Z';
const event: StoredEvent = {
  sequence: 3,
  id: 'id',
  commandId: 'command',
  streamId: 'account-1',
  version: 2,
  type: 'CashDeposited',
  schemaVersion: 1,
  data: { amount: '1.00' },
  actor: 'ann',
  correlationId: 'correlation',
  causationId: null,
  occurredAt: time,
  recordedAt: time,
};

function sourceOf(events: readonly StoredEvent[], signedHead?: () => string | null) {
  const feed: Pick<Feed, 'tail' | 'history' | 'next'> = {
    tail: () => 3,
    history: () => 1,
    next: async () => events,
  };
  const keys = { openMembers: (data: JsonObject) => data };
  const options = {
    log: {} as Log,
    feed: feed as Feed,
    filter: {},
    keys,
    ledger: 'ledger',
    definitions: new Map(),
    limit: 10,
    ...(signedHead && { signedHead }),
  };
  return openEventSource(options, new AbortController().signal);
}

test('an event that cannot be converted parks the bridge, which names it', async () => {
  // JSON has no such number.
  const data = { amount: 1n } as unknown as StoredEvent['data'];
  await expect(sourceOf([{ ...event, data }]).page(2, 100)).rejects.toMatchObject({
    code: 'BRIDGE_PARKED',
    message: expect.stringContaining('CashDeposited, event 3, cannot be converted'),
  });
});

test('the first message after a head was signed carries it, once', async () => {
  let head: string | null = null;
  const source = sourceOf([event, event], () => head);
  const carried = async () => {
    const page = await source.page(2, 100);
    return page?.messages.map(({ attributes }) => attributes['signedhead'] ?? null);
  };
  expect(await carried()).toEqual([null, null]);
  head = 'first';
  expect(await carried()).toEqual(['first', null]);
  expect(await carried()).toEqual([null, null]);
  head = 'second';
  expect(await carried()).toEqual(['second', null]);
});
