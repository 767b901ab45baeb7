import { randomUUID } from 'node:crypto';
import type { Processor } from '../../../src/commands/processor.ts';
import { allRoles } from '../../../src/kernel/role.ts';
import { createTestKeys } from '../../support/master-keys.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';
import { openDatabase } from './database.ts';
import { measureRate, type RateOptions } from './measure-rate.mjs';
import { pick } from './statistics.ts';

const { depositCash, openAccount } = await importBuilt<
  typeof import('../../../src/contexts/accounts/commands.ts')
>('contexts/accounts/commands.js');
const { accounts } = await importBuilt<typeof import('../../../src/contexts/accounts/context.ts')>(
  'contexts/accounts/context.js',
);
const { eventDefinitionsOf } =
  await importBuilt<typeof import('../../../src/kernel/context.ts')>('kernel/context.js');
const { createLog } = await importBuilt<typeof import('../../../src/log/log.ts')>('log/log.js');
const { createProcessor } =
  await importBuilt<typeof import('../../../src/commands/processor.ts')>('commands/processor.js');
const { migrate } =
  await importBuilt<typeof import('../../../src/postgres/migrate.ts')>('postgres/migrate.js');

/** The processor on the log alone, with or without records of commands. */
answerJobs({ start, deposit });

const request = {
  options: {},
  actor: 'bench',
  roles: allRoles,
  transport: 'http',
  correlationId: null,
  causationId: null,
} as const;
let processor: Processor;
let ids: readonly string[] = [];

interface RecordsSetup {
  readonly url: string;
  readonly streams: number;
  readonly recordsCommands: boolean;
}

async function start({ url, streams, recordsCommands }: RecordsSetup): Promise<void> {
  await migrate(url);
  const definitions = eventDefinitionsOf([accounts]);
  const database = await openDatabase(url);
  processor = createProcessor({
    log: createLog(database, definitions),
    definitions,
    keys: createTestKeys(database),
    logger: silentLogger,
    onAppended() {},
    recordsCommands,
  });
  ids = Array.from({ length: streams }, () => randomUUID());
  await Promise.all(
    ids.map((accountId) => {
      const account = { accountId, owner: 'bench', currency: 'USD' };
      return processor.submit({ ...request, definition: openAccount, input: account });
    }),
  );
}

function deposit(options: RateOptions) {
  return measureRate(options, async () => {
    const input = { accountId: pick(ids), amount: '1.00' };
    const result = await processor.submit({ ...request, definition: depositCash, input });
    if (result.rejection !== null) throw new Error(result.rejection.message);
  });
}
