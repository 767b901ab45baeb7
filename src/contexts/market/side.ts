import type { EnumDefinition } from '../../kernel/field.ts';

export type Side = 'BUY' | 'SELL';

export const sideEnum: EnumDefinition<Side> = {
  name: 'Side',
  description: 'The side of an order.',
  values: {
    BUY: 'The order buys shares for cash.',
    SELL: 'The order sells shares for cash.',
  },
};
