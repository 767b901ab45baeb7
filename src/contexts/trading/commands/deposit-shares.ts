import type { CommandDefinition } from '../../../kernel/command.ts';
import { reject } from '../../../kernel/rejection.ts';
import { compare, multiply } from '../../../lib/decimal.ts';
import { accountDecider } from '../../accounts/account.ts';
import { hasShareCapacity } from '../../accounts/holdings.ts';
import { AccountNotFound, AccountNotOpen, CurrencyMismatch } from '../../accounts/rejections.ts';
import { accountRight } from '../../accounts/rights.ts';
import { assertStatus } from '../../accounts/rules.ts';
import { InstrumentNotFound, InvalidPrice } from '../../market/commands.ts';
import { sharesOverCapacity } from '../matching/capacity.ts';
import { openSession } from '../matching/session.ts';
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
  description: 'Deposits shares, with their cost, into an account that is open or frozen.',
  right: accountRight('OPERATOR', ({ accountId }) => accountId),
  rejections: [
    AccountNotFound,
    AccountNotOpen,
    InstrumentNotFound,
    CurrencyMismatch,
    InvalidQuantity,
    InvalidPrice,
  ],
  personal: ['reference'],
  target: ({ accountId }) => ({ decider: accountDecider, id: accountId }),
  handle({ accountId, symbol, quantity, costPrice, reference }, context) {
    const market = openSession(context, symbol);
    const account = market.account(accountId);
    assertStatus(account, ['OPEN', 'FROZEN']);
    assertCurrency(market, accountId);
    lotsOf(market, quantity);
    if (!hasShareCapacity(account.holdings, symbol, quantity)) {
      const { lotSize } = market.units.instrument;
      reject(InvalidQuantity, sharesOverCapacity(symbol, quantity), { quantity, lotSize });
    }
    if (compare(costPrice, '0') < 0) {
      reject(InvalidPrice, `costPrice must be zero or more, not ${costPrice}`, {
        price: costPrice,
      });
    }
    const { currency } = market.units.instrument;
    market.recordInAccount(accountId, {
      type: 'SharesDeposited',
      data: { symbol, quantity, cost: multiply(costPrice, quantity), currency, reference },
    });
  },
};
