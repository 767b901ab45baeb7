import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseBridgeSettings } from '../../src/bridges/settings.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { type NatsServer, noNats, startNatsServer } from '../support/nats-server.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

interface Bridge {
  readonly name: string;
  readonly status: string;
  readonly checkpoint: string;
  readonly delivered: string;
  readonly lagEvents: number;
  readonly lagSeconds: number;
  readonly error: string | null;
}

const fields = 'name kind direction status checkpoint delivered lagEvents lagSeconds error';

describe.skipIf(noNats)(titleWith('bridges in the API', noNats), () => {
  let nats: NatsServer;
  let server: TestServer;

  beforeEach(async () => {
    nats = await startNatsServer();
    const entry = (name: string, filter: object) => ({
      name,
      kind: 'nats',
      servers: [nats.address],
      stream: name.toUpperCase(),
      filter,
    });
    const settings = parseBridgeSettings(
      JSON.stringify({ bridges: [entry('openings', { types: ['AccountOpened'] })] }),
      {
        types: new Set(['AccountOpened']),
        contexts: new Set(),
        views: new Set(),
        hasSecret: () => true,
      },
    );
    server = await createTestServer({ bridges: { settings, secret: () => '' } });
  });
  afterEach(async () => {
    await server.dispose();
    await nats.dispose();
  });

  async function read(): Promise<Bridge> {
    const { data } = await server.send<{ bridges: [Bridge] }>(`{ bridges { ${fields} } }`);
    return data.bridges[0];
  }

  async function change(mutation: string, name = 'openings'): Promise<unknown> {
    const payload = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Payload`;
    const { data } = await server.send<Record<string, unknown>>(
      `mutation($name: String!) { ${mutation}(input: { name: $name }) {
        __typename
        ... on ${payload} { bridge { status } }
        ... on BridgeNotFoundError { code message name } } }`,
      { name },
    );
    return data[mutation];
  }

  let account = '';
  async function openAccount(): Promise<void> {
    account = newUuid();
    await server.send(
      `mutation($id: ID) { openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" })
        { __typename } }`,
      { id: account },
    );
  }
  async function deposit(): Promise<void> {
    await server.send(
      'mutation($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) { __typename } }',
      { id: account },
    );
  }

  test('a bridge follows the head of the log past events that its filter does not pass', async () => {
    await openAccount();
    for (let n = 0; n < 5; n += 1) await deposit();
    await until(async () => (await read()).checkpoint === '6');
    expect(await read()).toEqual({
      name: 'openings',
      kind: 'nats',
      direction: 'OUT',
      status: 'RUNNING',
      checkpoint: '6',
      delivered: '1',
      lagEvents: 0,
      lagSeconds: 0,
      error: null,
    });
  });

  test('a paused bridge shows how far it is behind, and continues when it is resumed', async () => {
    await openAccount();
    await until(async () => (await read()).checkpoint === '1');
    expect(await change('pauseBridge')).toEqual({
      __typename: 'PauseBridgePayload',
      bridge: { status: 'PAUSED' },
    });
    // The delivery looks once a second.
    await until(async () => {
      await deposit();
      return (await read()).lagEvents > 2;
    });
    const { checkpoint, lagEvents, lagSeconds, status } = await read();
    expect(status).toBe('PAUSED');
    expect(lagEvents).toBe((await server.engine.log.head()).sequence - Number(checkpoint));
    await until(async () => (await read()).lagSeconds > lagSeconds);
    expect(await change('resumeBridge')).toMatchObject({ bridge: { status: 'RUNNING' } });
    await until(async () => (await read()).lagEvents === 0);
    expect(await read()).toMatchObject({ lagSeconds: 0, status: 'RUNNING' });
  });

  test('a bridge whose target is down retries, and says why, until it is back', async () => {
    await openAccount();
    await until(async () => (await read()).checkpoint === '1');
    await nats.stop();
    await openAccount();
    await until(async () => (await read()).status === 'RETRYING');
    expect((await read()).error).toMatch(/\S/);
    expect((await read()).lagEvents).toBe(1);
    await nats.start();
    expect(await change('retryBridge')).toMatchObject({ bridge: { status: 'RUNNING' } });
    await until(async () => (await read()).lagEvents === 0);
    expect(await read()).toMatchObject({ status: 'RUNNING', delivered: '2', error: null });
  });

  test('a change of a bridge that does not exist is rejected', async () => {
    for (const mutation of ['pauseBridge', 'resumeBridge', 'retryBridge']) {
      expect(await change(mutation, 'none')).toEqual({
        __typename: 'BridgeNotFoundError',
        code: 'BRIDGE_NOT_FOUND',
        message: 'there is no bridge none',
        name: 'none',
      });
    }
  });
});
