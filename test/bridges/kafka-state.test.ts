import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/contexts/accounts/commands.ts';
import { accountsView } from '../../src/contexts/accounts/views.ts';
import * as market from '../../src/contexts/market/commands.ts';
import { cancelOrder } from '../../src/contexts/trading/commands/cancel-order.ts';
import { placeOrder } from '../../src/contexts/trading/commands/place-order.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import {
  type BridgeTest,
  createBridgeTest,
  deposit,
  untilDelivered,
} from '../support/kafka/bridging.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { readTopic, type TopicRecord, withAdmin } from '../support/kafka/read-topic.ts';
import { kafkaSkip, noKafka } from '../support/kafka/resolve-kafka.ts';
import { sql } from '../support/rows.ts';

const waitMs = 30_000;

describe.skipIf(noKafka)(`Kafka state${kafkaSkip}`, () => {
  let broker: KafkaBroker;
  let given: BridgeTest;

  beforeAll(async () => {
    broker = await startKafkaBroker();
  }, 300_000);
  afterAll(() => broker?.dispose());
  beforeEach(async () => {
    given = await createBridgeTest(() => broker.address);
  });
  afterEach(() => given.stopAll());

  /** The table that a consumer of a compacted topic has. */
  function toTable(records: readonly TopicRecord[]): ReadonlyMap<string, unknown> {
    const table = new Map<string, unknown>();
    for (const { key, value } of records) {
      if (value === null) table.delete(key ?? '');
      else table.set(key ?? '', JSON.parse(value));
    }
    return table;
  }

  test('a state topic has each document of a view as it is, also after a restart', async () => {
    const topic = `${given.topic}.accounts`;
    const state = [{ view: 'accounts', topic }];
    const engine = await given.start({ state });
    const ids = await deposit(engine, 30);
    await untilDelivered(engine, waitMs, 'kafka.accounts');
    await engine.stop();
    await sql(given.database.database, `delete from bridges where name = 'kafka.accounts'`);
    const again = await given.start({ state });
    await again.accept(accounts.withdrawCash, { accountId: ids[0] ?? '', amount: '0.50' });
    await untilDelivered(again, waitMs, 'kafka.accounts');
    const records = await readTopic(broker.address, topic);
    const { sequence } = await again.log.head();
    const expected = await Promise.all(
      ids.map(async (id) => {
        const found = await again.views.document(accountsView, id, sequence);
        return [id, JSON.parse(JSON.stringify(found?.document))] as const;
      }),
    );
    expect(toTable(records)).toEqual(new Map(expected));
    const last = records.findLast(({ key }) => key === ids[0]);
    expect(last?.headers).toMatchObject({
      ce_sequence: `${sequence}`,
      ce_type: 'daybook.view.accounts',
      ce_subject: ids[0],
    });
    const sequences = new Map<number, number>();
    for (const { partition, headers } of records) {
      const own = Number(headers['ce_sequence']);
      expect(own).toBeGreaterThanOrEqual(sequences.get(partition) ?? 0);
      expect(Number(headers['ce_previous'])).toBe(sequences.get(partition) ?? 0);
      sequences.set(partition, own);
    }
    const [described] = await withAdmin(broker.address, (admin) =>
      admin.describeConfigs({
        resources: [
          { resourceType: 2, resourceName: topic, configurationKeys: ['cleanup.policy'] },
        ],
      }),
    );
    expect(described?.configs[0]?.value).toBe('compact');
  });

  test('a document that is removed leaves a tombstone', async () => {
    const topic = `${given.topic}.levels`;
    const engine = await given.start({ state: [{ view: 'price-levels', topic }] });
    const [accountId = ''] = await deposit(engine, 300);
    await engine.accept(market.listInstrument, {
      symbol: 'ACME',
      name: 'Acme',
      currency: 'EUR',
      tickSize: '0.01',
      lotSize: '1',
      makerFeeBps: '0',
      takerFeeBps: '0',
    });
    const orderId = newUuid();
    await engine.accept(placeOrder, {
      orderId,
      clientOrderId: null,
      accountId,
      symbol: 'ACME',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '2',
      limitPrice: '3.00',
      stopPrice: null,
      expiresAt: null,
      postOnly: false,
    });
    await untilDelivered(engine, waitMs, 'kafka.price-levels');
    const [level] = toTable(await readTopic(broker.address, topic)).values();
    expect(level).toMatchObject({ symbol: 'ACME', side: 'BUY', price: '3.00', quantity: '2' });
    await engine.accept(cancelOrder, { orderId, reason: null });
    await untilDelivered(engine, waitMs, 'kafka.price-levels');
    const records = await readTopic(broker.address, topic);
    expect(records.at(-1)?.value).toBeNull();
    expect(toTable(records)).toEqual(new Map());
  });
});
