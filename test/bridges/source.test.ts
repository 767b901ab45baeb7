import { expect, test } from 'vitest';
import { openEventSource } from '../../src/bridges/source.ts';
import type { Feed } from '../../src/feed/feed.ts';
import type { JsonObject, StoredEvent } from '../../src/kernel/event.ts';
import type { Log } from '../../src/log/log.ts';

test('an event that cannot be converted parks the bridge, which names it', async () => {
  const time = '2026-01-01T00:00:00.000000Z';
  const event: StoredEvent = {
    sequence: 3,
    id: 'id',
    commandId: 'command',
    streamId: 'account-1',
    version: 2,
    type: 'CashDeposited',
    schemaVersion: 1,
    // JSON has no such number.
    data: { amount: 1n } as unknown as StoredEvent['data'],
    actor: 'ann',
    correlationId: 'correlation',
    causationId: null,
    occurredAt: time,
    recordedAt: time,
  };
  const feed: Pick<Feed, 'tail' | 'history' | 'next'> = {
    tail: () => 3,
    history: () => 1,
    next: async () => [event],
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
  };
  const source = openEventSource(options, new AbortController().signal);
  await expect(source.page(2, 100)).rejects.toMatchObject({
    code: 'BRIDGE_PARKED',
    message: expect.stringContaining('CashDeposited, event 3, cannot be converted'),
  });
});
