import { randomUUID } from 'node:crypto';
import type { TestServer } from './server.ts';

export interface TradeSeen {
  readonly id: string;
  readonly symbol: string;
  readonly price: string;
  readonly quantity: string;
  readonly amount: string;
  readonly buyFee: string;
  readonly sellFee: string;
  readonly aggressor: string;
  readonly buyOrder: { readonly id: string; readonly status: string };
  readonly sellOrder: { readonly id: string; readonly status: string };
  readonly executedAt: string;
  readonly sequence: string;
}

export interface OrderSeen {
  readonly id: string;
  readonly account: { readonly id: string };
  readonly side: string;
  readonly type: string;
  readonly quantity: string;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly filledQuantity: string;
  readonly leavesQuantity: string;
  readonly averagePrice: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly placedAt: string;
  readonly updatedAt: string;
  readonly expiresAt: string | null;
  readonly sequence: string;
  readonly fills: readonly { readonly id: string; readonly quantity: string }[];
}

export interface AccountSeen {
  readonly id: string;
  readonly balance: string;
  readonly held: string;
  readonly available: string;
}

/** The result of a mutation of market or trading: a payload, or a rejection with its fields. */
export interface CommandAnswer {
  readonly __typename: string;
  readonly code?: string;
  readonly message?: string;
  readonly sequence: string;
  readonly replayed: boolean;
  readonly dryRun: boolean;
  readonly events: readonly {
    readonly sequence: string;
    readonly type: string;
    readonly streamId: string;
    readonly data: Readonly<Record<string, unknown>>;
  }[];
  readonly order: OrderSeen;
  readonly replaced: OrderSeen;
  readonly trades: readonly TradeSeen[];
  readonly account: AccountSeen;
}

export const tradeFields = `id symbol price quantity amount buyFee sellFee aggressor
  buyOrder { id status } sellOrder { id status } executedAt sequence`;
export const orderFields = `id clientOrderId account { id } instrument { symbol } side type
  timeInForce quantity limitPrice stopPrice expiresAt postOnly filledQuantity leavesQuantity
  averagePrice status reason placedAt updatedAt sequence replaces { id } replacedBy { id }
  fills { id price quantity }`;
export const accountFields = 'id balance held available status version sequence';

const orderErrors = `
  ... on AccountNotFoundError { accountId } ... on AccountNotOpenError { accountId status }
  ... on InstrumentNotFoundError { symbol } ... on InstrumentHaltedError { symbol }
  ... on CurrencyMismatchError { expectedCurrency actualCurrency }
  ... on InvalidQuantityError { quantity lotSize } ... on InvalidPriceError { price }
  ... on InsufficientFundsError { accountId available requested }
  ... on InsufficientSharesError { accountId symbol available requested }
  ... on PostOnlyWouldCrossError { limitPrice bestPrice }
  ... on OrderAlreadyExistsError { orderId }`;
const cancelErrors = `... on OrderNotFoundError { orderId } ... on OrderNotOpenError { orderId }`;
const instrument = 'instrument { symbol tradingStatus lastPrice lastPriceAt }';
const account = `account { ${accountFields} }`;

/** The fields requested of each mutation in addition to the common ones. */
const selections: Readonly<Record<string, readonly [payload: string, errors: string]>> = {
  listInstrument: [instrument, '... on InstrumentAlreadyExistsError { symbol }'],
  recordPrice: [instrument, '... on InvalidPriceError { price }'],
  recordPrices: [instrument, '... on InvalidPriceError { price }'],
  haltTrading: [instrument, '... on InstrumentNotFoundError { symbol }'],
  resumeTrading: [instrument, '... on InstrumentNotFoundError { symbol }'],
  openAccount: [account, ''],
  depositCash: [account, ''],
  withdrawCash: [account, '... on InsufficientFundsError { available requested }'],
  freezeAccount: [account, ''],
  closeAccount: [account, '... on AccountNotEmptyError { accountId balance }'],
  depositShares: [
    account,
    `... on InvalidQuantityError { quantity lotSize } ... on InvalidPriceError { price }
     ... on CurrencyMismatchError { expectedCurrency actualCurrency }`,
  ],
  placeOrder: [`order { ${orderFields} } trades { ${tradeFields} } ${account}`, orderErrors],
  cancelOrder: [`order { ${orderFields} } ${account}`, cancelErrors],
  replaceOrder: [
    `order { ${orderFields} } replaced { ${orderFields} } trades { ${tradeFields} } ${account}`,
    `${cancelErrors} ${orderErrors}`,
  ],
};

export type Input = Readonly<Record<string, unknown>>;

/** A client that uses only the API, as a trader's program does. */
export interface TradingClient {
  /** Sends a mutation; throws on GraphQL errors. */
  command(name: string, input: Input): Promise<CommandAnswer>;
  /** The code of the GraphQL error for a malformed command; null: there is no error. */
  malformed(name: string, input: Input): Promise<string | null>;
  /** Reads including all earlier writes; throws on GraphQL errors. */
  read<Data>(query: string, variables?: Input): Promise<Data>;
  /** The head of the log, as a moment. */
  head(): Promise<string>;
  /** Lists an instrument with a new symbol. */
  list(fields?: Input & { readonly symbol?: string }): Promise<string>;
  /** Opens an account with cash and with shares at a cost of 1.00 each. */
  open(funds?: { cash?: string; shares?: Readonly<Record<string, string>> }): Promise<string>;
  /** Places an order, by default LIMIT and GTC. */
  place(accountId: string, symbol: string, order: Input): Promise<CommandAnswer>;
}

export function createTradingClient(server: TestServer): TradingClient {
  async function send(name: string, input: Input) {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const [payload, errors] = selections[name] ?? ['', ''];
    return server.send<Readonly<Record<string, CommandAnswer>>>(
      `mutation M($input: ${type}Input!) { ${name}(input: $input) { __typename
        ... on ${type}Payload { sequence replayed dryRun events { sequence type streamId data }
          ${payload} }
        ... on Error { code message } ${errors} } }`,
      { input },
    );
  }

  const client: TradingClient = {
    async command(name, input) {
      const answer = await send(name, input);
      const result = answer.data?.[name];
      if (answer.errors || result === undefined)
        throw new Error(`${name}: ${JSON.stringify(answer.errors)}`);
      return result;
    },
    async malformed(name, input) {
      const { errors } = await send(name, input);
      return errors === undefined ? null : String(errors[0]?.extensions['code']);
    },
    async read<Data>(query: string, variables: Input = {}) {
      const headers = { 'daybook-min-sequence': await client.head() };
      const answer = await server.send<Data>(query, variables, headers);
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      return answer.data;
    },
    head: async () => String((await server.engine.log.head()).sequence),
    async list(fields = {}) {
      const symbol = `T${randomUUID().slice(0, 8).toUpperCase()}`;
      const usual = { name: 'Test', currency: 'USD', tickSize: '0.01', lotSize: '1' };
      const listing = { symbol, ...usual, ...fields };
      await accepted(client.command('listInstrument', listing));
      return listing.symbol;
    },
    async open({ cash, shares = {} } = {}) {
      const accountId = randomUUID();
      await client.command('openAccount', { accountId, owner: 'Ada', currency: 'USD' });
      if (cash !== undefined)
        await accepted(client.command('depositCash', { accountId, amount: cash }));
      for (const [symbol, quantity] of Object.entries(shares)) {
        const deposit = { accountId, symbol, quantity, costPrice: '1.00' };
        await accepted(client.command('depositShares', deposit));
      }
      return accountId;
    },
    place: (accountId, symbol, order) =>
      client.command('placeOrder', {
        accountId,
        symbol,
        type: 'LIMIT',
        timeInForce: 'GTC',
        ...order,
      }),
  };
  return client;
}

/** The payload of an accepted command; throws if it is rejected. */
export async function accepted(answering: Promise<CommandAnswer>): Promise<CommandAnswer> {
  const answer = await answering;
  if (answer.code !== undefined) throw new Error(`${answer.code}: ${answer.message}`);
  return answer;
}
