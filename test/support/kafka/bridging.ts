import * as commands from '../../../src/contexts/accounts/commands.ts';
import { newUuid } from '../../../src/lib/uuid.ts';
import { startBridgedEngine } from '../bridged.ts';
import type { TestEngine } from '../engines.ts';
import { createTestDatabase, type TestDatabase } from '../postgres.ts';
import { wholeLog } from '../processing.ts';
import { sql } from '../rows.ts';
import { until } from '../until.ts';
import { readTopic, type TopicRecord } from './read-topic.ts';

/** Opens accounts, and makes deposits in turn. */
export async function deposit(
  engine: TestEngine,
  count: number,
  accounts: readonly string[] = [newUuid(), newUuid(), newUuid()],
): Promise<readonly string[]> {
  for (const accountId of accounts) {
    await engine.accept(commands.openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
  }
  const deposits = Array.from({ length: count }, (_, n) => {
    const accountId = accounts[n % accounts.length] ?? '';
    return engine.accept(commands.depositCash, { accountId, amount: '1.00', reference: null });
  });
  await Promise.all(deposits);
  return accounts;
}

/**
 * Waits until a bridge has saved the end of the log as its checkpoint; an error has the rows of the
 * bridges.
 */
export async function untilDelivered(
  engine: TestEngine,
  timeoutMs: number,
  name = 'kafka',
): Promise<void> {
  const isDelivered = async () => {
    const row = (await engine.bridges.rows()).find((one) => one.name === name);
    return row !== undefined && row.checkpoint === (await engine.log.head()).sequence;
  };
  await until(isDelivered, timeoutMs, engine.bridges.rows);
}

/** Whether a bridge is parked; its error. */
export async function parkedReason(engine: TestEngine, name = 'kafka'): Promise<string | null> {
  const row = (await engine.bridges.rows()).find((one) => one.name === name);
  return row?.parked === true ? row.error : null;
}

/** The sequence numbers of a topic as its chain has them; throws if the chain is broken. */
export function followChain(records: readonly TopicRecord[]): readonly number[] {
  const last = new Map<number, number>();
  return records.map(({ partition, headers }) => {
    const sequence = Number(headers['ce_sequence']);
    const previous = last.get(partition) ?? 0;
    if (Number(headers['ce_previous']) !== previous) {
      throw new Error(
        `partition ${partition}: ${sequence} names ${headers['ce_previous']} ` +
          `as its previous message, which is ${previous}`,
      );
    }
    last.set(partition, sequence);
    return sequence;
  });
}

/** Takes what each test of a file needs from one broker, and gives each a database and a topic. */
export interface BridgeTest {
  readonly topic: string;
  readonly database: TestDatabase;
  /** Starts an engine with a bridge named kafka to the topic. */
  start(bridge?: object): Promise<TestEngine>;
  stopAll(): Promise<void>;
}

let topics = 0;

/** Sets up a test of a bridge to a broker; `secret` returns passwords. */
export async function createBridgeTest(
  address: () => string,
  secret?: (name: string) => string,
): Promise<BridgeTest> {
  topics += 1;
  const topic = `events-${topics}`;
  const database = await createTestDatabase();
  // Clones of the template would have one ledger.
  await sql(database.database, 'update log_head set ledger = gen_random_uuid()');
  const started: TestEngine[] = [];
  return {
    topic,
    database,
    async start(bridge = {}) {
      const usual = { name: 'kafka', kind: 'kafka', brokers: [address()], topic };
      const bridges = [Object.assign(usual, bridge)];
      const engine = await startBridgedEngine(database.url, bridges, secret && { secret });
      started.push(engine);
      return engine;
    },
    async stopAll() {
      for (const engine of started.splice(0)) await engine.stop();
      await database.dispose();
    },
  };
}

/** Finds what keeps a topic from having every event once and each stream in order. */
export async function differences(
  engine: TestEngine,
  address: string,
  topic: string,
): Promise<readonly string[]> {
  const events = await engine.log.events({}, wholeLog);
  const records = await readTopic(address, topic);
  const seen = new Set(followChain(records));
  const missing = events.filter(({ sequence }) => !seen.has(sequence));
  return [
    ...missing.map(({ sequence }) => `event ${sequence} is missing`),
    ...(records.length > seen.size ? [`${records.length - seen.size} repeated`] : []),
    ...disordered(records),
  ];
}

function disordered(records: readonly TopicRecord[]): readonly string[] {
  const streams = new Map<string, number>();
  return records.flatMap(({ key, headers }) => {
    const version = Number(headers['ce_version']);
    const expected = (streams.get(key ?? '') ?? 0) + 1;
    streams.set(key ?? '', version);
    return version === expected ? [] : [`${key} has ${version} in the place of ${expected}`];
  });
}
