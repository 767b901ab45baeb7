import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/contexts/accounts/commands.ts';
import { delay } from '../../src/lib/delay.ts';
import type { TestEngine } from '../support/engines.ts';
import {
  type BridgeTest,
  createBridgeTest,
  deposit,
  differences,
  isDelivered,
} from '../support/kafka/bridging.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { noKafka } from '../support/kafka/resolve-kafka.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

const waitMs = 60_000;
const childFile = path.resolve(import.meta.dirname, '../support/kafka/bridging-child.ts');

describe.skipIf(noKafka)(titleWith('Kafka fails', noKafka), () => {
  let broker: KafkaBroker;
  let given: BridgeTest;
  const children = new Set<ChildProcess>();

  beforeAll(async () => {
    broker = await startKafkaBroker();
  }, 300_000);
  afterAll(() => broker?.dispose());
  beforeEach(async () => {
    given = await createBridgeTest(() => broker.address);
  });
  afterEach(async () => {
    for (const child of children) await kill(child);
    await given.stopAll();
  });

  /** Makes deposits until the returned function is called. */
  async function startLoad(engine: TestEngine): Promise<() => Promise<void>> {
    const ids = await deposit(engine, 0);
    let isOver = false;
    const running = (async () => {
      for (let n = 0; !isOver; n += 1) {
        const accountId = ids[n % ids.length] ?? '';
        await engine.accept(accounts.depositCash, { accountId, amount: '1.00' });
        await delay(2);
      }
    })();
    return async () => {
      isOver = true;
      await running;
    };
  }

  async function startChild(): Promise<ChildProcess> {
    const { url } = given.database;
    const child = fork(childFile, [url, broker.address, given.topic], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.add(child);
    await once(child, 'message');
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  test('a broker that is restarted and killed under load gets every event once', async () => {
    const engine = await given.start();
    const stopLoad = await startLoad(engine);
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL'] as const) {
      await delay(1_000);
      await broker.stop(signal);
      await delay(500);
      await broker.start();
      // An operator need not wait for the next attempt.
      await engine.bridges.change('kafka', 'retry');
    }
    await stopLoad();
    await until(() => isDelivered(engine), waitMs);
    expect(await differences(engine, broker.address, given.topic)).toEqual([]);
  }, 240_000);

  test('servers that are killed at random points deliver every event once', async () => {
    const writer = await given.start({ name: 'other', topic: `${given.topic}-other` });
    const stopLoad = await startLoad(writer);
    let pair = await Promise.all([startChild(), startChild()]);
    const kills = Number(process.env['DAYBOOK_TEST_KILLS'] ?? 4);
    for (let n = 0; n < kills; n += 1) {
      const before = await checkpointOf(writer);
      await until(async () => (await checkpointOf(writer)) > before, waitMs);
      await delay(Math.random() * 1_000);
      // Either may lead: killing both in turn kills each leader.
      for (const child of pair) {
        await kill(child);
        await delay(Math.random() * 300);
      }
      pair = await Promise.all([startChild(), startChild()]);
    }
    await stopLoad();
    await until(() => isDelivered(writer), waitMs);
    expect(await differences(writer, broker.address, given.topic)).toEqual([]);
  }, 400_000);

  const checkpointOf = async (engine: TestEngine): Promise<number> =>
    (await engine.bridges.rows()).find(({ name }) => name === 'kafka')?.checkpoint ?? 0;
});
