import type { CommandContext } from '../../kernel/command.ts';
import { accountDecider } from './account.ts';
import type { AccountEvent } from './events.ts';
import { canSend } from './rules.ts';

/** The events by which cash or shares leave an account, or are reserved to leave it. */
const outflows: ReadonlySet<AccountEvent['type']> = new Set([
  ...(['CashWithdrawn', 'CashTransferredOut', 'CashHeld'] as const),
  ...(['SharesHeld', 'PurchaseSettled', 'SaleSettled'] as const),
]);

/**
 * Records an event of an account; every command does so here. Throws when the event would let
 * something leave an account that is not open: the command has then not asked `canSend`.
 */
export function recordInAccount(context: CommandContext, id: string, event: AccountEvent): void {
  if (outflows.has(event.type)) {
    const { state } = context.load(accountDecider, id);
    if (state === null || !canSend(state)) {
      throw new Error(`${event.type}: account ${id} is ${state?.status ?? 'not there'}`);
    }
  }
  context.record(accountDecider, id, event);
}
