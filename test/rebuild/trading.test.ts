import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { rebuildViews } from '../../src/rebuild/rebuild-views.ts';
import { advance, createMovingView, type MovingView } from '../../src/views/building/advance.ts';
import { toHex } from '../../src/views/building/checksum.ts';
import { type AnyView, listsOf } from '../../src/views/lists/placement.ts';
import { readList } from '../../src/views/read.ts';
import { readViews, registerView } from '../../src/views/store.ts';
import { paged } from '../support/folding.ts';
import { wholeLog } from '../support/processing.ts';
import { type Run, trade } from '../support/random-trading.ts';
import {
  idsOf,
  type RebuildingProcess,
  requestFor,
  startRebuilding,
  storedOf,
} from '../support/rebuilding.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';

const contexts = modules.map(({ context }) => context);
const views = contexts.flatMap((context) => context.views);
const seed = Number(process.env['DAYBOOK_TEST_SEED'] ?? Date.now() % 1_000_000);

let server: TestServer;
let rebuilding: RebuildingProcess;
let events: readonly StoredEvent[];

beforeAll(async () => {
  server = await createTestServer();
  rebuilding = startRebuilding(server.databaseUrl, eventDefinitionsOf(contexts));
  const run: Run = await trade(server, { seed, clients: 4, commands: 240 });
  expect(run.seen.length).toBeGreaterThan(50);
  events = await server.engine.log.events({}, wholeLog);
  const head = events.at(-1)?.sequence ?? 0;
  expect(await server.engine.views.waitFor(head, 20_000)).toBe(true);
}, 60_000);

afterAll(async () => {
  await rebuilding.stop();
  await server.dispose();
});

/** What was recorded since the events were read, up to a sequence. */
async function eventsUpTo(sequence: number): Promise<readonly StoredEvent[]> {
  const page = { after: events.length, before: sequence + 1, limit: 1_000 };
  return server.engine.log.events({}, page);
}

/** Every list of a view in both directions, and each partition of it, as of a sequence. */
async function listsAt(view: AnyView, id: number, at: number) {
  const partitions = await sql(
    server.database,
    `select list, partition, found.* from view_partitions
     cross join lateral read_list_ascending(
       view_id, list, partition, $2, '', '', chr(1114111), '', 1000
     ) as found
     where view_id = $1 order by list, partition, found.position, found.key`,
    [id, at],
  );
  const found: unknown[] = [];
  for (const list of listsOf(view)) {
    for (const descending of [false, true]) {
      const page = { list: list.name, limit: 500, descending };
      found.push(await readList(server.database, id, page, at));
    }
  }
  return { found, partitions };
}

test(`a view advanced live equals one built in pages of any size, byte for byte (seed ${seed})`, async () => {
  const { database } = server;
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(
    fc.constantFrom(...views),
    sizes,
    fc.array(fc.integer({ min: 1, max: events.length }), { minLength: 1, maxLength: 4 }),
    async (view, pageSizes, moments) => {
      const name = `${view.name} ${crypto.randomUUID()}`;
      await registerView(database, { name, version: view.version });
      const row = (await readViews(database)).find((each) => each.name === name);
      const moving: MovingView = createMovingView(view, row?.id ?? 0, 0, 'building');
      for await (const page of paged(events, pageSizes)) await advance(database, [moving], page);
      const { live } = await idsOf(database, view);
      // The log may grow in between, when an order expires.
      const stored = (await readViews(database)).find(({ id }) => id === live);
      for await (const page of paged(await eventsUpTo(stored?.checkpoint ?? 0), [97])) {
        await advance(database, [moving], page);
      }
      expect(stored?.checksumSequence).toBe(moving.checkpoint);
      expect(moving.checksum && toHex(moving.checksum)).toBe(stored?.checksum);
      expect(await storedOf(database, moving.id, events.length)).toEqual(
        await storedOf(database, live ?? 0, events.length),
      );
      for (const at of moments) {
        expect(await listsAt(view, moving.id, at)).toEqual(await listsAt(view, live ?? 0, at));
      }
    },
  );
  await fc.assert(property, { numRuns: 25, seed });
}, 120_000);

test('all views are rebuilt together, and every past moment answers as before', async () => {
  const [first] = events.filter(({ type }) => type === 'AccountOpened');
  const account = first?.streamId.slice(first.streamId.indexOf('-') + 1);
  const moments = [5, 40, 111, events.length >> 1, events.length];
  const answers = async () => {
    const read = moments.map((at) =>
      server.send(
        `query($id: ID!, $at: Moment!) {
          account(id: $id, asOf: $at) { balance held portfolio { equity positions { quantity } } }
          orders(first: 200, asOf: $at) { nodes { status filledQuantity } }
          trades(symbol: "WHOLE", first: 100, asOf: $at) { nodes { price quantity } }
          trialBalance(asOf: $at) { isBalanced assets { asset total } } }`,
        { id: account, at: String(at) },
      ),
    );
    return (await Promise.all(read)).map(({ data, errors }) => ({ data, errors }));
  };
  const before = await answers();
  expect(before.every(({ errors }) => errors === undefined)).toBe(true);
  const results = await rebuildViews(rebuilding.parts, requestFor(views));
  for (const { difference, failure, swapped } of results) {
    expect({ difference, failure }).toEqual({ difference: null, failure: null });
    expect(swapped).toMatchObject({ isProved: true, sequence: results[0]?.swapped?.sequence });
  }
  expect(await answers()).toEqual(before);
});
