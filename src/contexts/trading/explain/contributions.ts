import { entityIdOf } from '../../../kernel/decider.ts';
import type { StoredEvent } from '../../../kernel/event.ts';
import { isZero } from '../../../lib/decimal.ts';
import { evolveAccount } from '../../accounts/account.ts';
import type { StoredAccountEvent } from '../../accounts/events.ts';
import { holdingChangeOf } from '../../accounts/holdings.ts';
import { positionsView, toPositionKey } from '../views/positions.ts';
import type { FigureRule, Holder } from './figures.ts';

/** What an event has added to a figure, and the figure before and after it. */
export interface Contribution {
  readonly event: StoredEvent;
  readonly amount: string;
  readonly before: string;
  readonly after: string;
}

/** Whether a figure can depend on an event of its account. */
export function concerns(rule: FigureRule, event: StoredEvent): boolean {
  if (!rule.types.includes(event.type)) return false;
  if (!rule.isOfPositions || rule.symbol === null) return true;
  return holdingChangeOf(event as StoredAccountEvent)?.symbol === rule.symbol;
}

/**
 * The contributions of the events that a figure depends on, in order, from the state right before
 * the first of them. Events that do not change the figure are left out.
 */
export function contributionsOf(
  rule: FigureRule,
  holder: Holder,
  events: readonly StoredEvent[],
): readonly Contribution[] {
  const contributions: Contribution[] = [];
  let state = holder;
  let before = rule.valueOf(state);
  for (const event of events) {
    state = evolve(rule, state, event);
    const after = rule.valueOf(state);
    const amount = rule.changeOf(before, after);
    if (!isZero(amount)) contributions.push({ event, amount, before, after });
    before = after;
  }
  return contributions;
}

function evolve({ isOfPositions }: FigureRule, holder: Holder, event: StoredEvent): Holder {
  const known = event as StoredAccountEvent;
  const { account, positions } = holder;
  if (!isOfPositions) return { account: evolveAccount(account, known), positions };
  const symbol = holdingChangeOf(known)?.symbol;
  if (symbol === undefined) return holder;
  const key = toPositionKey(entityIdOf(event.streamId), symbol);
  const after = positionsView.evolve(positions.get(symbol), event, key);
  if (after === undefined) throw new Error(`${event.type} has removed the position ${key}`);
  return { account, positions: new Map(positions).set(symbol, after) };
}
