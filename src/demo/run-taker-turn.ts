import type { MakerTrading } from './make-market.ts';
import type { Random } from './random.ts';
import { takerOrder } from './taker-order.ts';
import type { Trader } from './traders.ts';

/** The most orders that a taker leaves open in one book before it cancels the oldest. */
const openOrdersMax = 2;

/** Lets a taker look at a stock and place an order or cancel its oldest one. */
export async function runTakerTurn(
  { accountId }: Trader,
  stock: { readonly symbol: string; readonly sharesAtFirst: number },
  { api, tally, random }: MakerTrading & { readonly random: Random },
): Promise<void> {
  const { symbol, sharesAtFirst } = stock;
  const desk = await api.readDesk(accountId, symbol);
  const open = [...desk.stops, ...desk.orders.map(({ id }) => id)];
  const [oldest] = open;
  if (oldest !== undefined && open.length > openOrdersMax) {
    tally.count(await api.cancel(oldest));
    return;
  }
  const { bid, ask, lastPrice, cash, shares, position } = desk;
  const surplus = position / sharesAtFirst - 1;
  const order = takerOrder({ bid, ask, lastPrice, cash, shares, surplus }, random);
  if (order !== null) tally.count(await api.take(accountId, symbol, order));
}
