import type { ApiModule } from '../api/schema.ts';
import { addAccountsApi } from './accounts/api/api.ts';
import { accounts } from './accounts/context.ts';
import { addMarketApi } from './market/api/api.ts';
import { market } from './market/context.ts';
import { addTradingApi } from './trading/api/api.ts';
import { trading } from './trading/context.ts';

/** Every bounded context. To add a product, add its folder beside these and a line here. */
export const modules: readonly ApiModule[] = [
  { context: accounts, addApi: addAccountsApi },
  { context: market, addApi: addMarketApi },
  { context: trading, addApi: addTradingApi },
];
