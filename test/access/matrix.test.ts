import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSchema } from '../../src/api/schema.ts';
import { modules } from '../../src/contexts/all.ts';
import type { Role } from '../../src/kernel/role.ts';
import {
  type ActorServer,
  createActorServer,
  openTwoAccounts,
  type TwoAccounts,
} from '../support/actors.ts';
import { type Reply, type Send, transports } from '../support/three-transports.ts';

/** Who asks, in relation to the account of olga. */
const callers = {
  stranger: ['stan', []],
  owner: ['olga', []],
  viewer: ['vic', []],
  trader: ['tom', []],
  agent: ['fred', []],
  revoked: ['rita', []],
  operator: ['ops', ['OPERATOR']],
  auditor: ['audrey', ['AUDITOR']],
  market: ['mark', ['MARKET']],
  admin: ['adam', ['ADMIN']],
  // Names the owner, but the role owns no account.
  namesake: ['olga', ['MARKET']],
} as const satisfies Readonly<Record<string, readonly [string, readonly Role[]]>>;

type CallerName = keyof typeof callers;

/** SHOWN, NOTHING (null or an empty list), or the code of the error or of the rejection. */
type Outcome = string;

const visible: readonly CallerName[] = [
  ...(['owner', 'viewer', 'trader', 'agent'] as const),
  ...(['operator', 'auditor'] as const),
];
const staff: readonly CallerName[] = ['operator', 'auditor', 'admin'];
const everyone = Object.keys(callers) as readonly CallerName[];

interface Row {
  readonly text: (ids: TwoAccounts) => string;
  /** What the callers in `allowed` get. */
  readonly outcome?: Outcome;
  readonly allowed: readonly CallerName[];
  /** What others get. For those who may see the account, `seen` if given. */
  readonly others: Outcome;
  readonly seen?: Outcome;
}

const forAccount = (text: Row['text'], others: Outcome = 'NOTHING'): Row => {
  return { text, allowed: visible, others };
};
const forLog = (text: string): Row => ({ text: () => text, allowed: staff, others: 'FORBIDDEN' });
const forPerson = (text: string): Row => {
  return { text: () => text, allowed: ['owner', ...staff], others: 'NOTHING' };
};
const forEveryone = (text: Row['text']): Row => ({ text, allowed: everyone, others: '' });

const queries: Readonly<Record<string, Row>> = {
  node: forAccount(({ account }) => `node(id: "${account}") { id }`),
  account: forAccount(({ account }) => `account(id: "${account}") { balance }`),
  accounts: forAccount(() => 'accounts(filter: { owner: "olga" }) { nodes { id } }'),
  order: forAccount(({ order }) => `order(id: "${order}") { status }`),
  orders: forAccount(
    ({ account }) => `orders(filter: { accountId: "${account}" }) { nodes { id } }`,
  ),
  explain: forAccount(
    ({ account }) => `explain(accountId: "${account}", figure: BALANCE) { value }`,
  ),
  compare: forAccount(
    ({ account }) => `compare(accountId: "${account}", from: "1", to: "9") { to }`,
  ),
  compareOrder: forAccount(
    ({ order, end }) => `compareOrder(id: "${order}", from: "1", to: "${end}") { to }`,
  ),
  correlation: forLog('correlation(id: "none") { roots { event { id } } }'),
  compareTrialBalance: forLog('compareTrialBalance(from: "1", to: "2") { to }'),
  person: forPerson('person(id: "olga") { name }'),
  events: forLog('events(first: 1) { nodes { id } }'),
  event: forLog('event(sequence: "1") { id }'),
  log: forLog('log { sequence }'),
  trialBalance: forLog('trialBalance { isBalanced }'),
  views: forLog('views { name }'),
  consumers: forLog('consumers { name }'),
  viewStatus: forLog('viewStatus { name }'),
  bridges: forLog('bridges { name }'),
  verification: forLog('verification { to }'),
  commands: forLog('commands(last: 1) { nodes { id } }'),
  command: { ...forLog('command(id: "none") { id }'), outcome: 'NOTHING' },
  sequence: forEveryone(() => 'sequence'),
  viewer: forEveryone(() => 'viewer { actor }'),
  instrument: forEveryone(() => 'instrument(symbol: "AAA") { lastPrice }'),
  instruments: forEveryone(() => 'instruments { nodes { symbol } }'),
  trades: forEveryone(() => 'trades(symbol: "AAA") { nodes { price } }'),
};

/** What belongs to an account, by other ways than the root field of the same type. */
const ways: Readonly<Record<string, Row>> = {
  'the account as of a moment': forAccount(
    ({ account }) => `account(id: "${account}", asOf: "2") { balance }`,
  ),
  'the node as of a moment': forAccount(({ account }) => `node(id: "${account}@2") { id }`),
  'the node of an order': forAccount(({ order }) => `node(id: "${order}") { id }`),
  'the node of a portfolio': forAccount(({ account }) => `node(id: "portfolio-${account}") { id }`),
  'the node of a position': forAccount(
    ({ account }) => `node(id: "position-${account}-AAA") { id }`,
  ),
  'the holder of the account': forAccount(
    ({ account }) => `account(id: "${account}") { holder { name } }`,
  ),
  'the node of a person': forPerson('node(id: "person-olga") { id }'),
  'accounts as of a moment': forAccount(
    () => 'accounts(filter: { owner: "olga" }, asOf: "3") { nodes { id } }',
  ),
  'accounts from the end': forAccount(
    () => 'accounts(filter: { owner: "olga" }, orderBy: OWNER, last: 3) { nodes { id } }',
  ),
  'orders without an account': forAccount(
    () => 'orders(filter: { symbol: "AAA", statuses: [NEW, PARTIALLY_FILLED] }) { nodes { id } }',
  ),
};

const subscriptions: Readonly<Record<string, Row>> = {
  account: forAccount(
    ({ account }) => `account(id: "${account}") { account { balance } }`,
    'ACCOUNT_NOT_FOUND',
  ),
  portfolio: forAccount(
    ({ account }) => `portfolio(accountId: "${account}") { portfolio { cash } }`,
    'ACCOUNT_NOT_FOUND',
  ),
  order: forAccount(({ order }) => `order(id: "${order}") { order { status } }`, 'ORDER_NOT_FOUND'),
  events: forLog('events { sequence }'),
  viewStatus: forLog('viewStatus { sequence views { name } }'),
  live: forAccount(({ account }) => `live { account(id: "${account}") { balance } }`),
  trades: forEveryone(() => 'trades(symbol: "AAA") { sequence }'),
  orderBook: forEveryone(() => 'orderBook(symbol: "AAA") { sequence }'),
  orderBookDeltas: forEveryone(() => 'orderBookDeltas(symbol: "AAA") { sequence }'),
  candles: forEveryone(() => 'candles(symbol: "AAA", interval: MINUTE) { sequence }'),
};

/** The input of a mutation, and who may send it. The commands are dry runs. */
interface MutationRow {
  readonly input: (ids: TwoAccounts) => object;
  readonly allowed: readonly CallerName[];
  readonly others: Outcome;
  readonly seen?: Outcome;
  readonly outcome?: Outcome;
  readonly isControl?: boolean;
}

const ofAccount = (
  allowed: readonly CallerName[],
  input: (ids: TwoAccounts) => object,
  others = 'ACCOUNT_NOT_FOUND',
): MutationRow => ({ input, allowed, others, seen: 'FORBIDDEN' });
const byRole = (name: CallerName, input: (ids: TwoAccounts) => object): MutationRow => ({
  input,
  allowed: name === 'market' ? ['market', 'namesake'] : [name],
  others: 'FORBIDDEN',
});

const [moves, trades, owns] = [
  ['owner', 'agent', 'operator'],
  ['owner', 'agent', 'trader', 'operator'],
  ['owner', 'operator'],
] as const;
const terms = { symbol: 'AAA', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };
const bridge: MutationRow = {
  input: () => ({ name: 'none' }),
  allowed: ['admin'],
  outcome: 'BRIDGE_NOT_FOUND',
  others: 'FORBIDDEN',
  isControl: true,
};

const mutations: Readonly<Record<string, MutationRow>> = {
  openAccount: {
    input: () => ({ owner: 'olga', currency: 'EUR' }),
    allowed: ['owner', 'operator'],
    others: 'FORBIDDEN',
  },
  withdrawCash: ofAccount(moves, ({ account: accountId }) => ({ accountId, amount: '1.00' })),
  transferCash: ofAccount(moves, ({ account: fromAccountId, other: toAccountId }) => {
    return { fromAccountId, toAccountId, amount: '1.00' };
  }),
  closeAccount: {
    ...ofAccount(moves, ({ account: accountId }) => ({ accountId })),
    outcome: 'ACCOUNT_NOT_EMPTY',
  },
  placeOrder: ofAccount(trades, ({ account: accountId }) => {
    return { ...terms, accountId, quantity: '1', limitPrice: '1.00' };
  }),
  cancelOrder: ofAccount(trades, ({ order: orderId }) => ({ orderId }), 'ORDER_NOT_FOUND'),
  replaceOrder: ofAccount(
    trades,
    ({ order: orderId }) => ({ orderId, quantity: '9' }),
    'ORDER_NOT_FOUND',
  ),
  grantAccess: ofAccount(owns, ({ account: accountId }) => {
    return { accountId, actor: 'nora', access: 'VIEW' };
  }),
  revokeAccess: ofAccount(owns, ({ account: accountId }) => ({ accountId, actor: 'vic' })),
  depositCash: ofAccount(['operator'], ({ account: accountId }) => {
    return { accountId, amount: '1.00' };
  }),
  creditInterest: ofAccount(['operator'], ({ account: accountId }) => {
    return { accountId, amount: '1.00' };
  }),
  depositShares: ofAccount(['operator'], ({ account: accountId }) => {
    return { accountId, symbol: 'AAA', quantity: '1', costPrice: '1.00' };
  }),
  freezeAccount: ofAccount(['operator'], ({ account: accountId }) => ({ accountId })),
  unfreezeAccount: ofAccount(['operator'], ({ account: accountId }) => ({ accountId })),
  listInstrument: byRole('market', () => {
    return { symbol: 'BBB', name: 'B', currency: 'EUR', tickSize: '0.01', lotSize: '1' };
  }),
  recordPrice: byRole('market', () => ({ symbol: 'AAA', price: '9.00' })),
  recordPrices: byRole('market', () => {
    return { symbol: 'AAA', prices: [{ price: '9.00', occurredAt: '2026-01-01T00:00:00Z' }] };
  }),
  haltTrading: byRole('market', () => ({ symbol: 'AAA' })),
  resumeTrading: byRole('market', () => ({ symbol: 'AAA' })),
  registerPerson: {
    input: () => ({ personId: 'olga', name: 'Olga' }),
    allowed: ['owner', 'operator'],
    outcome: 'PERSON_ALREADY_EXISTS',
    others: 'FORBIDDEN',
  },
  changePerson: {
    input: () => ({ personId: 'olga', name: 'Olga' }),
    allowed: ['owner', 'operator'],
    others: 'FORBIDDEN',
  },
  erasePerson: byRole('admin', () => ({ personId: 'olga' })),
  pauseBridge: bridge,
  resumeBridge: bridge,
  retryBridge: bridge,
  rebuildView: { ...bridge, outcome: 'VIEW_NOT_FOUND' },
};

let server: ActorServer;
let ids: TwoAccounts;
beforeAll(async () => {
  server = await createActorServer();
  ids = await openTwoAccounts(server);
  await server.send(
    'mutation M($input: RegisterPersonInput!) { registerPerson(input: $input) { __typename } }',
    { input: { personId: 'olga', name: 'Olga' } },
    await server.headersOf('ops', ['OPERATOR']),
  );
});
afterAll(() => server.dispose());

/** What a reply shows, in one word. */
function outcomeOf({ data, errors }: Reply): Outcome {
  if (errors !== undefined) {
    expect(Object.values(data ?? {}).every((value) => value === null)).toBe(true);
    return String(errors[0]?.extensions['code']);
  }
  const [answer] = Object.values(data ?? {});
  const value = isLive(answer) ? Object.values(answer)[0] : answer;
  if (value === null || value === undefined) return 'NOTHING';
  if (typeof value === 'object' && 'nodes' in value) {
    return (value.nodes as readonly unknown[]).length === 0 ? 'NOTHING' : 'SHOWN';
  }
  return typeof value === 'object' && 'code' in value ? String(value.code) : 'SHOWN';
}

/** A frame of the subscription live: its only member is another root field. */
function isLive(answer: unknown): answer is Readonly<Record<string, unknown>> {
  if (typeof answer !== 'object' || answer === null) return false;
  const names = Object.keys(answer);
  return names.length === 1 && names[0] === 'account';
}

function expectedOf(row: Pick<Row, 'allowed' | 'others' | 'seen' | 'outcome'>, name: CallerName) {
  if (row.allowed.includes(name)) return row.outcome ?? 'SHOWN';
  return row.seen !== undefined && visible.includes(name) ? row.seen : row.others;
}

async function outcomes(
  send: Send,
  query: string,
  variables: object = {},
): Promise<Readonly<Record<string, Outcome>>> {
  const found = everyone.map(async (name) => {
    const [actor, roles] = callers[name];
    const reply = await send({
      url: server.url,
      query,
      variables,
      headers: await server.headersOf(actor, roles),
    });
    return [name, outcomeOf(reply)] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

function table(row: Pick<Row, 'allowed' | 'others' | 'seen' | 'outcome'>) {
  return Object.fromEntries(everyone.map((name) => [name, expectedOf(row, name)]));
}

const schema = buildSchema(modules);

test('every root field has a row', () => {
  const names = (type: { getFields(): object } | null | undefined) =>
    Object.keys(type?.getFields() ?? {}).sort();
  expect(Object.keys(queries).sort()).toEqual(names(schema.getQueryType()));
  expect(Object.keys(subscriptions).sort()).toEqual(names(schema.getSubscriptionType()));
  expect(Object.keys(mutations).sort()).toEqual(names(schema.getMutationType()));
});

describe.each(Object.entries(transports))('over %s', (_, send) => {
  test.each(Object.entries({ ...queries, ...ways }))('%s', async (_name, row) => {
    expect(await outcomes(send, `{ ${row.text(ids)} }`)).toEqual(table(row));
  });

  test.each(Object.entries(mutations))('%s', async (name, row) => {
    const type = name.charAt(0).toUpperCase() + name.slice(1);
    const query = `mutation M($input: ${type}Input!) {
      ${name}(input: $input) { __typename ... on Error { code } } }`;
    const dryRun = row.isControl ? {} : { dryRun: true };
    const input = { ...row.input(ids), ...dryRun };
    expect(await outcomes(send, query, { input })).toEqual(table(row));
  });
});

describe.each(Object.entries(transports).slice(1))('over %s', (_, send) => {
  test.each(Object.entries(subscriptions))('the subscription %s', async (_name, row) => {
    expect(await outcomes(send, `subscription { ${row.text(ids)} }`)).toEqual(table(row));
  });
});

test('what does not exist and what may not be seen have the same answers', async () => {
  const unknown = randomUUID();
  const about = async (id: string): Promise<string> => {
    const sent = [
      await server.commandAs('stan', 'withdrawCash', { accountId: id, amount: '1.00' }),
      await server.commandAs('stan', 'depositCash', { accountId: id, amount: '1.00' }),
      await server.commandAs('stan', 'cancelOrder', { orderId: id }),
      await server.sendAs('stan', `{ account(id: "${id}") { id } order(id: "${id}") { id } }`),
    ];
    return JSON.stringify(sent)
      .replaceAll(id, '<id>')
      .replaceAll(/"sequence":"\d+"/g, '');
  };
  const answers = await Promise.all([unknown, ids.account].map(about));
  expect(answers[1]).toBe(answers[0]);
  const [none, hidden] = await Promise.all(
    [unknown, ids.order].map((id) => server.commandAs('stan', 'cancelOrder', { orderId: id })),
  );
  expect(hidden?.message?.replace(ids.order, unknown)).toBe(none?.message);
});
