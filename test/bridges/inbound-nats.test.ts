import { connect as connectTo } from 'node:net';
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/contexts/accounts/commands.ts';
import * as market from '../../src/contexts/market/commands.ts';
import { delay } from '../../src/lib/delay.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import type { TestEngine } from '../support/engines.ts';
import { startInboundEngine } from '../support/inbound.ts';
import { type NatsServer, noNats, startNatsServer } from '../support/nats-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

const title = titleWith('commands from NATS JetStream', noNats);

describe.skipIf(noNats !== null)(title, () => {
  let testDatabase: TestDatabase;
  let nats: NatsServer;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  const started: TestEngine[] = [];

  beforeEach(async () => {
    testDatabase = await createTestDatabase();
    nats = await startNatsServer();
    connection = await connect({ servers: [nats.address] });
    manager = await jetstreamManager(connection);
  });
  afterEach(async () => {
    for (const engine of started.splice(0)) await engine.stop();
    await connection.close();
    await nats.dispose();
    await testDatabase.dispose();
  });

  async function start(bridge: object = {}, logger = silentLogger): Promise<TestEngine> {
    const entry = {
      name: 'commands',
      kind: 'nats',
      servers: [nats.address],
      stream: 'COMMANDS',
      actor: 'payments',
      deadLetter: 'dead.commands',
      ...bridge,
    };
    const engine = await startInboundEngine(testDatabase.url, entry, logger);
    started.push(engine);
    return engine;
  }

  const commands = { name: 'COMMANDS', subjects: ['commands.>'] };
  async function addStream(): Promise<void> {
    await manager.streams.add(commands);
  }

  /** Publishes messages with headers that the client would refuse. */
  async function sendRaw(messages: readonly [headers: string, body: string][]): Promise<void> {
    const socket = connectTo(nats.port, '127.0.0.1');
    socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
    for (const [lines, body] of messages) {
      const head = `NATS/1.0\r\n${lines}\r\n\r\n`;
      const sizes = `${head.length} ${head.length + body.length}`;
      socket.write(`HPUB commands.cash ${sizes}\r\n${head}${body}\r\n`);
    }
    socket.write('PING\r\n');
    for await (const data of socket) if (String(data).includes('PONG')) break;
  }

  async function publish(body: unknown, id?: string, subject = 'commands.cash'): Promise<void> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const sent = headers();
    sent.set('trace', 'abc');
    await jetstream(connection).publish(subject, text, {
      headers: sent,
      ...(id === undefined ? {} : { msgID: id }),
    });
  }

  async function deadLetters() {
    const stream = await manager.streams.find('dead.commands').catch(() => null);
    if (stream === null) return [];
    const { state } = await manager.streams.info(stream);
    const letters = [];
    for (let seq = 1; seq <= state.last_seq; seq += 1) {
      const message = await manager.streams.getMessage(stream, { seq });
      if (message === null) continue;
      const names = ['daybook-reason', 'daybook-code', 'daybook-origin', 'trace'];
      letters.push([...names.map((name) => message.header.get(name)), message.string()]);
    }
    return letters;
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
  const isDrained = async (): Promise<boolean> => {
    const info = await manager.consumers.info('COMMANDS', 'daybook-commands').catch(() => null);
    return info !== null && info.num_pending + info.num_ack_pending === 0;
  };

  test('an envelope becomes a command of the configured actor', async () => {
    await addStream();
    const engine = await start();
    const accountId = await openAccount(engine);
    await publish(deposit(accountId, '12.50'));
    await until(isDrained);
    const [event] = await engine.recorded('CashDeposited');
    expect(event).toMatchObject({ actor: 'payments', data: { amount: '12.50' } });
    await until(async () => (await engine.bridges.rows())[0]?.checkpoint === event?.sequence);
    expect(await engine.bridges.rows()).toMatchObject([
      { name: 'commands', kind: 'nats', direction: 'IN', waiting: 0, error: null },
    ]);
  });

  test('a refused or malformed message goes to the dead letters, and the next go on', async () => {
    await addStream();
    const engine = await start();
    const accountId = await openAccount(engine);
    const withdrawal = { mutation: 'withdrawCash', input: { accountId, amount: '99.00' } };
    const keyed = deposit(accountId);
    Object.assign(keyed.input, { idempotencyKey: 'mine' });
    const bodies = [
      '{"mutation": "depositCash"',
      withdrawal,
      deposit(accountId, 10.5),
      { mutation: 'pauseTheWorld', input: {} },
      keyed,
      { ...deposit(accountId), more: 1 },
      deposit(accountId),
    ];
    for (const body of bodies) await publish(body);
    await until(isDrained);
    expect(await engine.recorded('CashDeposited')).toHaveLength(1);
    const letters = await deadLetters();
    expect(letters.map(([, code, origin, trace]) => [code, origin, trace])).toEqual([
      ['MALFORMED_MESSAGE', 'nats:COMMANDS/1', 'abc'],
      ['INSUFFICIENT_FUNDS', 'nats:COMMANDS/2', 'abc'],
      ['BAD_USER_INPUT', 'nats:COMMANDS/3', 'abc'],
      ['BAD_USER_INPUT', 'nats:COMMANDS/4', 'abc'],
      ['BAD_USER_INPUT', 'nats:COMMANDS/5', 'abc'],
      ['MALFORMED_MESSAGE', 'nats:COMMANDS/6', 'abc'],
    ]);
    expect(letters.map(([reason]) => reason)).toEqual([
      expect.stringMatching(/^MALFORMED_MESSAGE: the body is not JSON/),
      expect.stringMatching(/^INSUFFICIENT_FUNDS: /),
      expect.stringMatching(/^BAD_USER_INPUT: .*a Decimal must be a string/),
      'BAD_USER_INPUT: there is no command pauseTheWorld',
      expect.stringMatching(/^BAD_USER_INPUT: idempotencyKey must be absent/),
      'MALFORMED_MESSAGE: unknown member "more"; the members are mutation and input',
    ]);
    expect(letters[1]?.[4]).toBe(JSON.stringify(withdrawal));
  });

  test('a message whose dead letter cannot be written is not acknowledged', async () => {
    await addStream();
    const dead = { subjects: ['dead.commands'], discard: DiscardPolicy.New };
    await manager.streams.add(Object.assign({ name: 'DEAD', max_msgs: 1 }, dead));
    const engine = await start();
    const accountId = await openAccount(engine);
    for (const body of ['one', 'two', deposit(accountId)]) await publish(body);
    await until(async () => (await engine.bridges.rows())[0]?.error?.includes('maximum') === true);
    expect(await deadLetters()).toHaveLength(1);
    expect(await isDrained()).toBe(false);
    await manager.streams.update('DEAD', Object.assign({ max_msgs: 10 }, dead));
    await until(isDrained, 30_000);
    expect((await deadLetters()).map((letter) => letter.at(-1))).toEqual(['one', 'two']);
    expect(await engine.recorded('CashDeposited')).toHaveLength(1);
  }, 60_000);

  test('a mapping records prices digit by digit', async () => {
    await addStream();
    const map = {
      mutation: 'recordPrice',
      input: { symbol: '/s', price: '/p', occurredAt: '/t' },
    };
    const engine = await start({ map });
    await engine.accept(market.listInstrument, {
      symbol: 'MSFT',
      name: 'Microsoft',
      currency: 'USD',
      tickSize: '0.01',
      lotSize: '1',
      makerFeeBps: '0',
      takerFeeBps: '0',
    });
    await publish('{"s": "MSFT", "p": 187.500000000000001, "t": "2026-01-05T14:30:00Z"}');
    await publish('{"s": "MSFT", "t": "2026-01-05T14:30:00Z"}');
    await publish('{"s": "MSFT", "p": "188.10", "t": "2026-01-05T14:30:01Z"}');
    await until(isDrained);
    const prices = await engine.recorded('PriceRecorded');
    expect(prices.map(({ data, occurredAt }) => [data['price'], occurredAt])).toEqual([
      ['187.500000000000001', '2026-01-05T14:30:00.000000Z'],
      ['188.10', '2026-01-05T14:30:01.000000Z'],
    ]);
    expect((await deadLetters()).map(([reason]) => reason)).toEqual([
      'MALFORMED_MESSAGE: the body has no value at /p',
    ]);
  });

  test('a message with an id has one effect, however often it is sent', async () => {
    await manager.streams.add({
      name: 'COMMANDS',
      subjects: ['commands.>'],
      duplicate_window: 100 * 1e6,
    });
    const engine = await start();
    const accountId = await openAccount(engine);
    await publish(deposit(accountId), 'payment-1');
    await until(isDrained);
    await until(async () => {
      await publish(deposit(accountId), 'payment-1');
      return (await manager.streams.info('COMMANDS')).state.messages > 1;
    });
    await until(isDrained);
    expect(await engine.recorded('CashDeposited')).toHaveLength(1);
  });

  test('a bridge without its stream is parked until an operator retries it', async () => {
    const engine = await start();
    await until(async () => (await engine.bridges.rows())[0]?.parked === true);
    expect((await engine.bridges.rows())[0]?.error).toBe(
      'there is no stream COMMANDS: create it, then retry the bridge',
    );
    await addStream();
    const accountId = await openAccount(engine);
    await publish(deposit(accountId));
    await engine.bridges.change('commands', 'retry');
    await until(isDrained);
    expect(await engine.recorded('CashDeposited')).toHaveLength(1);
    await until(async () => (await engine.bridges.rows())[0]?.error === null);
  });

  test('a paused bridge leaves messages where they are', async () => {
    await addStream();
    const engine = await start();
    const accountId = await openAccount(engine);
    await publish(deposit(accountId));
    await until(isDrained);
    await engine.bridges.change('commands', 'pause');
    // Between two requests of a running bridge there is none for a moment, so it is asked 30 times.
    let without = 0;
    await until(async () => {
      const info = await manager.consumers.info('COMMANDS', 'daybook-commands');
      without = info.num_waiting === 0 ? without + 1 : 0;
      return without === 30;
    });
    await publish(deposit(accountId));
    const { num_pending: pending } = await manager.consumers.info('COMMANDS', 'daybook-commands');
    expect(pending).toBe(1);
    expect(await engine.recorded('CashDeposited')).toHaveLength(1);
    await engine.bridges.change('commands', 'resume');
    await until(isDrained);
    expect(await engine.recorded('CashDeposited')).toHaveLength(2);
  });

  test('headers that the client cannot read do not hold up the bridge', async () => {
    await addStream();
    const engine = await start();
    const accountId = await openAccount(engine);
    const bodies = ['not JSON', JSON.stringify(deposit(accountId))];
    await sendRaw(bodies.map((body) => ['a name: 1', body]));
    await until(isDrained);
    expect(await engine.recorded('CashDeposited')).toHaveLength(1);
    expect((await deadLetters()).map(([, code]) => code)).toEqual(['MALFORMED_MESSAGE']);
  });

  test('a message with long headers leaves room for its dead letter', async () => {
    await addStream();
    await start();
    await sendRaw([[`long: ${'x'.repeat(65_400)}\r\ntrace: abc`, 'not JSON']]);
    await until(isDrained);
    expect((await deadLetters()).map(([, code, , trace]) => [code, trace])).toEqual([
      ['MALFORMED_MESSAGE', 'abc'],
    ]);
  });

  test('ids are keys of their stream; one that is too long is no key', async () => {
    await addStream();
    const engine = await start();
    const accountId = await openAccount(engine);
    await manager.streams.add({ name: 'OTHER', subjects: ['other'] });
    await start({ name: 'other', stream: 'OTHER' });
    await publish(deposit(accountId), 'payment-1', 'other');
    await until(async () => (await engine.recorded('CashDeposited')).length === 1);
    await publish(deposit(accountId, '2.00'), 'payment-1');
    await publish(deposit(accountId), 'x'.repeat(300));
    await until(isDrained);
    expect(await engine.recorded('CashDeposited')).toHaveLength(3);
    expect(await deadLetters()).toEqual([]);
  });

  test('two malformed messages with one id have a dead letter each', async () => {
    await manager.streams.add(Object.assign({ duplicate_window: 100 * 1e6 }, commands));
    await start();
    await publish('one', 'same');
    await until(async () => {
      await publish('two', 'same');
      return (await manager.streams.info('COMMANDS')).state.messages > 1;
    });
    await until(isDrained);
    expect((await deadLetters()).map((letter) => letter.at(-1))).toEqual(['one', 'two']);
  });

  /** Lets the bridge read a message, and deletes two of the next three before it reads on. */
  async function readThenLoseTwo(engine: TestEngine, accountId: string): Promise<void> {
    await publish(deposit(accountId));
    await until(isDrained);
    await engine.bridges.change('commands', 'pause');
    await delay(1_500);
    for (let count = 0; count < 3; count += 1) await publish(deposit(accountId));
    await manager.streams.update('COMMANDS', { ...commands, max_msgs: 1 });
    await engine.bridges.change('commands', 'resume');
  }

  test('messages that were deleted before they were read park the bridge', async () => {
    await addStream();
    const engine = await start();
    const accountId = await openAccount(engine);
    await readThenLoseTwo(engine, accountId);
    await until(async () => (await engine.bridges.rows())[0]?.parked === true);
    expect((await engine.bridges.rows())[0]?.error).toBe(
      'messages 2 to 3 of COMMANDS were deleted before they were read: delete the consumer ' +
        'daybook-commands, then retry the bridge',
    );
    await manager.consumers.delete('COMMANDS', 'daybook-commands');
    await engine.bridges.change('commands', 'retry');
    await until(isDrained);
    expect(await engine.recorded('CashDeposited')).toHaveLength(2);
  }, 30_000);

  test('a bridge with a subject logs that messages were deleted, and goes on', async () => {
    await addStream();
    const lines: object[] = [];
    const warn = (fields: object) => void lines.push(fields);
    const engine = await start({ subject: 'commands.cash' }, { ...silentLogger, warn });
    await readThenLoseTwo(engine, await openAccount(engine));
    await until(async () => (await engine.recorded('CashDeposited')).length === 2);
    await until(isDrained);
    const reason =
      'messages 2 to 3 of COMMANDS were deleted; those with the subject commands.cash were not read';
    expect(lines).toEqual([{ bridge: 'commands', kind: 'nats', reason }]);
  }, 30_000);

  test('a bridge whose subject was removed reads all subjects', async () => {
    await addStream();
    const engine = await start({ subject: 'commands.card' });
    const accountId = await openAccount(engine);
    await publish(deposit(accountId), undefined, 'commands.card');
    await until(isDrained);
    await engine.stop();
    const next = await start();
    await publish(deposit(accountId));
    await until(async () => (await next.recorded('CashDeposited')).length === 2);
  });

  test('a dead letter that is published again with its headers is a command', async () => {
    await addStream();
    const engine = await start();
    const accountId = await openAccount(engine);
    await publish(deposit(accountId, 'ten'));
    await until(async () => (await deadLetters()).length === 1);
    const letters = await manager.streams.find('dead.commands');
    const letter = await manager.streams.getMessage(letters, { seq: 1 });
    const repaired = JSON.stringify(deposit(accountId));
    const again = { headers: letter?.header ?? headers(), msgID: 'repaired' };
    await jetstream(connection).publish('commands.cash', repaired, again);
    await until(async () => (await engine.recorded('CashDeposited')).length === 1);
  });

  test('dead letters of other bridges in the stream are passed over', async () => {
    await manager.streams.add({ name: 'COMMANDS', subjects: ['commands.>', 'dead.>'] });
    await start();
    await start({ name: 'others', deadLetter: 'dead.others' });
    await publish('not JSON');
    await until(async () => (await manager.streams.info('COMMANDS')).state.messages >= 3);
    await delay(1_500);
    expect((await manager.streams.info('COMMANDS')).state.messages).toBe(3);
  });
});
