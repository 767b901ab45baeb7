import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiModule } from '../src/api/schema.ts';
import { modules } from '../src/contexts/all.ts';
import { giftCardsModule } from './fixtures/gift-cards/api.ts';
import { giftCards } from './fixtures/gift-cards/context.ts';
import { giftCardsView } from './fixtures/gift-cards/views.ts';
import { subscribe } from './support/live.ts';
import { createTestServer, startTestServer, type TestServer } from './support/server.ts';
import { until } from './support/until.ts';

// A reader who follows the tutorial has the product in all.ts as well.
const others = modules.filter(({ context }) => context.name !== giftCards.name);

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer({ modules: [...others, giftCardsModule] });
});
afterAll(() => server.dispose());

const card = 'id balance';

/** The result of a mutation of gift cards. */
async function command(name: 'issueGiftCard' | 'redeemGiftCard', input: object) {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const query = `mutation M($input: ${type}Input!) { ${name}(input: $input) {
    __typename
    ... on ${type}Payload {
      sequence replayed dryRun giftCard { ${card} }
      events { type } proposedEvents { type data }
    }
    ... on Error { code message }
    ${name === 'redeemGiftCard' ? '... on GiftCardBalanceTooLowError { balance }' : ''}
  } }`;
  const { data, errors } = await server.send<Record<string, Result>>(query, { input });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data[name] as Result;
}

interface Result {
  readonly sequence: string;
  readonly giftCard: { readonly id: string; readonly balance: string };
}

const issue = (amount: string, rest: object = {}) => command('issueGiftCard', { amount, ...rest });
const redeem = (giftCardId: string, amount: string, rest: object = {}) =>
  command('redeemGiftCard', { giftCardId, amount, ...rest });

async function balanceOf(id: string, asOf?: string): Promise<string | undefined> {
  const { data } = await server.send<{ giftCard: { balance: string } | null }>(
    'query Q($id: ID!, $asOf: Moment) { giftCard(id: $id, asOf: $asOf) { balance } }',
    { id, asOf },
  );
  return data.giftCard?.balance;
}

test('a card can be issued and redeemed, but not for more than its balance', async () => {
  const issued = await issue('50');
  const { id } = issued.giftCard;
  expect(issued).toMatchObject({
    __typename: 'IssueGiftCardPayload',
    giftCard: { balance: '50.00' },
    events: [{ type: 'GiftCardIssued' }],
  });
  expect(await redeem(id, '20.00')).toMatchObject({ giftCard: { balance: '30.00' } });
  expect(await redeem(id, '30.01')).toEqual({
    __typename: 'GiftCardBalanceTooLowError',
    code: 'GIFT_CARD_BALANCE_TOO_LOW',
    message: '30.01 is more than the balance, 30.00',
    balance: '30.00',
  });
  expect(await redeem(id, '1.00', { expectedVersion: 1 })).toMatchObject({
    code: 'VERSION_CONFLICT',
  });
  expect(await balanceOf(id)).toBe('30.00');
});

test('malformed input is refused, and an unknown card is a typed error', async () => {
  expect(await redeem('7b7a3f6e-3c58-4d6e-9f0a-000000000000', '1.00')).toMatchObject({
    __typename: 'GiftCardNotFoundError',
  });
  await expect(issue('5e1')).rejects.toThrow('Decimal');
  expect(await issue('0.001')).toMatchObject({ code: 'INVALID_AMOUNT' });
});

test('a command that is sent again with its key returns the recorded answer and has no second effect', async () => {
  const first = await issue('50.00', { idempotencyKey: 'issue-1' });
  const { id } = first.giftCard;
  expect(await issue('50.00', { idempotencyKey: 'issue-1' })).toEqual({ ...first, replayed: true });
  const redeemed = await redeem(id, '20.00', { idempotencyKey: 'redeem-1' });
  await redeem(id, '5.00');
  expect(await redeem(id, '20.00', { idempotencyKey: 'redeem-1' })).toEqual({
    ...redeemed,
    replayed: true,
  });
  expect(await balanceOf(id)).toBe('25.00');
});

test('a dry run shows the resulting card and records nothing', async () => {
  const { id } = (await issue('50.00')).giftCard;
  expect(await redeem(id, '20.00', { dryRun: true })).toMatchObject({
    dryRun: true,
    giftCard: { balance: '30.00' },
    events: [],
    proposedEvents: [{ type: 'GiftCardRedeemed', data: { amount: '20.00' } }],
  });
  expect(await balanceOf(id)).toBe('50.00');
});

test('a card can be read at any sequence, and the log has its events with their types', async () => {
  const issued = await issue('50.00');
  const { id } = issued.giftCard;
  const first = await redeem(id, '20.00');
  const second = await redeem(id, '5.00');
  expect(await balanceOf(id, String(Number(issued.sequence) - 1))).toBeUndefined();
  expect(await balanceOf(id, issued.sequence)).toBe('50.00');
  expect(await balanceOf(id, first.sequence)).toBe('30.00');
  expect(await balanceOf(id, second.sequence)).toBe('25.00');
  const { data } = await server.send(
    `query Q($streamId: ID!) { events(filter: { streamId: $streamId }) { nodes {
      version actor
      ... on GiftCardIssued { amount }
      ... on GiftCardRedeemed { amount }
    } } }`,
    { streamId: `giftCard-${id}` },
  );
  expect(data).toEqual({
    events: {
      nodes: [
        { version: 1, actor: 'operator', amount: '50.00' },
        { version: 2, actor: 'operator', amount: '20.00' },
        { version: 3, actor: 'operator', amount: '5.00' },
      ],
    },
  });
});

test('a subscription sends the current state, then every new one', async () => {
  const { id } = (await issue('50.00')).giftCard;
  const live = subscribe<{ giftCard: { giftCard: { balance: string } } }>(
    server.url,
    `subscription S($id: ID!) {
      giftCard(id: $id) { giftCard { balance } event { ... on GiftCardRedeemed { amount } } } }`,
    { id },
  );
  await live.until((frames) => frames.length === 1);
  await redeem(id, '20.00');
  await live.until((frames) => frames.length === 2);
  await live.cut();
  expect(live.frames.map(({ giftCard }) => giftCard)).toEqual([
    { giftCard: { balance: '50.00' }, event: null },
    { giftCard: { balance: '30.00' }, event: { amount: '20.00' } },
  ]);
  const unknown = subscribe(server.url, 'subscription { giftCard(id: "x") { sequence } }');
  await expect(unknown.until(() => false)).rejects.toMatchObject([
    { extensions: { code: 'GIFT_CARD_NOT_FOUND' } },
  ]);
  await unknown.cut();
});

test('a new version of the view has the same documents when it is built from the log', async () => {
  const { id } = (await issue('50.00')).giftCard;
  const { sequence: last } = await redeem(id, '20.00');
  const context = { ...giftCards, views: [{ ...giftCardsView, version: 2 }] };
  const raised: ApiModule = { ...giftCardsModule, context };
  const rebuilding = await startTestServer(server.databaseUrl, server.database, {
    modules: [...others, raised],
  });
  try {
    const { views } = rebuilding.engine;
    await until(() => views.isReady() && views.checkpoint() >= Number(last));
    for (let at = Number(last); at > 0; at -= 1) {
      const query = `{ giftCard(id: "${id}", asOf: "${at}") { ${card} } }`;
      const built = await sendTo(rebuilding.url, query);
      expect(built).toEqual((await server.send(query)).data);
    }
    const version = '{ views { name version } }';
    expect(await sendTo(rebuilding.url, version)).toMatchObject({
      views: expect.arrayContaining([{ name: 'gift-cards', version: 2 }]),
    });
  } finally {
    await rebuilding.stop();
  }
});

async function sendTo(url: string, query: string): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return ((await response.json()) as { readonly data: unknown }).data;
}

test('the id of a card names the moment at which it was read, and finds it again', async () => {
  const { giftCard, sequence } = await issue('50');
  await redeem(giftCard.id, '20');
  const query = `query Q($id: ID!) { node(id: $id) {
    id ... on GiftCard { giftCardId balance } } }`;
  const giftCardId = giftCard.id;
  for (const [id, balance] of [
    [giftCardId, '30.00'],
    [`${giftCardId}@${sequence}`, '50.00'],
  ]) {
    const { data } = await server.send<object>(query, { id });
    expect(data).toEqual({ node: { id, giftCardId, balance } });
  }
});
