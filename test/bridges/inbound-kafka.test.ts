import { Consumer, Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/contexts/accounts/commands.ts';
import { delay } from '../../src/lib/delay.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import type { TestEngine } from '../support/engines.ts';
import { startInboundEngine } from '../support/inbound.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { readTopic, withAdmin } from '../support/kafka/read-topic.ts';
import { noKafka } from '../support/kafka/resolve-kafka.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

const title = titleWith('commands from Kafka', noKafka);

describe.skipIf(noKafka !== null)(title, () => {
  let testDatabase: TestDatabase;
  let kafka: KafkaBroker;
  let topic: string;
  const started: TestEngine[] = [];

  beforeAll(async () => {
    kafka = await startKafkaBroker();
  }, 120_000);
  afterAll(() => kafka.dispose());
  beforeEach(async () => {
    testDatabase = await createTestDatabase();
    topic = `commands-${newUuid().slice(-8)}`;
  });
  afterEach(async () => {
    for (const engine of started.splice(0)) await engine.stop();
    await testDatabase.dispose();
  });

  async function start(bridge: object = {}): Promise<TestEngine> {
    const engine = await startInboundEngine(testDatabase.url, {
      name: 'commands',
      kind: 'kafka',
      brokers: [kafka.address],
      topic,
      group: `daybook-${topic}`,
      actor: 'payments',
      deadLetter: `${topic}.dead`,
      ...bridge,
    });
    started.push(engine);
    return engine;
  }

  const addTopic = (partitions = 3) =>
    withAdmin(kafka.address, (admin) => admin.createTopics({ topics: [topic], partitions }));

  async function produce(bodies: readonly [key: string, body: unknown][]): Promise<void> {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [kafka.address] });
    const messages = bodies.map(([key, body]) => ({
      topic,
      key: Buffer.from(key),
      value: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      headers: new Map([[Buffer.from('trace'), Buffer.from('abc')]]),
    }));
    // One at a time: after an error of one partition, the client sends a whole call again.
    for (const message of messages) await producer.send({ messages: [message] });
    await producer.close();
  }

  async function openAccount(engine: TestEngine): Promise<string> {
    const accountId = newUuid();
    await engine.accept(accounts.openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
    return accountId;
  }

  const deposit = (accountId: string, amount: unknown = '10.00') => ({
    mutation: 'depositCash',
    input: { accountId, amount, reference: null },
  });
  const countOf = async (engine: TestEngine, type = 'CashDeposited') =>
    (await engine.recorded(type)).length;

  test('a refused or malformed message goes to the dead letters, and the next go on', async () => {
    await addTopic(1);
    const engine = await start();
    const accountId = await openAccount(engine);
    await produce([
      ['a', 'not JSON'],
      ['b', { mutation: 'withdrawCash', input: { accountId, amount: '99.00' } }],
      ['c', deposit(accountId)],
    ]);
    await until(async () => (await countOf(engine)) === 1, 20_000);
    await until(async () => (await readTopic(kafka.address, `${topic}.dead`)).length === 2);
    expect(await readTopic(kafka.address, `${topic}.dead`)).toMatchObject([
      {
        key: 'a',
        value: 'not JSON',
        headers: {
          trace: 'abc',
          'daybook-code': 'MALFORMED_MESSAGE',
          'daybook-origin': `kafka:${topic}/0/0`,
        },
      },
      {
        key: 'b',
        headers: { 'daybook-code': 'INSUFFICIENT_FUNDS', 'daybook-origin': `kafka:${topic}/0/1` },
      },
    ]);
  });

  test('what was not committed before a rebalance is read again by the next member', async () => {
    await addTopic(3);
    const engine = await start();
    const accountId = await openAccount(engine);
    const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`);
    const sendAll = () => produce(keys.map((key) => [key, deposit(accountId)]));
    await sendAll();
    await until(async () => (await countOf(engine)) === 30, 20_000);
    // Another member takes partitions, and messages with them, but commits nothing.
    const other = new Consumer({
      clientId: 'other',
      groupId: `daybook-${topic}`,
      bootstrapBrokers: [kafka.address],
      autocommit: false,
    });
    const stream = await other.consume({ topics: [topic], mode: 'committed' });
    let taken = 0;
    stream.on('data', () => {
      taken += 1;
    });
    stream.on('error', () => {});
    await until(() => (other.assignments?.[0]?.partitions.length ?? 0) > 0, 30_000);
    await sendAll();
    await until(() => taken > 0, 20_000);
    await stream.close();
    await other.close();
    await until(async () => (await countOf(engine)) === 60, 40_000);
    await until(async () => (await engine.bridges.rows())[0]?.waiting === 0);
    expect(await countOf(engine)).toBe(60);
  }, 120_000);

  test('a bridge without its topic is parked until an operator retries it', async () => {
    const engine = await start();
    await until(async () => (await engine.bridges.rows())[0]?.parked === true, 20_000);
    expect((await engine.bridges.rows())[0]?.error).toBe(
      `there is no topic ${topic}: create it, then retry the bridge`,
    );
    await addTopic(1);
    await engine.bridges.change('commands', 'retry');
    const accountId = await openAccount(engine);
    await produce([['a', deposit(accountId)]]);
    await until(async () => (await countOf(engine)) === 1, 20_000);
  }, 60_000);

  test('partitions that are added are read', async () => {
    await addTopic(1);
    const engine = await start();
    const accountId = await openAccount(engine);
    await produce([['a', deposit(accountId)]]);
    await until(async () => (await countOf(engine)) === 1, 20_000);
    const assignments = [1, 2, 3].map(() => ({ brokerIds: [1] }));
    await withAdmin(kafka.address, (admin) =>
      admin.createPartitions({ topics: [{ name: topic, count: 4, assignments }] }),
    );
    await produce(Array.from({ length: 20 }, (_, key) => [`key ${key}`, deposit(accountId)]));
    await until(async () => (await countOf(engine)) === 21, 30_000);
  }, 60_000);

  test('a committed offset beyond the end of the topic parks the bridge', async () => {
    await addTopic(1);
    const engine = await start();
    const accountId = await openAccount(engine);
    await produce([['a', deposit(accountId)]]);
    await until(async () => (await engine.bridges.rows())[0]?.waiting === 0, 20_000);
    await until(async () => (await countOf(engine)) === 1, 20_000);
    await engine.stop();
    const other = new Consumer({
      clientId: 'other',
      groupId: `daybook-${topic}`,
      bootstrapBrokers: [kafka.address],
      autocommit: false,
    });
    other.topics.track(topic);
    await other.joinGroup({});
    await other.commit({ offsets: [{ topic, partition: 0, offset: 9n, leaderEpoch: -1 }] });
    await other.close();
    const next = await start();
    await until(async () => (await next.bridges.rows())[0]?.parked === true, 20_000);
    expect((await next.bridges.rows())[0]?.error).toBe(
      `the group has committed offset 9 of ${topic}/0, which ends at 1: move the offset of the ` +
        'group, then retry the bridge',
    );
  }, 60_000);

  test('a long key and long headers leave room for the dead letter', async () => {
    await addTopic(1);
    await start();
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [kafka.address] });
    const long = Buffer.alloc(250_000, 'x');
    const headers = new Map([
      [Buffer.from('long'), long],
      [Buffer.from('trace'), Buffer.from('abc')],
    ]);
    const value = Buffer.alloc(520_000, 'x');
    await producer.send({ messages: [{ topic, partition: 0, key: long, value, headers }] });
    await producer.close();
    await until(async () => (await readTopic(kafka.address, `${topic}.dead`)).length === 1, 20_000);
    const [letter] = await readTopic(kafka.address, `${topic}.dead`);
    expect(letter?.headers).toMatchObject({ trace: 'abc', 'daybook-code': 'MALFORMED_MESSAGE' });
    expect(letter?.key).toHaveLength(4_096);
  }, 60_000);

  test('a broker that does not answer does not hold up the end', async () => {
    await addTopic(1);
    const engine = await start();
    const accountId = await openAccount(engine);
    await produce([['a', deposit(accountId)]]);
    await until(async () => (await countOf(engine)) === 1, 20_000);
    kafka.process.kill('SIGSTOP');
    try {
      await delay(1_500);
      const from = performance.now();
      await engine.stop();
      expect(performance.now() - from).toBeLessThan(9_000);
    } finally {
      kafka.process.kill('SIGCONT');
    }
  }, 60_000);
});
