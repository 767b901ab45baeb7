import type { ApiModule } from '../api/schema.ts';
import { accountsModule } from './accounts/api/api.ts';
import { marketModule } from './market/api/api.ts';
import { tradingModule } from './trading/api/api.ts';

/** Every product of this server. To add one, add its folder beside this file and its module here. */
export const modules: readonly ApiModule[] = [accountsModule, marketModule, tradingModule];
