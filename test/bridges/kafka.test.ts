import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/contexts/accounts/commands.ts';
import * as market from '../../src/contexts/market/commands.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import {
  type BridgeTest,
  createBridgeTest,
  deposit,
  differences,
  followChain,
  parkedReason,
  untilDelivered,
} from '../support/kafka/bridging.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { readTopic, withAdmin } from '../support/kafka/read-topic.ts';
import { kafkaSkip, noKafka } from '../support/kafka/resolve-kafka.ts';
import { wholeLog } from '../support/processing.ts';
import { sql } from '../support/rows.ts';
import { until } from '../support/until.ts';

const noKcat = spawnSync('kcat', ['-V']).status === 0 ? '' : ': skipped, kcat is not installed';
const waitMs = 20_000;

describe.skipIf(noKafka)(`Kafka${kafkaSkip}`, () => {
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

  async function readLedger(): Promise<{ readonly ledger: string }> {
    const [row] = await sql<{ ledger: string }>(
      given.database.database,
      'select ledger from log_head',
    );
    return row ?? { ledger: '' };
  }

  test('every event is in the topic once, with its key, headers and chain', async () => {
    const engine = await given.start();
    // Enough accounts that they are in more than one partition.
    const ids = Array.from({ length: 20 }, newUuid);
    await deposit(engine, 60, ids);
    await untilDelivered(engine, waitMs);
    expect(await differences(engine, broker.address, given.topic)).toEqual([]);
    const records = await readTopic(broker.address, given.topic);
    expect(new Set(records.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    const [event] = await engine.log.events({}, wholeLog);
    const first = records.find(({ headers }) => headers['ce_sequence'] === '1');
    expect(first).toMatchObject({
      key: event?.streamId,
      value: JSON.stringify(event?.data),
      headers: {
        ce_specversion: '1.0',
        ce_id: event?.id,
        ce_type: 'daybook.AccountOpened',
        ce_subject: event?.streamId,
        'content-type': 'application/json',
        ce_version: '1',
        ce_previous: '0',
      },
    });
  });

  test('a restarted bridge continues, also if its position was lost', async () => {
    const before = await given.start();
    const ids = await deposit(before, 30);
    await untilDelivered(before, waitMs);
    await before.stop();
    const { topic, database } = given;
    const engine = await given.start();
    for (const accountId of ids) {
      await engine.accept(accounts.depositCash, { accountId, amount: '2.00' });
    }
    await untilDelivered(engine, waitMs);
    expect(await differences(engine, broker.address, topic)).toEqual([]);
    await engine.stop();

    await sql(database.database, 'delete from bridges');
    const last = await given.start();
    for (const accountId of ids) {
      await last.accept(accounts.depositCash, { accountId, amount: '3.00' });
    }
    await untilDelivered(last, waitMs);
    expect(await differences(last, broker.address, topic)).toEqual([]);
  });

  test('a topic that is ahead of the log parks the bridge, which names both numbers', async () => {
    const engine = await given.start();
    await deposit(engine, 30);
    await untilDelivered(engine, waitMs);
    const { ledger } = await readLedger();
    const older = await createBridgeTest(() => broker.address);
    try {
      await sql(older.database.database, 'update log_head set ledger = $1', [ledger]);
      const restored = await older.start({ topic: given.topic });
      await until(async () => (await parkedReason(restored)) !== null, waitMs);
      expect(await parkedReason(restored)).toMatch(/its last message is \d+, the log ends at 0/);
    } finally {
      await older.stopAll();
    }
  });

  test('a topic of another ledger parks the bridge, which names both', async () => {
    const engine = await given.start();
    await deposit(engine, 10);
    await untilDelivered(engine, waitMs);
    const { ledger } = await readLedger();
    const other = await createBridgeTest(() => broker.address);
    try {
      const stranger = await other.start({ topic: given.topic });
      await until(async () => (await parkedReason(stranger)) !== null, waitMs);
      expect(await parkedReason(stranger)).toContain(`another ledger, ${ledger}`);
    } finally {
      await other.stopAll();
    }
  });

  test('a topic that has got more partitions parks the bridge, which says what to do', async () => {
    const engine = await given.start({ partitions: 2 });
    await deposit(engine, 10);
    await untilDelivered(engine, waitMs);
    await engine.stop();
    const wanted = { name: given.topic, count: 3, assignments: [{ brokerIds: [1] }] };
    await withAdmin(broker.address, (admin) => admin.createPartitions({ topics: [wanted] }));
    const next = await given.start();
    await until(async () => (await parkedReason(next)) !== null, waitMs);
    expect(await parkedReason(next)).toBe(
      `topic ${given.topic} has 3 partitions instead of 2: ` +
        'give the bridge a new name and a new target',
    );
  });

  test('a topic that lost its messages is filled again', async () => {
    const engine = await given.start();
    await deposit(engine, 30);
    await untilDelivered(engine, waitMs);
    await engine.stop();
    const { topic } = given;
    await withAdmin(broker.address, (admin) => admin.deleteTopics({ topics: [topic] }));
    const again = await given.start();
    await untilDelivered(again, waitMs);
    await until(async () => (await differences(again, broker.address, topic)).length === 0, waitMs);
  });

  test('records that retention has removed are not sent again', async () => {
    const engine = await given.start({ partitions: 1 });
    const [accountId = ''] = await deposit(engine, 20);
    await untilDelivered(engine, waitMs);
    await engine.stop();
    const { topic } = given;
    await withAdmin(broker.address, async (admin) => {
      const partitions = [{ partition: 0, offset: -1n }];
      await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
    });
    const again = await given.start();
    const { sequence: before } = await again.log.head();
    await again.accept(accounts.depositCash, { accountId, amount: '2.00' });
    await untilDelivered(again, waitMs);
    const records = await readTopic(broker.address, topic);
    expect(records.map(({ headers }) => headers['ce_sequence'])).toEqual([`${before + 1}`]);
    expect(records[0]?.headers['ce_previous']).toBe(`${before}`);
  });

  test('an event that is too large for the topic parks the bridge, which names it', async () => {
    const { topic } = given;
    await withAdmin(broker.address, (admin) => {
      const configs = [{ name: 'max.message.bytes', value: '2000' }];
      return admin.createTopics({ topics: [topic], partitions: 2, replicas: 1, configs });
    });
    const engine = await given.start();
    const [accountId = ''] = await deposit(engine, 40);
    await untilDelivered(engine, waitMs);
    const reference = 'x'.repeat(1_500);
    await engine.accept(accounts.depositCash, { accountId, amount: '1.00', reference });
    const { sequence } = await engine.log.head();
    await until(async () => (await parkedReason(engine)) !== null, waitMs);
    expect(await parkedReason(engine)).toContain(
      `event ${sequence} is too large for topic ${topic}`,
    );

    await withAdmin(broker.address, (admin) =>
      admin.incrementalAlterConfigs({
        resources: [
          {
            resourceType: 2,
            resourceName: topic,
            configs: [{ name: 'max.message.bytes', configOperation: 0, value: '100000' }],
          },
        ],
      }),
    );
    await engine.bridges.change('kafka', 'retry');
    await untilDelivered(engine, waitMs);
    expect(await differences(engine, broker.address, topic)).toEqual([]);
  });

  test('each context has a separate topic if the bridge is set up so', async () => {
    const engine = await given.start({ perContext: true });
    await deposit(engine, 10);
    await engine.accept(market.listInstrument, {
      symbol: 'ACME',
      name: 'Acme',
      currency: 'EUR',
      tickSize: '0.01',
      lotSize: '1',
      makerFeeBps: '0',
      takerFeeBps: '0',
    });
    await untilDelivered(engine, waitMs);
    const types = async (context: string): Promise<ReadonlySet<string | undefined>> => {
      const records = await readTopic(broker.address, `${given.topic}.${context}`);
      followChain(records);
      return new Set(records.map(({ headers }) => headers['ce_type']));
    };
    expect(await types('accounts')).toEqual(
      new Set(['daybook.AccountOpened', 'daybook.CashDeposited']),
    );
    expect(await types('market')).toEqual(new Set(['daybook.InstrumentListed']));
  });

  test.skipIf(noKcat)(`kcat reads the same records${noKcat}`, async () => {
    const engine = await given.start();
    await deposit(engine, 30);
    await untilDelivered(engine, waitMs);
    const { topic } = given;
    const format = ['-f', '%p %o %k %s\n'];
    const reading = ['-b', broker.address, '-C', '-t', topic, '-o', 'beginning', '-e', '-q'];
    const records = await readTopic(broker.address, topic);
    const { stdout } = await promisify(execFile)('kcat', [...reading, ...format]);
    const lines = records.map(({ partition, offset, key, value }) =>
      [partition, offset, key, value].join(' '),
    );
    expect(stdout.trim().split('\n').sort()).toEqual(lines.sort());
  });
});
