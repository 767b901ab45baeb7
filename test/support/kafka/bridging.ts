import { parseBridgeSettings } from '../../../src/bridges/settings.ts';
import * as commands from '../../../src/contexts/accounts/commands.ts';
import { modules } from '../../../src/contexts/all.ts';
import { newUuid } from '../../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../engines.ts';
import { createTestDatabase, type TestDatabase } from '../postgres.ts';
import { wholeLog } from '../processing.ts';
import { sql } from '../rows.ts';
import { silentLogger } from '../silent-logger.ts';
import { readTopic, type TopicRecord } from './read-topic.ts';

const contexts = modules.map(({ context }) => context);

/** Starts an engine of all contexts with bridges to Kafka. */
export function startBridging(
  url: string,
  bridges: readonly object[],
  secret: (name: string) => string = () => '',
): Promise<TestEngine> {
  const settings = parseBridgeSettings(JSON.stringify({ bridges }), {
    types: new Set(contexts.flatMap(({ events }) => Object.keys(events))),
    contexts: new Set(contexts.map(({ name }) => name)),
    views: new Set(contexts.flatMap(({ views }) => views.map(({ name }) => name))),
    hasSecret: () => true,
  });
  return startTestEngine(url, contexts, silentLogger, { settings, secret });
}

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

/** Whether a bridge has saved the end of the log as its checkpoint. */
export async function isDelivered(engine: TestEngine, name = 'kafka'): Promise<boolean> {
  const row = (await engine.bridges.rows()).find((one) => one.name === name);
  return row !== undefined && row.checkpoint === (await engine.log.head()).sequence;
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
      const engine = await startBridging(database.url, [Object.assign(usual, bridge)], secret);
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
  const records = await readTopic(address, topic);
  const sequences = followChain(records);
  const events = await engine.log.events({}, wholeLog);
  const seen = new Set(sequences);
  const missing = events.filter(({ sequence }) => !seen.has(sequence));
  const streams = new Map<string, number>();
  const disordered = records.filter(({ key, headers }) => {
    const version = Number(headers['ce_version']);
    const isNext = version === (streams.get(key ?? '') ?? 0) + 1;
    streams.set(key ?? '', version);
    return !isNext;
  });
  return [
    ...missing.map(({ sequence }) => `event ${sequence} is missing`),
    ...(sequences.length > seen.size ? [`${sequences.length - seen.size} repeated`] : []),
    ...disordered.map(({ key, headers }) => `${key} has ${headers['ce_version']} out of order`),
  ];
}
