import { UpgradeNeededError } from '../kernel/upgrade-needed.ts';
import type { Executor, Query } from '../postgres/database.ts';

/** The reactions of all programs that decide commands on one log, and those of this program. */
export interface ReactionRegistry {
  /**
   * Registers the reactions of this program before its first decision. When some are new, the epoch of
   * the log is raised in the same transaction: nothing that was decided without them is appended after.
   */
  register(executor: Executor): Promise<void>;
  /**
   * Throws `UpgradeNeededError` when this program lacks a reaction that is registered. To be called
   * after the epoch was read: a reaction registered later raises it once more.
   */
  assertDecides(executor: Executor): Promise<void>;
}

/** Another program decides with reactions that this one lacks. */
export class ReactionMissingError extends UpgradeNeededError {
  constructor(readonly reactions: readonly string[]) {
    super(
      `this server is older than the log and lacks the reaction ${reactions.join(', ')}: upgrade it`,
    );
  }
}

const register: Query = {
  name: 'register_reactions',
  text: 'select register_reactions($1::text[])',
};

const missing: Query = {
  name: 'missing_reactions',
  text: 'select name from reactions where name <> all ($1::text[]) order by name',
};

/** `names`: of all reactions of this program, those that have been given up included. */
export function createReactionRegistry(names: readonly string[]): ReactionRegistry {
  return {
    async register(executor) {
      await executor.query(register, [names]);
    },
    async assertDecides(executor) {
      const rows = await executor.query<{ readonly name: string }>(missing, [names]);
      if (rows.length > 0) throw new ReactionMissingError(rows.map(({ name }) => name));
    },
  };
}
