import { afterAll, beforeAll, expect, test } from 'vitest';
import { subscribe } from '../support/live.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const eventCount = 60_000;
/** The only event of the actor and the type. */
const found = 58_001;
const filter = '{ actor: "ann", types: ["ReferencePriceSet"] }';
let server: TestServer;

beforeAll(async () => {
  server = await createTestServer();
  const { database, engine } = server;
  await sql(
    database,
    `insert into events
     select place, 'stream-' || place % 2, (place + 1) / 2, gen_random_uuid(),
       case when place % 2 = 0 or place = $2 then 'ReferencePriceSet'
         else 'ClientOrderIdAssigned' end, 1,
       timestamptz '2026-01-01' + place * interval '1 second', '2026-01-01',
       case when place % 2 = 0 then 'bob' else 'ann' end, gen_random_uuid(), 'correlation', null,
       '{"symbol": "X", "price": "1", "accountId": "", "clientOrderId": "", "orderId": ""}', ''
     from generate_series(1, $1::int) as place`,
    [eventCount, found],
  );
  await sql(
    database,
    'update log_head set sequence = $1, clock = (select max(recorded_at) from events)',
    [eventCount],
  );
  await sql(database, 'vacuum analyze events');
  engine.feed.wake();
  await until(() => engine.views.checkpoint() === eventCount, 60_000);
}, 90_000);
afterAll(() => server.dispose());

interface EventPage {
  readonly nodes: readonly { readonly sequence: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const fields = `{ nodes { sequence }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;

/** Pages of the filter, 50 times in one operation. */
async function ask(args: string): Promise<readonly EventPage[]> {
  const aliases = Array.from({ length: 50 }, (_, index) => `a${index}`);
  const query = aliases.map((alias) => `${alias}: events(${args}, filter: ${filter}) ${fields}`);
  const { data, errors } = await server.send<Record<string, EventPage>>(`{ ${query.join(' ')} }`);
  expect(errors).toBeUndefined();
  return Object.values(data);
}

test('a page that takes long to fill is returned short, with a cursor to continue from', async () => {
  const pages = await ask('first: 20');
  const [short] = pages.filter(({ pageInfo }) => pageInfo.hasNextPage);
  expect(short).toMatchObject({ nodes: [], pageInfo: { startCursor: null } });
  expect(Number(short?.pageInfo.endCursor)).toBeLessThan(found);
  const met: string[] = [];
  for (let after = '0', steps = 0; steps < 100; steps += 1) {
    const [page] = await ask(`first: 20, after: "${after}"`);
    met.push(...(page?.nodes.map(({ sequence }) => sequence) ?? []));
    if (page?.pageInfo.hasNextPage !== true) break;
    expect(Number(page.pageInfo.endCursor)).toBeGreaterThan(Number(after));
    after = page.pageInfo.endCursor ?? '';
  }
  expect(met).toEqual([String(found)]);
});

test('a page from the end is returned short as well, with a cursor to continue backward from', async () => {
  const pages = await ask(`last: 20, before: "${found}"`);
  const [short] = pages.filter(({ pageInfo }) => pageInfo.hasPreviousPage);
  expect(short).toMatchObject({ nodes: [], pageInfo: { hasNextPage: true, endCursor: null } });
  expect(Number(short?.pageInfo.startCursor)).toBeLessThan(found);
  let before = String(found);
  for (let steps = 0; steps < 100; steps += 1) {
    const [page] = await ask(`last: 20, before: "${before}"`);
    expect(page?.nodes).toEqual([]);
    if (page?.pageInfo.hasPreviousPage !== true) return;
    expect(Number(page.pageInfo.startCursor)).toBeLessThan(Number(before));
    before = page.pageInfo.startCursor ?? '';
  }
  throw new Error('the walk does not end');
});

test('a subscription whose filter passes few events reports its progress while it searches', async () => {
  interface Frame {
    readonly events: { readonly sequence: string; readonly event: { readonly id: string } | null };
  }
  const query = `subscription { events(after: "0", filter: ${filter}) { sequence event { id } } }`;
  const live = subscribe<Frame>(server.url, query, {});
  await live.until((frames) => Number(frames.at(-1)?.events.sequence) === eventCount);
  const passed = live.frames.filter(({ events }) => events.event !== null);
  expect(passed.map(({ events }) => events.sequence)).toEqual([String(found)]);
  expect(Number(live.frames[0]?.events.sequence)).toBeLessThan(found);
  await live.cut();
});
