import type { Decider } from './decider.ts';
import type { View } from './view.ts';

/** What an actor may do with an account of another owner. Each value includes those before it. */
export type Access = 'VIEW' | 'TRADE' | 'FULL';

/** The part of an account on which rights depend. */
export type AccountRights = {
  /** The actor to whom the account belongs. */
  readonly owner: string;
  readonly grants: readonly { readonly actor: string; readonly access: Access }[];
};

/** Where the rights to accounts are found: readers use the view, and commands the streams. */
export interface RightsSource {
  readonly view: View<AccountRights>;
  readonly decider: Decider<AccountRights | null>;
}
