import {
  createProcessor,
  type Processor,
  type ProcessorOptions,
} from '../../src/commands/processor.ts';
import type { CommandResult } from '../../src/commands/request.ts';
import { depositCash, openAccount, withdrawCash } from '../../src/contexts/accounts/commands.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import type { CommandDefinition, CommandOptions } from '../../src/kernel/command.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { allRoles } from '../../src/kernel/role.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { createTestKeys } from './master-keys.ts';
import { silentLogger } from './silent-logger.ts';

export const accountDefinitions = eventDefinitionsOf([accounts]);
export const wholeLog = { limit: 100_000 };

/** A processor of the accounts context, as one process has it. */
export interface TestProcess {
  readonly log: Log;
  readonly processor: Processor;
  /** The events that the processor has reported as appended. */
  readonly appended: readonly StoredEvent[];
  submit<Input>(
    definition: CommandDefinition<Input>,
    input: Input,
    options?: CommandOptions & { readonly actor?: string },
  ): Promise<CommandResult>;
  /** Opens an account and deposits cash. */
  open(balance?: string): Promise<string>;
  deposit(accountId: string, amount: string, options?: CommandOptions): Promise<CommandResult>;
  withdraw(accountId: string, amount: string, options?: CommandOptions): Promise<CommandResult>;
}

export function createTestProcess(
  database: Database,
  options: Partial<ProcessorOptions> = {},
): TestProcess {
  const log = createLog(database, accountDefinitions);
  const appended: StoredEvent[] = [];
  const processor = createProcessor({
    log,
    definitions: accountDefinitions,
    keys: createTestKeys(database),
    logger: silentLogger,
    onAppended: (events) => appended.push(...events),
    ...options,
  });
  const submit: TestProcess['submit'] = (definition, input, { actor = 'ann', ...rest } = {}) =>
    processor.submit({
      definition,
      input,
      options: rest,
      actor,
      roles: allRoles,
      transport: 'http',
      correlationId: null,
      causationId: null,
    });
  const process: TestProcess = {
    log,
    processor,
    appended,
    submit,
    async open(balance) {
      const accountId = newUuid();
      await submit(openAccount, { accountId, owner: 'ann', currency: 'USD' });
      if (balance !== undefined) await process.deposit(accountId, balance);
      return accountId;
    },
    deposit: (accountId, amount, rest) => submit(depositCash, { accountId, amount }, rest),
    withdraw: (accountId, amount, rest) => submit(withdrawCash, { accountId, amount }, rest),
  };
  return process;
}

/** Runs work with a separate pool at a URL. */
export async function withDatabase<T>(
  url: string,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = createDatabase({
    url,
    applicationName: 'another process',
    poolMax: 4,
    statementTimeoutMs: 20_000,
    log: silentLogger,
  });
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}
