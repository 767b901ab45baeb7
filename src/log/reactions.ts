import { UpgradeNeededError } from '../kernel/upgrade-needed.ts';
import type { Executor, Query } from '../postgres/database.ts';

/** Compares the reactions of this program with those of all programs that decide on the log. */
interface ReactionRegistry {
  /**
   * Registers the reactions of this program; call it before the first decision. If some are new,
   * the epoch of the log is raised in the same transaction, so that nothing that was decided
   * without them is appended afterwards.
   */
  register(executor: Executor): Promise<void>;
  /**
   * Throws `UpgradeNeededError` if this program lacks a registered reaction. Call it after the
   * epoch was read: a reaction that is registered later raises the epoch again.
   */
  assertDecides(executor: Executor): Promise<void>;
}

/** Another program uses reactions that this program lacks. */
class ReactionMissingError extends UpgradeNeededError {
  constructor(readonly reactions: readonly string[]) {
    const names = reactions.join(', ');
    super(`this server is older than the log and lacks the reactions ${names}: upgrade it`);
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

/** `names`: the names of all reactions of this program, including those that it no longer uses. */
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
