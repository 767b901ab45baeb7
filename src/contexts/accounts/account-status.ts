import type { EnumDefinition } from '../../kernel/field.ts';
import { oneLine } from '../../lib/one-line.ts';

export type AccountStatus = 'OPEN' | 'FROZEN' | 'CLOSED';

export const accountStatusEnum: EnumDefinition<AccountStatus> = {
  name: 'AccountStatus',
  description: 'The status of an account.',
  values: {
    OPEN: 'Cash and shares can enter and leave the account.',
    FROZEN: oneLine`Cash and shares can enter the account, but cannot leave it. The account can be
      opened again.`,
    CLOSED: 'The account is empty and permanently closed.',
  },
};
