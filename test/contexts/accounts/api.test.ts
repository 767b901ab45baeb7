import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

const errorFields = '... on Error { code message }';
const accountFields =
  'id owner currency balance held available status version sequence openedAt updatedAt';

interface CommandAnswer {
  readonly sequence: string;
  readonly events: readonly { readonly sequence: string }[];
}

async function command(name: string, input: object): Promise<CommandAnswer> {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const accounts =
    name === 'transferCash'
      ? `from { ${accountFields} } to { ${accountFields} }`
      : `account { ${accountFields} }`;
  const answer = await server.send<Readonly<Record<string, CommandAnswer>>>(
    `mutation M($input: ${type}Input!) { ${name}(input: $input) { __typename
      ... on ${type}Payload {
        sequence replayed dryRun events { __typename type sequence version data } ${accounts} }
      ${errorFields} ${extra(name)} } }`,
    { input },
  );
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  expect(answer.extensions.daybook.sequence).toMatch(/^\d+$/);
  const result = answer.data[name];
  if (result === undefined) throw new Error(`${name} returned nothing`);
  return result;
}

function extra(name: string): string {
  const funds = '... on InsufficientFundsError { available requested }';
  const version = '... on VersionConflictError { expected actual }';
  return name === 'withdrawCash' || name === 'transferCash' ? `${funds} ${version}` : version;
}

async function open(currency = 'EUR', balance?: string): Promise<string> {
  const accountId = randomUUID();
  await command('openAccount', { accountId, owner: 'Ada', currency });
  if (balance !== undefined) await command('depositCash', { accountId, amount: balance });
  return accountId;
}

/** Reads at the head of the log, after everything that was written before. */
async function read<Data = unknown>(
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
) {
  const minSequence = String((await server.engine.log.head()).sequence);
  const answer = await server.send<Data>(query, variables, {
    'daybook-min-sequence': minSequence,
  });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer;
}

describe('commands', () => {
  test('opening an account returns the account and its event, under the given id', async () => {
    const accountId = randomUUID();
    const answer = await command('openAccount', { accountId, owner: 'Ada', currency: 'JPY' });
    expect(answer).toMatchObject({
      __typename: 'OpenAccountPayload',
      replayed: false,
      dryRun: false,
      account: {
        id: accountId,
        owner: 'Ada',
        currency: 'JPY',
        balance: '0',
        status: 'OPEN',
        version: 1,
      },
      events: [{ __typename: 'AccountOpened', data: { owner: 'Ada', currency: 'JPY' } }],
    });
  });

  test('opening an account without an id generates one, also in a dry run', async () => {
    const answer = await command('openAccount', { owner: 'Ada', currency: 'EUR' });
    expect(answer).toMatchObject({ account: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
    const dry = await command('openAccount', { owner: 'Ada', currency: 'EUR', dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, account: { version: 1 }, events: [] });
  });

  test('amounts are added exactly, and events keep them as given', async () => {
    const accountId = await open('KWD');
    await command('depositCash', { accountId, amount: '0.1' });
    const answer = await command('creditInterest', { accountId, amount: '99999999999999999.002' });
    expect(answer).toMatchObject({
      account: { balance: '99999999999999999.102', available: '99999999999999999.102' },
      events: [{ __typename: 'InterestCredited', data: { amount: '99999999999999999.002' } }],
    });
  });

  test('each rejection has its type, its code and its fields', async () => {
    const accountId = await open('EUR', '10.00');
    const other = await open('USD');
    const unknown = randomUUID();
    const rejections: [string, object, object][] = [
      [
        'openAccount',
        { accountId, owner: 'Ada', currency: 'EUR' },
        { code: 'ACCOUNT_ALREADY_EXISTS' },
      ],
      ['depositCash', { accountId: unknown, amount: '1' }, { code: 'ACCOUNT_NOT_FOUND' }],
      ['depositCash', { accountId: 'no-uuid', amount: '1' }, { code: 'ACCOUNT_NOT_FOUND' }],
      ['depositCash', { accountId, amount: '0' }, { code: 'INVALID_AMOUNT' }],
      ['depositCash', { accountId, amount: '-1' }, { code: 'INVALID_AMOUNT' }],
      ['depositCash', { accountId, amount: '0.001' }, { code: 'INVALID_AMOUNT' }],
      [
        'withdrawCash',
        { accountId, amount: '10.01' },
        { code: 'INSUFFICIENT_FUNDS', available: '10.00', requested: '10.01' },
      ],
      [
        'transferCash',
        { fromAccountId: accountId, toAccountId: other, amount: '1' },
        { code: 'CURRENCY_MISMATCH' },
      ],
      [
        'transferCash',
        { fromAccountId: accountId, toAccountId: accountId, amount: '1' },
        { code: 'INVALID_TRANSFER' },
      ],
      ['closeAccount', { accountId }, { code: 'ACCOUNT_NOT_EMPTY' }],
      [
        'depositCash',
        { accountId, amount: '1', expectedVersion: 7 },
        { code: 'VERSION_CONFLICT', expected: 7, actual: 2 },
      ],
    ];
    for (const [name, input, expected] of rejections) {
      expect(await command(name, input), JSON.stringify(input)).toMatchObject(expected);
    }
  });

  test('a frozen account receives cash but sends none, and is frozen only once', async () => {
    const accountId = await open('EUR', '5.00');
    const source = await open('EUR', '5.00');
    await command('freezeAccount', { accountId, reason: 'lost card' });
    expect(await command('freezeAccount', { accountId })).toMatchObject({ events: [] });
    expect(await command('withdrawCash', { accountId, amount: '1' })).toMatchObject({
      code: 'ACCOUNT_NOT_OPEN',
    });
    const transfer = { fromAccountId: source, toAccountId: accountId, amount: '5' };
    expect(await command('transferCash', transfer)).toMatchObject({
      from: { balance: '0.00' },
      to: { balance: '10.00', status: 'FROZEN' },
      events: [{ type: 'CashTransferredOut' }, { type: 'CashTransferredIn' }],
    });
    expect(await command('unfreezeAccount', { accountId })).toMatchObject({
      account: { status: 'OPEN' },
    });
    expect(await command('closeAccount', { accountId: source })).toMatchObject({
      account: { status: 'CLOSED' },
    });
    expect(await command('depositCash', { accountId: source, amount: '1' })).toMatchObject({
      code: 'ACCOUNT_NOT_OPEN',
    });
  });

  test('a key returns its recorded answer and is rejected with other input', async () => {
    const accountId = await open();
    const input = { accountId, amount: '1.00', idempotencyKey: randomUUID() };
    const first = await command('depositCash', input);
    await command('depositCash', { accountId, amount: '5.00' });
    const again = await command('depositCash', input);
    expect(again).toEqual({ ...first, replayed: true });
    // Compared as text, because members of data keep their order, which is not that of jsonb.
    const toAccountId = await open();
    const transfer = { fromAccountId: accountId, toAccountId, amount: '1.00' };
    const keyed = { ...transfer, idempotencyKey: randomUUID() };
    const moved = await command('transferCash', keyed);
    const answer = JSON.stringify(await command('transferCash', keyed));
    expect(answer).toBe(JSON.stringify({ ...moved, replayed: true }));
    const reused = { code: 'IDEMPOTENCY_KEY_REUSED' };
    expect(await command('depositCash', { ...input, amount: '2.00' })).toMatchObject(reused);
    expect(await command('withdrawCash', input)).toMatchObject(reused);
  });

  test('a dry run shows the resulting state and leaves the log and the key unchanged', async () => {
    const accountId = await open();
    const input = { accountId, amount: '1.00', idempotencyKey: randomUUID() };
    const before = await server.engine.log.head();
    expect(await command('depositCash', { ...input, dryRun: true })).toMatchObject({
      dryRun: true,
      account: { balance: '1.00', version: 2 },
      sequence: String(before.sequence),
      events: [],
    });
    expect(await server.engine.log.head()).toEqual(before);
    expect(await command('depositCash', input)).toMatchObject({ replayed: false });
  });

  test('openedAt is the occurredAt of the opening', async () => {
    const accountId = randomUUID();
    const occurredAt = '2020-02-29T12:00:00.5+02:00';
    const answer = await command('openAccount', {
      accountId,
      owner: 'Ada',
      currency: 'EUR',
      occurredAt,
    });
    expect(answer).toMatchObject({ account: { openedAt: '2020-02-29T10:00:00.500000Z' } });
  });
});

describe('reading', () => {
  test('an account can be read as of each sequence and each time of recording', async () => {
    const accountId = await open('EUR');
    const seen: { sequence: string; recordedAt: string; balance: string }[] = [];
    for (let i = 1; i <= 5; i += 1) {
      const { sequence } = await command('depositCash', { accountId, amount: '1.00' });
      const { data } = await read<{ event: { recordedAt: string } }>(
        'query Q($s: Sequence) { event(sequence: $s) { recordedAt } }',
        {
          s: sequence,
        },
      );
      seen.push({
        sequence,
        recordedAt: data.event.recordedAt,
        balance: `${i}.00`,
      });
    }
    for (const { sequence, recordedAt, balance } of seen) {
      for (const asOf of [sequence, recordedAt]) {
        const answer = await read(
          'query Q($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) { balance sequence } }',
          { id: accountId, asOf },
        );
        expect(answer.data).toEqual({ account: { balance, sequence } });
        expect(answer.extensions.daybook.sequence).toBe(sequence);
      }
    }
  });

  test('between the two events of a transfer, neither account has the cash', async () => {
    const from = await open('EUR', '9.00');
    const to = await open('EUR');
    const { events } = await command('transferCash', {
      fromAccountId: from,
      toAccountId: to,
      amount: '9',
    });
    const [out] = events;
    const { data } = await read(
      `query Q($from: ID!, $to: ID!, $asOf: Moment) {
        from: account(id: $from, asOf: $asOf) { balance }
        to: account(id: $to, asOf: $asOf) { balance } }`,
      { from, to, asOf: out?.sequence },
    );
    expect(data).toEqual({ from: { balance: '0.00' }, to: { balance: '0.00' } });
  });

  test('lists filter, sort and page at a past sequence as they do now', async () => {
    const owner = randomUUID();
    const ids: string[] = [];
    for (const amount of ['3.00', '1.00', '2.00']) {
      const accountId = randomUUID();
      ids.push(accountId);
      await command('openAccount', { accountId, owner, currency: 'CHF' });
      await command('depositCash', { accountId, amount });
    }
    const past = String((await server.engine.log.head()).sequence);
    await command('depositCash', { accountId: ids[1], amount: '100.00' });
    await command('freezeAccount', { accountId: ids[0] });
    const query = `query Q($owner: String, $status: AccountStatus, $orderBy: AccountOrder,
        $descending: Boolean, $first: Int, $after: String, $asOf: Moment) {
      accounts(filter: { owner: $owner, status: $status, currency: "CHF" }, orderBy: $orderBy,
        descending: $descending, first: $first, after: $after, asOf: $asOf) {
          nodes { balance } pageInfo { hasNextPage endCursor } } }`;
    const page = async (variables: object) => {
      const { data } = await read<{
        accounts: {
          nodes: { balance: string }[];
          pageInfo: { hasNextPage: boolean; endCursor: string };
        };
      }>(query, { owner, ...variables });
      const { nodes, pageInfo } = data.accounts;
      return { balances: nodes.map(({ balance }) => balance), ...pageInfo };
    };
    expect((await page({ asOf: past })).balances).toEqual(['3.00', '1.00', '2.00']);
    expect((await page({ descending: true })).balances).toEqual(['2.00', '101.00', '3.00']);
    // All have one owner, so they are sorted by id.
    const byId = ids
      .map((id, index) => [id, ['3.00', '1.00', '2.00'][index]] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, balance]) => balance);
    expect((await page({ asOf: past, orderBy: 'OWNER' })).balances).toEqual(byId);
    expect((await page({ status: 'OPEN' })).balances).toEqual(['101.00', '2.00']);
    expect((await page({ status: 'OPEN', asOf: past })).balances).toHaveLength(3);
    const first = await page({ asOf: past, first: 2 });
    expect(first).toMatchObject({ balances: ['3.00', '1.00'], hasNextPage: true });
    const next = await page({ asOf: past, first: 2, after: first.endCursor });
    expect(next).toMatchObject({ balances: ['2.00'], hasNextPage: false });
  });

  test('history, node and events return the same event', async () => {
    const accountId = await open('EUR', '2.00');
    const { data } = await read(
      `query Q($id: ID!, $stream: ID!) {
        node(id: $id) { __typename id ... on Account { history(last: 1) {
          nodes { type ... on CashDeposited { amount } } pageInfo { hasPreviousPage } } } }
        events(filter: { streamId: $stream, types: ["CashDeposited"] }) {
          nodes { type streamId actor } }
      }`,
      { id: accountId, stream: `account-${accountId}` },
    );
    expect(data).toEqual({
      node: {
        __typename: 'Account',
        id: accountId,
        history: {
          nodes: [{ type: 'CashDeposited', amount: '2.00' }],
          pageInfo: { hasPreviousPage: true },
        },
      },
      events: {
        nodes: [{ type: 'CashDeposited', streamId: `account-${accountId}`, actor: 'operator' }],
      },
    });
  });

  test('all fields of an operation are read at one sequence', async () => {
    const answer = await read(
      '{ a: log { sequence } b: log { sequence } events(last: 1) { nodes { sequence } } }',
    );
    const { sequence } = answer.extensions.daybook;
    expect(answer.data).toEqual({
      a: { sequence },
      b: { sequence },
      events: { nodes: [{ sequence }] },
    });
  });

  test('a minSequence that is not reached in time is SEQUENCE_NOT_REACHED', async () => {
    const answer = await server.send(
      '{ log { sequence } }',
      {},
      { 'daybook-min-sequence': '999999' },
    );
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'SEQUENCE_NOT_REACHED' });
  });
});
