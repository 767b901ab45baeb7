import type { KeyedVariables } from './idempotency-keys.ts';
import { newId } from './new-id.ts';
import { type Endpoint, type SentOperation, sendMutation } from './operation.ts';
import type { RetryLimits } from './retry.ts';
import type { CommandStore, UnfinishedCommand } from './unfinished.ts';

type Mutation = SentOperation & KeyedVariables;

interface Sender {
  send(mutation: Mutation, limits: RetryLimits): Promise<unknown>;
  resend(command: UnfinishedCommand, name: string | null, limits: RetryLimits): Promise<unknown>;
  unfinished(): Promise<readonly UnfinishedCommand[]>;
}

/** Sends mutations. Keeps those that are repeatable in the store until their outcome is known. */
export function createSender(endpoint: Endpoint, store: CommandStore | undefined): Sender {
  const underWay = new Set<string>();

  async function deliver(
    id: string,
    mutation: Mutation,
    limits: RetryLimits,
    isUnknown: boolean,
  ): Promise<unknown> {
    underWay.add(id);
    const outcome = { isUnknown };
    try {
      return await sendMutation(endpoint, mutation, limits, outcome);
    } finally {
      underWay.delete(id);
      // A command that stays in the store by mistake is harmless: it is answered from its record.
      if (!outcome.isUnknown) await forget(id).catch(() => {});
    }
  }

  async function forget(id: string): Promise<void> {
    await store?.remove(id);
  }

  return {
    async send(mutation, limits) {
      if (store === undefined || !mutation.isRepeatable) {
        return sendMutation(endpoint, mutation, limits, { isUnknown: false });
      }
      const { text: document, variables } = mutation;
      const id = newId();
      underWay.add(id);
      try {
        await store.save({ id, document, variables, savedAt: new Date().toISOString() });
      } catch (error) {
        underWay.delete(id);
        throw error;
      }
      return deliver(id, mutation, limits, false);
    },
    resend({ id, document: text, variables }, name, limits) {
      return deliver(id, { text, name, variables, isRepeatable: true }, limits, true);
    },
    async unfinished() {
      const commands = (await store?.load()) ?? [];
      return commands.filter(({ id }) => !underWay.has(id));
    },
  };
}
