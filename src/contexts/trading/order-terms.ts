import type { EnumDefinition } from '../../kernel/field.ts';
import { oneLine } from '../../lib/one-line.ts';

export type OrderType = 'MARKET' | 'LIMIT' | 'STOP' | 'STOP_LIMIT';
export type TimeInForce = 'DAY' | 'GTC' | 'IOC' | 'FOK' | 'GTD';

export const orderTypeEnum: EnumDefinition<OrderType> = {
  name: 'OrderType',
  description: 'The type of an order.',
  values: {
    MARKET: 'The order trades immediately at any price and never rests.',
    LIMIT: 'The order trades at its limit price or a better one.',
    STOP: oneLine`The order waits until the last price reaches its stop price. It then enters the
      market as a MARKET order.`,
    STOP_LIMIT: oneLine`The order waits until the last price reaches its stop price. It then enters
      the market as a LIMIT order.`,
  },
};

export const timeInForceEnum: EnumDefinition<TimeInForce> = {
  name: 'TimeInForce',
  description: 'The time for which an order is in force.',
  values: {
    DAY: 'The order expires at the end of the UTC day on which it was placed.',
    GTC: 'The order is open until it is filled or canceled.',
    IOC: 'The order trades immediately, and its remainder is canceled.',
    FOK: 'The order trades immediately and in full, or is canceled.',
    GTD: 'The order expires at its `expiresAt`.',
  },
};
