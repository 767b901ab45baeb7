import { describe, expect, it, test } from 'vitest';
import { defaultActorLimits } from '../src/api/transport/actor-limits.ts';
import { readConfig, readDemoConfig } from '../src/config.ts';
import { connectionsWithin } from '../src/file-limit.ts';
import { post, startServer } from './api/transport/test-server.ts';

it('the demo has no bridges', () => {
  const environment = { DAYBOOK_BRIDGES: 'bridges.json' };
  expect(readConfig(environment).bridgesFile).toMatch(/bridges\.json$/);
  expect(readDemoConfig(environment).bridgesFile).toBeNull();
});

describe('CORS_ORIGINS', () => {
  it('lists origins', () => {
    const origins = ['https://app.example', 'http://localhost:5173', 'http://[::1]:3000'];
    expect(readConfig({ CORS_ORIGINS: origins.join(' ') }).corsOrigins).toEqual(origins);
    expect(readConfig({ CORS_ORIGINS: `\n${origins.join(',')} ` }).corsOrigins).toEqual(origins);
    expect(readConfig({ CORS_ORIGINS: 'app://desktop' }).corsOrigins).toEqual(['app://desktop']);
    expect(readConfig({}).corsOrigins).toEqual([]);
  });

  it.each([
    ['https://app.example/', 'is not an origin: use https://app.example'],
    ['https://app.example/path', 'is not an origin: use https://app.example'],
    ['https://App.Example', 'is not an origin: use https://app.example'],
    ['https://app.example:443', 'is not an origin: use https://app.example'],
    ['https://ada@app.example', 'is not an origin: use https://app.example'],
    ['app.example', 'is not an origin: use the form https://app.example or'],
    ['localhost:5173', 'is not an origin: use the form https://app.example or'],
    ['null', 'is not an origin: use the form https://app.example or'],
    ['https://*.example', 'has a wildcard: list each allowed origin'],
    ['*', 'has a wildcard: list each allowed origin'],
  ])('refuses %s in one line', (origin, fault) => {
    const read = () => readConfig({ CORS_ORIGINS: `https://right.example ${origin}` });
    expect(read).toThrow(`CORS_ORIGINS ${origin} ${fault}`);
    expect(read).toThrow(/^[^\n]*$/);
  });
});

describe('the limits of the transport', () => {
  it('leave room for 20,000 WebSockets on the file limit that systemd gives', () => {
    const { transport } = readConfig({});
    expect(transport.socketsMax).toBe(20_000);
    expect(transport.streamsMax).toBe(20_000);
    expect(connectionsWithin(transport.connectionsMax, 524_288)).toBeGreaterThan(20_000);
  });

  it('can be set', () => {
    const { transport } = readConfig({
      DAYBOOK_SOCKETS_MAX: '7',
      DAYBOOK_SOCKETS_PER_ACTOR_MAX: '5',
      DAYBOOK_STALL_TIMEOUT_MS: '2000',
      DAYBOOK_BODY_BYTES_MAX: ' 4096 ',
      DAYBOOK_STREAMS_MAX: '',
    });
    expect(transport).toMatchObject({
      socketsMax: 7,
      socketsPerActorMax: 5,
      stallTimeoutMs: 2_000,
      bodyBytesMax: 4_096,
      streamsMax: 20_000,
    });
  });

  it('are refused by name if they are not usable numbers', () => {
    const refused: readonly (readonly [string, string, string])[] = [
      ['DAYBOOK_SOCKETS_MAX', '0', '1 to 1000000'],
      ['DAYBOOK_STREAMS_MAX', 'many', '1 to 1000000'],
      ['DAYBOOK_STALL_TIMEOUT_MS', '15s', '100 to 86400000'],
      ['DAYBOOK_MESSAGE_BYTES_MAX', '1e3', '1024 to 67108864'],
    ];
    for (const [name, text, range] of refused) {
      expect(() => readConfig({ [name]: text })).toThrow(
        `${name} ${text} is not a whole number from ${range}`,
      );
    }
  });

  it('allow at most as many connections as the process may have files', () => {
    expect(connectionsWithin(25_000, 1_024)).toBe(824);
    expect(connectionsWithin(25_000, null)).toBe(25_000);
    expect(connectionsWithin(25_000, 50)).toBe(1);
  });
});

describe('the limits of actors', () => {
  it('are set for all roles, and for one role', () => {
    const { actorLimits } = readConfig({
      DAYBOOK_COMMANDS_PER_SECOND: '7',
      DAYBOOK_COMMANDS_PER_SECOND_MARKET: '70',
      DAYBOOK_COMMANDS_PER_SECOND_ADMIN: 'unlimited',
      DAYBOOK_COST_PER_SECOND_CUSTOMER: '900',
      DAYBOOK_OPERATIONS_PER_ACTOR_MAX: '3',
      DAYBOOK_SUBSCRIPTIONS_PER_ACTOR_MAX_AUDITOR: '4',
      DAYBOOK_BURST_SECONDS: '2',
    });
    const { CUSTOMER, MARKET, ADMIN, AUDITOR } = actorLimits.byRole;
    const rates = [CUSTOMER, MARKET, ADMIN].map(({ commandsPerSecond }) => commandsPerSecond);
    expect(rates).toEqual([7, 70, Number.POSITIVE_INFINITY]);
    expect([CUSTOMER.costPerSecond, MARKET.costPerSecond]).toEqual([900, Number.POSITIVE_INFINITY]);
    expect([CUSTOMER.operationsPerActorMax, ADMIN.operationsPerActorMax]).toEqual([3, 3]);
    expect(AUDITOR.subscriptionsPerActorMax).toBe(4);
    expect(CUSTOMER.subscriptionsPerActorMax).toBe(10_000);
    expect(actorLimits.burstSeconds).toBe(2);
    expect(readConfig({}).actorLimits).toEqual(defaultActorLimits);
  });

  it.each([
    ['DAYBOOK_COMMANDS_PER_SECOND', '0', '1 to 1000000000, or unlimited'],
    ['DAYBOOK_COST_PER_SECOND_OPERATOR', 'none', '1 to 1000000000, or unlimited'],
    ['DAYBOOK_BURST_SECONDS', 'unlimited', '1 to 3600'],
  ])('are refused by name: %s %s', (name, text, range) => {
    expect(() => readConfig({ [name]: text })).toThrow(
      `${name} ${text} is not a whole number from ${range}`,
    );
  });
});

test('the limits of what waits are settings', () => {
  const limits = { DAYBOOK_COMMANDS_WAITING_MAX: '5', DAYBOOK_READ_CONNECTIONS_MAX: '16' };
  expect(readConfig(limits).engine).toEqual({
    commandsWaitingMax: 5,
    readConnectionsMax: 16,
    readsWaitingPerActorMax: 20_000,
  });
  expect(() => readConfig({ DAYBOOK_READ_CONNECTIONS_MAX: '1001' })).toThrow('from 1 to 1000');
});

describe('the limits of documents', () => {
  it('can be set', () => {
    const { documents } = readConfig({
      DAYBOOK_DOCUMENT_DEPTH_MAX: '9',
      DAYBOOK_DOCUMENT_COST_MAX: '70000',
    });
    expect(documents).toMatchObject({ depthMax: 9, costMax: 70_000, aliasesMax: 200 });
  });

  it('of what is recursive stay within what the program can do', async () => {
    const most = { DAYBOOK_DOCUMENT_NESTING_MAX: '500', DAYBOOK_DOCUMENT_DEPTH_MAX: '500' };
    expect(() => readConfig({ DAYBOOK_DOCUMENT_DEPTH_MAX: '501' })).toThrow('from 1 to 500');
    await using tested = await startServer({ limits: readConfig(most).documents });
    const query = `{ account ${'{ parent '.repeat(490)} { id } ${'}'.repeat(490)} }`;
    const { status, body } = await post(tested.url, { query });
    expect([status, body]).toEqual([200, expect.objectContaining({ data: expect.anything() })]);
  });
});
