import { type DocumentNode, execute, parse } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRequestContext } from '../../src/api/request-context.ts';
import { buildSchema } from '../../src/api/schema.ts';
import { modules } from '../../src/contexts/all.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { listChanges } from '../../src/views/watching/list-changes.ts';
import { isInRange } from '../../src/views/watching/range-registry.ts';
import { createReads, type Reads } from '../../src/views/watching/reads.ts';
import { createLiveMarket, liveQueries, readingNow } from '../support/live-market.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { createTradingClient, type TradingClient } from '../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

const schema = buildSchema(modules);

/** The answer of a live query at a sequence, and what it has read. */
async function executeAt(document: DocumentNode, sequence: number) {
  const { signal } = new AbortController();
  const hints = { minSequence: null, correlationId: null };
  const who = { actor: 'ann', roles: ['OPERATOR'] } as const;
  const init = { ...who, transport: 'http', signal, ...hints } as const;
  const contextValue = createRequestContext(server.engine, init);
  const reads = createReads(sequence);
  const rootValue = { sequence, reads };
  const { data, errors } = await execute({ schema, document, rootValue, contextValue });
  if (errors) throw errors[0];
  return { text: JSON.stringify(data), reads };
}

/** Whether one of some consecutive events is of a topic or in a range of what was read. */
async function isWokenBy(reads: Reads, events: readonly StoredEvent[]): Promise<boolean> {
  const isOfTopic = reads
    .topics()
    .some(({ of, name }) => events.some((event) => of(event).includes(name)));
  if (isOfTopic) return true;
  for (const view of new Set(reads.ranges().map((range) => range.view))) {
    const changes = await listChanges(server.engine.views, view, events);
    const own = reads.ranges().filter((range) => range.view === view);
    if (changes.some((change) => own.some((range) => isInRange(change, range)))) return true;
  }
  return false;
}

test('an event that changes the answer to a query is one that what it has read wakes for', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const market = await createLiveMarket(client, seed);
  const first = Number(await client.head());
  while (Number(await client.head()) < first + 80) await market.act();
  const head = Number(await client.head());
  await server.engine.views.waitFor(head, 10_000);
  const events = await server.engine.log.events({}, { after: first, limit: 1_000 });
  let woken = 0;
  let changed = 0;
  for (const query of liveQueries(market)) {
    const document = parse(`subscription { live { ${readingNow(query)} } }`);
    let before = await executeAt(document, first);
    for (const event of events) {
      const after = await executeAt(document, event.sequence);
      const isWoken = await isWokenBy(before.reads, [event]);
      const what = `seed ${seed}: ${query} at ${event.sequence}, ${event.type}`;
      if (after.text !== before.text) expect(isWoken, what).toBe(true);
      if (isWoken) woken += 1;
      if (after.text !== before.text) changed += 1;
      before = after;
    }
  }
  // Few events wake a query without changing its answer; most events do not wake it.
  expect(changed).toBeGreaterThan(100);
  expect(woken).toBeLessThan(3 * changed);
}, 120_000);
