import type { CommandDefinition } from '../../../kernel/command.ts';
import { reject } from '../../../kernel/rejection.ts';
import { compare } from '../../../lib/decimal.ts';
import { accountDecider } from '../../accounts/account.ts';
import { hasRoomForShares } from '../../accounts/holdings.ts';
import { AccountNotFound, AccountNotOpen, CurrencyMismatch } from '../../accounts/rejections.ts';
import { assertStatus } from '../../accounts/rules.ts';
import { InstrumentNotFound, InvalidPrice } from '../../market/commands.ts';
import { noRoomForShares } from '../matching/capacity.ts';
import { openMarket } from '../matching/session.ts';
import { InvalidQuantity } from '../rejections.ts';
import { assertCurrency, lotsOf } from './place-order.ts';

export interface DepositShares {
  readonly accountId: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly costPrice: string;
  readonly reference: string | null;
}

export const depositShares: CommandDefinition<DepositShares> = {
  name: 'depositShares',
  description: 'Brings shares from outside into an account that is not closed, at their cost.',
  rejections: [
    AccountNotFound,
    AccountNotOpen,
    InstrumentNotFound,
    CurrencyMismatch,
    InvalidQuantity,
    InvalidPrice,
  ],
  target: ({ accountId }) => ({ decider: accountDecider, id: accountId }),
  handle({ accountId, symbol, quantity, costPrice, reference }, context) {
    const market = openMarket(context, symbol);
    const account = market.account(accountId);
    assertStatus(account, ['OPEN', 'FROZEN']);
    assertCurrency(market, accountId);
    lotsOf(market, quantity);
    if (!hasRoomForShares(account.holdings, symbol, quantity)) {
      const { lotSize } = market.terms.instrument;
      reject(InvalidQuantity, noRoomForShares(symbol, quantity), { quantity, lotSize });
    }
    if (compare(costPrice, '0') < 0) {
      reject(InvalidPrice, `a cost is not negative, as ${costPrice} is`, { price: costPrice });
    }
    const { currency } = market.terms.instrument;
    market.recordInAccount(accountId, {
      type: 'SharesDeposited',
      data: { symbol, quantity, costPrice, currency, reference },
    });
  },
};
