import type { ObjectRef } from '@pothos/core';
import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiTypes } from '../../../api/builder.ts';
import { idAt } from '../../../api/node-id.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { isZero } from '../../../lib/decimal.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { parseUuid } from '../../../lib/uuid.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import type { Views } from '../../../views/views.ts';
import { findInstrument, instrumentTypes } from '../../market/api/instrument.ts';
import { lastPricesView } from '../../market/views.ts';
import { shownCostOf, type ValuedPosition, valuePosition } from '../views/portfolio.ts';
import type { Position } from '../views/position.ts';
import { positionsView, toPositionKey } from '../views/positions.ts';
import { missing } from './read.ts';

/** A position at a read point, valued at the last known price. */
interface PositionAt extends ValuedPosition {
  readonly typename: 'Position';
  readonly at: ReadPoint;
}

export function toPositionAt(position: ValuedPosition, at: ReadPoint): PositionAt {
  return { ...position, typename: 'Position', at };
}

const prefix = 'position-';

/** Adds the type Position. */
export function addPositionType(parts: ApiParts) {
  const { instrument } = instrumentTypes(parts);
  const position = parts.builder.objectRef<PositionAt>('Position').implement({
    description: oneLine`A position: the shares of one instrument that an account holds. All amounts
      are in the account's currency.`,
    interfaces: [parts.nodes.node],
    fields: (t) => ({
      id: t.id({
        description: oneLine`The id of the position at the moment at which it was read:
          "position-<accountId>-<symbol>", and with \`asOf\` also "@" and the sequence number.`,
        resolve: ({ position: { accountId, symbol }, at }) =>
          idAt(`${prefix}${accountId}-${symbol}`, at),
      }),
      symbol: t.id({
        description: 'The symbol of the instrument.',
        resolve: ({ position }) => position.symbol,
      }),
      instrument: t.field({
        type: instrument,
        description: 'The instrument whose shares the account holds.',
        resolve: async ({ position: { symbol }, at }, _args, context) =>
          (await findInstrument(context, symbol, at)) ?? missing('instrument', symbol, at),
      }),
      quantity: t.field({
        type: 'Decimal',
        description: 'The number of shares, including reserved shares.',
        resolve: ({ position }) => position.quantity,
      }),
      held: t.field({
        type: 'Decimal',
        description: 'The number of shares that are reserved for open orders.',
        resolve: ({ position }) => position.held,
      }),
    }),
  });
  addPositionValue(parts, position);
  return position;
}

function addPositionValue({ builder }: ApiParts, position: ObjectRef<ApiTypes, PositionAt>): void {
  builder.objectFields(position, (t) => ({
    averageCost: t.field({
      type: 'Decimal',
      description: oneLine`The average cost of one share, including buying fees, rounded half-up
          to 8 decimals. A sale does not change it.`,
      resolve: ({ position }) => position.averageCost,
    }),
    cost: t.field({
      type: 'Decimal',
      description: oneLine`The total cost of the shares, including buying fees. A sale reduces it
          by the cost of the shares sold, in whole minor units, so that nothing is lost to
          rounding.`,
      resolve: ({ position }) => shownCostOf(position),
    }),
    marketPrice: t.expose('marketPrice', {
      type: 'Decimal',
      nullable: true,
      description:
        'The last known price of one share, recorded or traded. Null if no price is known.',
    }),
    marketValue: t.expose('marketValue', {
      type: 'Decimal',
      nullable: true,
      description: oneLine`The quantity times marketPrice, rounded half-up to the minor unit. Null
          if no price is known.`,
    }),
    unrealizedPnl: t.expose('unrealizedPnl', {
      type: 'Decimal',
      nullable: true,
      description: oneLine`The unrealized profit or loss: marketValue less cost, rounded half-up
          to the minor unit. Null if no price is known.`,
    }),
    realizedPnl: t.field({
      type: 'Decimal',
      description: 'The realized profit or loss on the shares sold: proceeds less cost and fees.',
      resolve: ({ position }) => position.realizedPnl,
    }),
  }));
}

/** A position at the price of its instrument at a read point. */
export async function readValue(
  views: Pick<Views, 'document'>,
  position: Position,
  at: ReadPoint,
): Promise<ValuedPosition> {
  const price = await views.document(lastPricesView, position.symbol, at);
  return valuePosition(position, price?.document.price ?? null);
}

/** Finds a position by its key; null if the text is no key or the account holds no such shares. */
export async function findPosition(
  context: RequestContext,
  key: string,
  at: ReadPoint,
): Promise<PositionAt | null> {
  const { accountId, symbol } =
    /^position-(?<accountId>.{36})-(?<symbol>.+)$/.exec(key)?.groups ?? {};
  const uuid = parseUuid(accountId ?? '');
  if (uuid === null || symbol === undefined) return null;
  if (!(await context.visibility.mayView(uuid))) return null;
  const found = await context.views.document(positionsView, toPositionKey(uuid, symbol), at);
  if (found === null || isZero(found.document.quantity)) return null;
  return toPositionAt(await readValue(context.views, found.document, at), at);
}
