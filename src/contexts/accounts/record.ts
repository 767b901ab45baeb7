import type { CommandContext } from '../../kernel/command.ts';
import { accountDecider } from './account.ts';
import type { AccountEvent } from './events.ts';
import { canSend } from './rules.ts';

/** The events with which cash or shares leave an account or are reserved. */
const outflows: ReadonlySet<AccountEvent['type']> = new Set([
  'CashWithdrawn',
  'CashTransferredOut',
  'CashHeld',
  'SharesHeld',
  'PurchaseSettled',
  'SaleSettled',
]);

/**
 * Records an event of an account. All commands record such events through this function. It throws
 * if cash or shares would leave an account that is not open, because the command has not checked
 * `canSend`.
 */
export function recordInAccount(context: CommandContext, id: string, event: AccountEvent): void {
  if (outflows.has(event.type)) {
    const { state } = context.load(accountDecider, id);
    if (state === null || !canSend(state)) {
      throw new Error(
        `cannot record ${event.type}: account ${id} is ${state?.status ?? 'not opened'}`,
      );
    }
  }
  context.record(accountDecider, id, event);
}
