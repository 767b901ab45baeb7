import type { ApiModule } from '../api/schema.ts';
import { accountsModule } from './accounts/api/api.ts';
import { marketModule } from './market/api/api.ts';
import { partiesModule } from './parties/api/api.ts';
import { tradingModule } from './trading/api/api.ts';

/** Every product of this server. */
export const modules: readonly ApiModule[] = [
  // To add a product, import its module and name it here.
  accountsModule,
  marketModule,
  tradingModule,
  partiesModule,
];
