import { depositCash, openAccount } from '../../src/contexts/accounts/commands.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import { listInstrument } from '../../src/contexts/market/commands.ts';
import { market } from '../../src/contexts/market/context.ts';
import { depositShares } from '../../src/contexts/trading/commands/deposit-shares.ts';
import { type PlaceOrder, placeOrder } from '../../src/contexts/trading/commands/place-order.ts';
import { trading } from '../../src/contexts/trading/context.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import type { TestEngine } from './engines.ts';

export const tradingContexts = [accounts, market, trading];
export const symbol = 'ACME';

/** Lists the instrument, and opens two accounts with cash and shares. */
export async function openMarketPlace(engine: TestEngine) {
  await engine.accept(listInstrument, {
    symbol,
    name: 'Acme',
    currency: 'USD',
    tickSize: '0.01',
    lotSize: '1',
    makerFeeBps: '0',
    takerFeeBps: '0',
  });
  const [buyer, seller] = [newUuid(), newUuid()];
  for (const accountId of [buyer, seller]) {
    await engine.accept(openAccount, { accountId, owner: 'Ann', currency: 'USD' });
    await engine.accept(depositCash, { accountId, amount: '100000.00' });
    await engine.accept(depositShares, {
      accountId,
      symbol,
      quantity: '1000',
      costPrice: '1.00',
      reference: null,
    });
  }

  /** Places an order; by default a GTC order to buy 10 at 9.00. Returns its id. */
  async function place(order: Partial<PlaceOrder> = {}): Promise<string> {
    const orderId = newUuid();
    const timeInForce = order.expiresAt == null ? 'GTC' : 'GTD';
    const accountId = order.side === 'SELL' ? seller : buyer;
    await engine.accept(placeOrder, {
      orderId,
      clientOrderId: null,
      accountId,
      symbol,
      side: 'BUY',
      type: 'LIMIT',
      timeInForce,
      quantity: '10',
      limitPrice: '9.00',
      stopPrice: null,
      expiresAt: null,
      postOnly: false,
      ...order,
    });
    return orderId;
  }
  return { buyer, seller, place };
}
