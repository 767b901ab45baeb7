import { sendTo } from './upgrade-load.ts';

/** What `recordEveryEvent` has made. */
export interface Recorded {
  readonly symbol: string;
  readonly accountIds: readonly string[];
  readonly personIds: readonly string[];
}

type Input = Readonly<Record<string, unknown>>;

/** Ids in a row, so that a log that is kept as a fixture compresses well. */
function createIds(): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
  };
}

/** One command does 400 steps of matching: one for each stop order, and one for each trade. */
const unpayable = 394;

/**
 * Sends the commands with which an empty server records events of every type, with and without
 * their nullable fields.
 */
export async function recordEveryEvent(url: string): Promise<Recorded> {
  const newId = createIds();
  const symbol = 'ACME';
  const [ada, bob, cid, dan, eve] = Array.from({ length: 5 }, newId) as FiveIds;
  const personIds = ['ada', 'bob'];
  const owners = [
    [ada, 'ada'],
    [bob, 'bob'],
    [cid, 'cid'],
    [dan, 'dan'],
    [eve, 'ada'],
  ] as const;
  const say = (name: string, input: Input) => send(url, name, input);

  await say('registerPerson', { personId: 'ada', name: 'Ada King', email: 'ada@example.com' });
  await say('registerPerson', { personId: 'bob', name: 'Bob Roe' });
  await say('changePerson', { personId: 'ada', name: 'Ada Lovelace' });
  await say('changePerson', { personId: 'ada', email: null });
  for (const [accountId, owner] of owners) {
    await say('openAccount', { accountId, owner, currency: 'USD' });
  }
  await useCash(say, { ada, bob, eve });
  await say('listInstrument', {
    symbol,
    name: 'Acme',
    currency: 'USD',
    tickSize: '0.01',
    lotSize: '1',
    makerFeeBps: '10',
    takerFeeBps: '20',
  });
  await say('recordPrice', { symbol, price: '10.00' });
  for (const accountId of [ada, bob, cid, dan]) {
    await say('depositCash', { accountId, amount: '100000.00' });
    const costPrice = '9.995';
    await say('depositShares', { accountId, symbol, quantity: '1000', costPrice });
  }
  const reference = 'a gift';
  await say('depositShares', {
    accountId: ada,
    symbol,
    quantity: '3',
    costPrice: '1.1',
    reference,
  });
  const limit = { symbol, type: 'LIMIT', timeInForce: 'GTC' };
  const place = async (input: Input) => {
    const orderId = newId();
    await say('placeOrder', { orderId, ...input });
    return orderId;
  };
  await useOrders(say, { place, symbol, ada, bob, newId });
  // A price reaches more stop orders than one command can process, and a trade reaches others. Most
  // of them cannot be paid for. One of the others trades with as many orders as the command allows.
  const stop = { symbol, type: 'STOP', timeInForce: 'GTC', side: 'BUY', stopPrice: '11.00' };
  const ask = { ...limit, accountId: bob, side: 'SELL', quantity: '1' };
  for (const limitPrice of ['14.00', ...Array(9).fill('15.00')])
    await place({ ...ask, limitPrice });
  await place({ ...stop, accountId: ada, quantity: '1' });
  await place({ ...stop, accountId: ada, quantity: '1', stopPrice: '13.00' });
  for (let count = 0; count < unpayable; count += 50) {
    const some = Array.from({ length: Math.min(50, unpayable - count) }, () =>
      place({ ...stop, accountId: cid, quantity: '1' }),
    );
    await Promise.all(some);
  }
  await place({ ...stop, accountId: ada, quantity: '7' });
  await say('withdrawCash', { accountId: cid, amount: '100000.00' });
  await place({ ...limit, accountId: dan, side: 'SELL', quantity: '5', limitPrice: '30.00' });
  // In one batch, so that the price and the freeze come while work is left.
  await Promise.all([
    say('recordPrice', { symbol, price: '12.00' }),
    say('recordPrice', { symbol, price: '12.10' }),
    say('freezeAccount', { accountId: dan, reason: 'audit' }),
  ]);
  await say('erasePerson', { personId: 'bob', reason: 'asked for it' });
  await say('depositCash', { accountId: ada, amount: '0.01', idempotencyKey: 'the last deposit' });
  return { symbol, accountIds: [ada, bob, cid, dan, eve], personIds };
}

type FiveIds = [string, string, string, string, string];
type Say = (name: string, input: Input) => Promise<void>;

async function useCash(say: Say, { ada, bob, eve }: Readonly<Record<string, string>>) {
  for (const reference of [undefined, 'June']) {
    await say('depositCash', { accountId: ada, amount: '500.00', reference });
    await say('withdrawCash', { accountId: ada, amount: '20.50', reference });
    await say('transferCash', { fromAccountId: ada, toAccountId: bob, amount: '1.05', reference });
    await say('creditInterest', { accountId: ada, amount: '0.07', reference });
  }
  for (const access of ['VIEW', 'TRADE', 'FULL']) {
    await say('grantAccess', { accountId: ada, actor: 'friend', access });
  }
  await say('revokeAccess', { accountId: ada, actor: 'friend' });
  for (const reason of [undefined, 'a check']) {
    await say('freezeAccount', { accountId: eve, reason });
    await say('unfreezeAccount', { accountId: eve, reason });
  }
  await say('closeAccount', { accountId: eve });
}

interface OrderParts {
  readonly place: (input: Input) => Promise<string>;
  readonly newId: () => string;
  readonly symbol: string;
  readonly ada: string;
  readonly bob: string;
}

async function useOrders(say: Say, { place, newId, symbol, ada, bob }: OrderParts) {
  const limit = { symbol, type: 'LIMIT', timeInForce: 'GTC' };
  const ask = { ...limit, accountId: bob, side: 'SELL' };
  const bid = { ...limit, accountId: ada, side: 'BUY' };
  await place({ ...ask, quantity: '7', limitPrice: '10.01', clientOrderId: 'first' });
  await place({ ...bid, quantity: '3', limitPrice: '10.01' });
  await place({ ...bid, type: 'MARKET', timeInForce: 'IOC', quantity: '9' });
  await place({ ...bid, quantity: '2', limitPrice: '9.99', clientOrderId: 'rests' });
  const replaced = await place({ ...bid, quantity: '4', limitPrice: '9.50' });
  const newOrderId = newId();
  await say('replaceOrder', { orderId: replaced, newOrderId, limitPrice: '9.40' });
  await say('cancelOrder', { orderId: newOrderId, reason: 'changed my mind' });
  await say('cancelOrder', {
    orderId: await place({ ...ask, quantity: '1', limitPrice: '40.00' }),
  });
  await say('placeOrder', { orderId: newId(), ...bid, quantity: '99999', limitPrice: '90.00' });
  const stop = { symbol, type: 'STOP', timeInForce: 'GTC', accountId: ada, side: 'BUY' };
  await place({ ...stop, quantity: '1', stopPrice: '12.00' });
  const limited = { ...stop, type: 'STOP_LIMIT', limitPrice: '13.00', stopPrice: '12.50' };
  await place({ ...limited, quantity: '1' });
  const expiresAt = new Date(Date.now() + 1_500).toISOString().replace('Z', '000Z');
  await place({ ...ask, timeInForce: 'GTD', quantity: '1', limitPrice: '50.00', expiresAt });
  await say('haltTrading', { symbol, reason: 'news' });
  await say('resumeTrading', { symbol });
  await say('haltTrading', { symbol });
  await say('resumeTrading', { symbol, reason: 'no news' });
}

/** Sends a command; throws if it is not accepted or rejected by the market. */
async function send(url: string, name: string, input: Input): Promise<void> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
  const query = `mutation M($input: ${type}) { answer: ${name}(input: $input) { __typename } }`;
  const { data, errors } = await sendTo(url, query, { input });
  const answered = String(data?.['answer']?.['__typename']);
  if (errors === undefined && answered.endsWith('Payload')) return;
  if (errors === undefined && answered === 'InsufficientFundsError') return;
  throw new Error(`${name}(${JSON.stringify(input)}): ${answered} ${JSON.stringify(errors)}`);
}
