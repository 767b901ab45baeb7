import { buildSchema } from '../../src/api/schema.ts';
import { createSubmitMutation } from '../../src/api/submit-mutation.ts';
import type { CommandResult } from '../../src/commands/request.ts';
import { modules } from '../../src/contexts/all.ts';
import { type Engine, type EngineBridges, startEngine } from '../../src/engine.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import type { BoundedContext } from '../../src/kernel/context.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { allRoles } from '../../src/kernel/role.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { createDatabase, type Executor } from '../../src/postgres/database.ts';
import { testMasterKeys } from './master-keys.ts';
import { wholeLog } from './processing.ts';
import { sql } from './rows.ts';
import { silentLogger } from './silent-logger.ts';

/** An engine as one process has it, with its own connections. */
export interface TestEngine extends Engine {
  /** Sends a command; throws if it is rejected. */
  accept<Input>(definition: CommandDefinition<Input>, input: Input): Promise<CommandResult>;
  /** All events of a type, in order. */
  recorded(type: string): Promise<readonly StoredEvent[]>;
}

export async function startTestEngine(
  url: string,
  contexts: readonly BoundedContext[],
  logger: Logger = silentLogger,
  bridges?: Pick<EngineBridges, 'settings' | 'secret'>,
): Promise<TestEngine> {
  const database = createDatabase({
    url,
    applicationName: 'engine',
    poolMax: 4,
    log: silentLogger,
    statementTimeoutMs: 20_000,
    connectTimeoutMs: 5_000,
  });
  const createSubmit: EngineBridges['createSubmit'] = (engine) =>
    createSubmitMutation({ schema: buildSchema(modules), engine, logger });
  const engine = await startEngine({
    database,
    url,
    contexts,
    logger,
    masterKeys: testMasterKeys(),
    ...(bridges && { bridges: { ...bridges, createSubmit } }),
  }).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  return {
    ...engine,
    async accept(definition, input) {
      const result = await engine.processor.submit({
        definition,
        input,
        options: {},
        actor: 'ann',
        roles: allRoles,
        transport: 'http',
        correlationId: null,
        causationId: null,
      });
      if (result.rejection !== null) throw new Error(result.rejection.message);
      return result;
    },
    recorded: (type) => engine.log.events({ types: [type] }, wholeLog),
    stop() {
      stopped ??= engine.stop().then(database.stop);
      return stopped;
    },
  };
}

/** The number of process managers that any process runs now. */
export async function countRun(executor: Executor): Promise<number> {
  const [row] = await sql<{ count: number }>(
    executor,
    `select count(*) from leases
     where name like 'daybook.consumers %' and expires_at > clock_timestamp()`,
  );
  return row?.count ?? 0;
}
