import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseBridgeSettings } from '../../src/bridges/settings.ts';
import * as commands from '../../src/contexts/accounts/commands.ts';
import { modules } from '../../src/contexts/all.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { type NatsServer, noNats, startNatsServer } from '../support/nats-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const contexts = modules.map(({ context }) => context);

describe.skipIf(noNats)(`NATS JetStream${noNats === null ? '' : `: skipped, ${noNats}`}`, () => {
  let testDatabase: TestDatabase;
  let nats: NatsServer;
  const started: TestEngine[] = [];

  beforeEach(async () => {
    testDatabase = await createTestDatabase();
    nats = await startNatsServer();
  });
  afterEach(async () => {
    for (const engine of started.splice(0)) await engine.stop();
    await nats.dispose();
    await testDatabase.dispose();
  });

  async function start(bridge: object = {}): Promise<TestEngine> {
    const entry = {
      name: 'nats',
      kind: 'nats',
      servers: [nats.address],
      stream: 'DAYBOOK',
      ...bridge,
    };
    const settings = parseBridgeSettings(JSON.stringify({ bridges: [entry] }), {
      types: new Set(contexts.flatMap(({ events }) => Object.keys(events))),
      contexts: new Set(contexts.map(({ name }) => name)),
      views: new Set(),
      hasSecret: () => true,
    });
    const engine = await startTestEngine(testDatabase.url, contexts, silentLogger, {
      settings,
      secret: () => '',
    });
    started.push(engine);
    return engine;
  }

  async function deposit(engine: TestEngine, count: number): Promise<void> {
    const accountId = newUuid();
    await engine.accept(commands.openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
    for (let n = 0; n < count; n += 1) {
      await engine.accept(commands.depositCash, { accountId, amount: '1.00', reference: null });
    }
  }

  /** The messages of the stream: its own sequence number, subject, headers, and data. */
  async function readStream() {
    const connection = await connect({ servers: [nats.address] });
    try {
      const manager = await jetstreamManager(connection);
      const { state } = await manager.streams.info('DAYBOOK');
      const messages = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage('DAYBOOK', { seq });
        if (message === null) continue;
        messages.push({
          seq,
          subject: message.subject,
          id: message.header.get('ce-id'),
          sequence: Number(message.header.get('ce-sequence')),
          previous: Number(message.header.get('ce-previous')),
          data: message.string(),
        });
      }
      return messages;
    } finally {
      await connection.close();
    }
  }

  const isDelivered = async (engine: TestEngine) => {
    const [row] = await engine.bridges.rows();
    return row !== undefined && row.checkpoint === (await engine.log.head()).sequence;
  };

  test('the stream mirrors the log, message by message', async () => {
    const engine = await start();
    await deposit(engine, 20);
    await until(() => isDelivered(engine));
    const events = await engine.log.events({}, wholeLog);
    expect(await readStream()).toEqual(
      events.map((event) => ({
        seq: event.sequence,
        subject: `daybook.accounts.${event.type}.${event.streamId}`,
        id: event.id,
        sequence: event.sequence,
        previous: event.sequence - 1,
        data: JSON.stringify(event.data),
      })),
    );
  });
});
