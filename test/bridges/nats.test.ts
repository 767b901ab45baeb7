import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerPerson } from '../../src/contexts/parties/commands.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { bridgeOf, deposit, startBridgedEngine, untilDelivered } from '../support/bridged.ts';
import type { TestEngine } from '../support/engines.ts';
import { type NatsServer, noNats, startNatsServer } from '../support/nats-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';
import { createRestorableDatabase } from '../support/restorable.ts';
import { sql } from '../support/rows.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

describe.skipIf(noNats)(titleWith('NATS JetStream', noNats), () => {
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

  async function start(bridge: object = {}, url = testDatabase.url): Promise<TestEngine> {
    const engine = await startBridgedEngine(url, [
      { name: 'nats', kind: 'nats', servers: [nats.address], stream: 'DAYBOOK', ...bridge },
    ]);
    started.push(engine);
    return engine;
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

  function toMirrored(event: StoredEvent) {
    return {
      seq: event.sequence,
      subject: `daybook.accounts.${event.type}.${event.streamId}`,
      id: event.id,
      sequence: event.sequence,
      previous: event.sequence - 1,
      data: JSON.stringify(event.data),
    };
  }

  async function expectMirror(engine: TestEngine): Promise<void> {
    await untilDelivered(engine);
    const events = await engine.log.events({}, wholeLog);
    expect(await readStream()).toEqual(events.map(toMirrored));
  }

  test('the stream mirrors the log, message by message, across restarts', async () => {
    const first = await start();
    await deposit(first, 20);
    await expectMirror(first);
    await first.stop();
    const second = await start();
    await deposit(second, 5);
    await expectMirror(second);
  });

  test('any text can be the id of a person, also in a subject', async () => {
    const engine = await start();
    const ids = ['Ada King', '*', 'a..b.', '>', 'ünï\n', 'j.doe@x'];
    for (const personId of ids) {
      await engine.accept(registerPerson, { personId, name: 'Ada' });
    }
    await untilDelivered(engine);
    const subjects = (await readStream()).map(({ subject }) => subject);
    expect(subjects).toEqual(
      ['Ada%20King', '%2A', 'a%2E.b%2E', '%3E', '%C3%BCn%C3%AF%0A', 'j.doe%40x'].map(
        (text) => `daybook.parties.PersonRegistered.person-${text}`,
      ),
    );
  });

  test('a bridge whose saved position is lost repeats nothing', async () => {
    const first = await start();
    await deposit(first, 10);
    await untilDelivered(first);
    await first.stop();
    await sql(testDatabase.database, 'delete from bridges');
    const second = await start();
    await deposit(second, 5);
    await expectMirror(second);
  });

  test('a stream that lost its tail is filled again, also while the bridge runs', async () => {
    const engine = await start();
    await deposit(engine, 5);
    await untilDelivered(engine);
    await nats.stop();
    await nats.keep();
    await nats.start();
    await deposit(engine, 5);
    await untilDelivered(engine);
    await nats.stop();
    await nats.restore();
    await nats.start();
    await deposit(engine, 5);
    await untilDelivered(engine);
    await until(async () => (await readStream()).length === (await engine.log.head()).sequence);
    await expectMirror(engine);
  });

  test('a bridge with a filter refuses a stream that removes what was read', async () => {
    const connection = await connect({ servers: [nats.address] });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({
      name: 'DAYBOOK',
      subjects: ['daybook.>'],
      retention: RetentionPolicy.Workqueue,
    });
    await connection.close();
    const engine = await start({ filter: { types: ['AccountOpened'] } });
    await until(async () => (await engine.bridges.rows())[0]?.parked === true);
    expect((await bridgeOf(engine)).error).toMatch(/^the stream DAYBOOK has the retention "workq/);
  });

  test('a stream of another log parks the bridge, and a retry looks again', async () => {
    const first = await start();
    await deposit(first, 3);
    await untilDelivered(first);
    await first.stop();
    const other = await createTestDatabase();
    try {
      await sql(other.database, 'update log_head set ledger = gen_random_uuid()');
      const second = await start({}, other.url);
      await deposit(second, 3);
      await until(async () => (await bridgeOf(second)).parked);
      expect((await bridgeOf(second)).error).toMatch(/another ledger/);
      await second.bridges.change('nats', 'retry');
      await until(async () => (await bridgeOf(second)).parked);
      await second.stop();
    } finally {
      await other.dispose();
    }
  });

  test('a stream that is ahead of a restored log parks the bridge with both numbers', async () => {
    const restorable = await createRestorableDatabase();
    try {
      const first = await start({}, restorable.url);
      await deposit(first, 3);
      await untilDelivered(first);
      await first.stop();
      await restorable.keep();
      const second = await start({}, restorable.url);
      await deposit(second, 3);
      await untilDelivered(second);
      await second.stop();
      await restorable.restore();
      const third = await start({}, restorable.url);
      await until(async () => (await bridgeOf(third)).parked);
      expect((await bridgeOf(third)).error).toMatch(/last message is 8, the log ends at 4/);
      await deposit(third, 6);
      await third.bridges.change('nats', 'retry');
      await until(async () => /holds event .* at 8/.test((await bridgeOf(third)).error ?? ''));
      await third.stop();
    } finally {
      await restorable.dispose();
    }
  });

  test('a filtered bridge chains its messages, and an empty one moves its checkpoint', async () => {
    const engine = await start({ filter: { types: ['AccountOpened'] } });
    await deposit(engine, 2);
    await deposit(engine, 2);
    await untilDelivered(engine);
    expect((await readStream()).map(({ sequence, previous }) => [sequence, previous])).toEqual([
      [1, 0],
      [4, 1],
    ]);
    await engine.stop();
    const second = await start({ filter: { types: ['AccountOpened'] } });
    await deposit(second, 2);
    await untilDelivered(second);
    expect((await readStream()).map(({ sequence }) => sequence)).toEqual([1, 4, 7]);
    expect(await bridgeOf(second)).toMatchObject({ checkpoint: 9, delivered: 7 });
  });

  test('a bridge begins at the beginning, now, or after a sequence number', async () => {
    const bare = await startBridgedEngine(testDatabase.url, []);
    await deposit(bare, 3);
    await bare.stop();
    const later = await start({ from: 2 });
    await untilDelivered(later);
    expect((await readStream()).map(({ sequence }) => sequence)).toEqual([3, 4]);
    await later.stop();
    await sql(testDatabase.database, 'delete from bridges');
    const now = await start({ from: 'now' });
    await untilDelivered(now);
    expect(await bridgeOf(now)).toMatchObject({ checkpoint: 4, delivered: 0 });
  });
});
