import { afterAll, beforeAll, expect, test } from 'vitest';
import { causalTree } from '../../src/kernel/causal-tree.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../support/trading-client.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

interface Node {
  readonly command: { readonly name: string; readonly actor: string; readonly code: string } | null;
  readonly event: { readonly type: string } | null;
  readonly children?: readonly Node[];
}

const nodeFields = 'command { name actor code } event { type }';
const query = `query Q($id: ID!) { correlation(id: $id) { roots { ${nodeFields}
  children { ${nodeFields} children { ${nodeFields} children { ${nodeFields} } } } } } }`;

async function rootsOf(id: string): Promise<readonly unknown[]> {
  const { correlation } = await client.read<{ correlation: { roots: readonly Node[] } }>(query, {
    id,
  });
  return correlation.roots.map(brief);
}

/** A node without children is a text, else a list that begins with it. */
function brief({ command, event, children = [] }: Node): unknown {
  const name = event?.type ?? (command?.code ? `${command.name}: ${command.code}` : command?.name);
  return children.length === 0 ? name : [name, ...children.map(brief)];
}

test('a command is above its events, and these above what a process did because of them', async () => {
  const symbol = await client.list();
  const accountId = await client.open({ cash: '100.00' });
  const expiresAt = new Date(Date.now() + 1_500).toISOString();
  const order = { side: 'BUY', quantity: '1', limitPrice: '9.00', expiresAt, timeInForce: 'GTD' };
  const placed = await accepted(client.place(accountId, symbol, order));
  const status = async () => {
    const { order } = await client.read<{ order: { status: string } }>(
      `{ order(id: "${placed.order.id}") { status } }`,
    );
    return order.status;
  };
  await until(async () => (await status()) === 'EXPIRED', 20_000);
  const { events } = await client.read<{ events: { nodes: { commandId: string }[] } }>(
    `{ events(filter: { streamId: "order-${placed.order.id}" }) { nodes { commandId } } }`,
  );
  const tree = await rootsOf(events.nodes[0]?.commandId ?? '');
  const expiry = ['expireOrder', 'CashReleased', 'OrderExpired'];
  expect(tree).toEqual([
    ['placeOrder', 'OrderPlaced', 'CashHeld', 'BookOpened', ['OrderBooked', expiry]],
  ]);
});

test('a refused command is a root without children, and nothing has the id of nothing', async () => {
  const accountId = await client.open({ cash: '1.00' });
  await client.command('withdrawCash', { accountId, amount: '2.00' });
  const { commands } = await client.read<{ commands: { nodes: { id: string }[] } }>(
    '{ commands(last: 1) { nodes { id } } }',
  );
  expect(await rootsOf(commands.nodes[0]?.id ?? '')).toEqual(['withdrawCash: INSUFFICIENT_FUNDS']);
  expect(await rootsOf('nothing')).toEqual([]);
});

test('what lost its cause or its command is still in the tree', () => {
  const event = (id: string, commandId: string, causationId: string | null) => {
    return { id, commandId, causationId };
  };
  // The command of b and its record are older than records; the cause of z has another id.
  const events = [event('a', 'A', null), event('b', 'B', 'a'), event('z', 'Z', 'elsewhere')];
  const tree = causalTree([{ id: 'A', causationId: null }], events);
  expect(tree).toMatchObject([
    {
      command: { id: 'A' },
      children: [{ event: { id: 'a' }, children: [{ event: { id: 'b' } }] }],
    },
    { event: { id: 'z' }, children: [] },
  ]);
});
