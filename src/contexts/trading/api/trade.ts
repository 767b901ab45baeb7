import type { ObjectRef } from '@pothos/core';
import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiTypes } from '../../../api/builder.ts';
import { idAt } from '../../../api/node-id.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { shownSequence } from '../../../views/read-point.ts';
import type { OrderEnums } from './order-enums.ts';
import { type OrderAt, orderOfTrade, type TradeAt } from './read.ts';

interface Refs extends Pick<OrderEnums, 'side'> {
  readonly order: ObjectRef<ApiTypes, OrderAt>;
  readonly trade: ObjectRef<ApiTypes, TradeAt>;
}

/** Adds the fields of the type Trade. */
export function implementTrade(parts: ApiParts, refs: Refs): void {
  addTrade(parts, refs);
  addTradeCash(parts, refs);
}

function addTrade({ builder, nodes }: ApiParts, refs: Refs): void {
  builder.objectType(refs.trade, {
    description:
      'A trade: shares that changed hands at the price of the order that rested in the book.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({
        description: nodes.idDescription('tradeId'),
        resolve: ({ trade, at }) => idAt(trade.id, at),
      }),
      tradeId: t.id({
        description: 'The UUID of the trade. It is the same at every moment.',
        resolve: ({ trade }) => trade.id,
      }),
      symbol: t.id({
        description: 'The symbol of the instrument.',
        resolve: ({ trade }) => trade.symbol,
      }),
      price: t.field({
        type: 'Decimal',
        description: "The price of one share, in the instrument's currency.",
        resolve: ({ trade }) => trade.price,
      }),
      quantity: t.field({
        type: 'Decimal',
        description: 'The number of shares traded.',
        resolve: ({ trade }) => trade.quantity,
      }),
      aggressor: t.field({
        type: refs.side,
        description: 'The side of the incoming order. The other order rested in the book.',
        resolve: ({ trade }) => trade.aggressor,
      }),
      buyOrder: t.field({
        type: refs.order,
        nullable: true,
        description: 'The order that bought the shares. Null if the actor may not see the order.',
        resolve: ({ trade, at, ordersAt = at }, _args, context) =>
          orderOfTrade(context, trade.buyOrderId, ordersAt),
      }),
      sellOrder: t.field({
        type: refs.order,
        nullable: true,
        description: 'The order that sold the shares. Null if the actor may not see the order.',
        resolve: ({ trade, at, ordersAt = at }, _args, context) =>
          orderOfTrade(context, trade.sellOrderId, ordersAt),
      }),
      executedAt: t.field({
        type: 'DateTime',
        description: oneLine`The time at which the trade was executed. In a dry run that would
          lead to the trade, it is the time at which the dry run was decided.`,
        resolve: ({ trade }) => trade.executedAt,
      }),
      sequence: t.field({
        type: 'Sequence',
        description: oneLine`The sequence number of the event that recorded the trade. In a dry
          run that would lead to the trade, it is the sequence number at which the dry run was
          decided.`,
        resolve: ({ trade, at }) => shownSequence(trade.sequence, at),
      }),
    }),
  });
}

function addTradeCash({ builder }: ApiParts, refs: Refs): void {
  builder.objectFields(refs.trade, (t) => ({
    amount: t.field({
      type: 'Decimal',
      description: oneLine`The price times the quantity, exact, in the instrument's currency. Older
        trades, whose cash was rounded trade by trade, show this amount rounded half-up to the
        minor unit.`,
      resolve: ({ trade }) => trade.amount,
    }),
    buyAmount: t.field({
      type: 'Decimal',
      description: oneLine`The cash that the buyer paid for the shares, without the fee, in the
        instrument's currency. Over the life of an order, these amounts add up to its exact total,
        rounded up once to the minor unit.`,
      resolve: ({ trade }) => trade.buyAmount,
    }),
    sellAmount: t.field({
      type: 'Decimal',
      description: oneLine`The cash that the seller received for the shares, before the fee, in the
        instrument's currency. Over the life of an order, these amounts add up to its exact total,
        rounded down once to the minor unit.`,
      resolve: ({ trade }) => trade.sellAmount,
    }),
    buyFee: t.field({
      type: 'Decimal',
      description: "The fee that the buyer paid, in the instrument's currency.",
      resolve: ({ trade }) => trade.buyFee,
    }),
    sellFee: t.field({
      type: 'Decimal',
      description: "The fee that the seller paid, in the instrument's currency.",
      resolve: ({ trade }) => trade.sellFee,
    }),
  }));
}
