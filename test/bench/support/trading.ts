const placeOrder =
  'mutation P($i: PlaceOrderInput!) { placeOrder(input: $i) { __typename ' +
  '... on PlaceOrderPayload { sequence order { id status filledQuantity leavesQuantity } ' +
  'trades { price quantity } account { balance held available } } ' +
  '... on Error { code message } } }';
const listInstrument =
  'mutation L($i: ListInstrumentInput!) { listInstrument(input: $i) { __typename ' +
  '... on Error { code message } } }';
const depositShares =
  'mutation S($i: DepositSharesInput!) { depositShares(input: $i) { __typename ' +
  '... on Error { code message } } }';
const depositCash =
  'mutation D($i: DepositCashInput!) { depositCash(input: $i) { __typename ' +
  '... on Error { code message } } }';
const book =
  'query B($symbol: ID!, $asOf: Moment) { instrument(symbol: $symbol, asOf: $asOf) ' +
  '{ orderBook(depth: 10) { bids { price quantity orders } asks { price quantity orders } } } }';
const portfolio =
  'query F($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) { portfolio { cash equity ' +
  'realizedPnl positions { symbol quantity averageCost marketValue } } } }';

export const orderExpected = '"__typename":"PlaceOrderPayload"';
export const listingExpected = '"__typename":"ListInstrumentPayload"';
export const sharesExpected = '"__typename":"DepositSharesPayload"';
export const cashExpected = '"__typename":"DepositCashPayload"';
export const bookExpected = '"orderBook":{"bids":[{';
export const portfolioExpected = '"portfolio":{"cash":';

export interface LimitOrder {
  readonly accountId: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly limitPrice: string;
}

/** A limit order of one share, good till canceled. */
export function toOrderBody(order: LimitOrder): string {
  const i = { ...order, type: 'LIMIT', timeInForce: 'GTC', quantity: '1' };
  return JSON.stringify({ query: placeOrder, variables: { i } });
}

export function toListingBody(symbol: string): string {
  const steps = { tickSize: '0.01', lotSize: '1', makerFeeBps: '1', takerFeeBps: '2' };
  const i = { symbol, name: symbol, currency: 'USD', ...steps };
  return JSON.stringify({ query: listInstrument, variables: { i } });
}

export function toSharesBody(accountId: string, symbol: string): string {
  const i = { accountId, symbol, quantity: '100000000', costPrice: '10' };
  return JSON.stringify({ query: depositShares, variables: { i } });
}

export function toCashBody(accountId: string): string {
  const i = { accountId, amount: '1000000000.00' };
  return JSON.stringify({ query: depositCash, variables: { i } });
}

export function toBookBody(symbol: string, asOf: number | null): string {
  return JSON.stringify({ query: book, variables: { symbol, asOf: toMoment(asOf) } });
}

export function toPortfolioBody(id: string, asOf: number | null): string {
  return JSON.stringify({ query: portfolio, variables: { id, asOf: toMoment(asOf) } });
}

function toMoment(sequence: number | null): string | null {
  return sequence === null ? null : String(sequence);
}
