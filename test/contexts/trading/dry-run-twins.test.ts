import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomCommand, type Stage } from '../../support/random-commands.ts';
import { createRandom } from '../../support/random-trading.ts';
import { createTestServer, type TestServer } from '../../support/server.ts';
import { accepted, createTradingClient } from '../../support/trading-client.ts';
import {
  comparable,
  type EventSeen,
  idsIn,
  sendTwins,
  sequencesIn,
  type Twins,
} from '../../support/twin-commands.ts';

const commandsCount = 180;

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

/** Accounts with cash and shares, and two instruments with fees. */
async function createStage(): Promise<Stage> {
  const client = createTradingClient(server);
  const fees = { makerFeeBps: '10', takerFeeBps: '25', tickSize: '0.05' };
  const symbols = [await client.list(fees), await client.list(fees)];
  const [first = '', second = ''] = symbols;
  const open = () => client.open({ cash: '900.00', shares: { [first]: '40', [second]: '40' } });
  const accounts = [await open(), await open(), await open(), await open()];
  const orderId = randomUUID();
  const limit = { side: 'SELL', quantity: '3', limitPrice: '10.00', orderId };
  await accepted(client.place(accounts[0] ?? '', first, limit));
  return { accounts, symbols, orders: [orderId] };
}

test.each([1, 2])(
  'a dry run returns and proposes what the command then does (seed %i)',
  async (seed) => {
    const stage = await createStage();
    const random = createRandom(seed);
    const known = new Set<string>();
    const accepted = new Map<string, number>();
    let tradesCount = 0;
    for (let count = 0; count < commandsCount; count += 1) {
      const command = randomCommand(random, stage);
      for (const id of idsIn(command.input)) known.add(id);
      const twins = await sendTwins(server, command);
      expectTwins(twins, known, command.name);
      for (const id of idsIn(twins.real)) known.add(id);
      const { events } = twins.real;
      if (events === undefined) continue;
      accepted.set(command.name, (accepted.get(command.name) ?? 0) + 1);
      tradesCount += events.filter(({ type }) => type === 'TradeExecuted').length;
    }
    // A run in which little happens would prove little.
    expect(tradesCount).toBeGreaterThan(15);
    expect(accepted.size).toBeGreaterThan(12);
  },
  120_000,
);

function expectTwins({ dry, real, head }: Twins, known: ReadonlySet<string>, name: string): void {
  expect(head.afterDryRun).toBe(head.before);
  const { events = [], ...done } = real;
  const { proposedEvents = [], ...would } = dry;
  const without = { events: [], proposedEvents: [], dryRun: null };
  const answers = [would, done].map((each) => comparable({ ...each, ...without }, known));
  expect(answers[0], name).toEqual(answers[1]);
  const proposed = proposedEvents.map(({ occurredAt, ...event }) => [event, occurredAt]);
  const recorded = events.map(({ recordedAt, occurredAt, ...event }): [EventSeen, unknown] => [
    event as EventSeen,
    occurredAt === recordedAt ? null : occurredAt,
  ]);
  expect(comparable(proposed, known), name).toEqual(comparable(recorded, known));
  if (real.events === undefined) return;
  expect(dry).toMatchObject({ dryRun: true, events: [], sequence: head.before });
  expect(real).toMatchObject({ dryRun: false, proposedEvents: [] });
  expect(Math.max(...sequencesIn(dry))).toBe(Number(head.before));
}
