import { randomUUID } from 'node:crypto';
import { allRoles } from '../../../src/kernel/role.ts';
import { testMasterKeys } from '../../support/master-keys.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';
import { openDatabase } from './database.ts';
import type { RightsJob } from './rights-job.ts';

const { createRequestContext } =
  await importBuilt<typeof import('../../../src/api/request-context.ts')>('api/request-context.js');
const { buildSchema } =
  await importBuilt<typeof import('../../../src/api/schema.ts')>('api/schema.js');
const { createApiServer } =
  await importBuilt<typeof import('../../../src/api/transport/server.ts')>(
    'api/transport/server.js',
  );
const commands = await importBuilt<typeof import('../../../src/contexts/accounts/commands.ts')>(
  'contexts/accounts/commands.js',
);
const { modules } =
  await importBuilt<typeof import('../../../src/contexts/all.ts')>('contexts/all.js');
const { startEngine } = await importBuilt<typeof import('../../../src/engine.ts')>('engine.js');

const { defaultActorLimits } = await importBuilt<
  typeof import('../../../src/api/transport/actor-limits.ts')
>('api/transport/actor-limits.js');
const { byRole } = defaultActorLimits;

type Context = ReturnType<typeof createRequestContext>;

/** A server with authentication, with rights or without them. */
answerJobs({ start });

const atOnce = 1_000;

/** Returns the port. */
async function start(job: RightsJob): Promise<number> {
  const { url, secret, hasRights, recordsCommands } = job;
  const database = await openDatabase(url);
  const contexts = modules.map(({ context }) => context);
  const engine = await startEngine({
    database,
    url,
    contexts,
    logger: silentLogger,
    recordsCommands,
    masterKeys: testMasterKeys(),
  });
  await openAccounts(engine, job);
  if (!hasRights) {
    for (const command of Object.values(commands)) {
      if ('right' in command) Object.assign(command, { right: { holders: '', assert() {} } });
    }
  }
  const server = await createApiServer({
    host: '127.0.0.1',
    port: 0,
    schema: buildSchema(modules),
    createContext(init) {
      const context = createRequestContext(engine, init);
      return hasRights ? context : withoutRights(context);
    },
    authentication: { jwt: { secret } },
    ready: async () => ({ ready: true }),
    // The owner asks for more than a customer may.
    actorLimits: { ...defaultActorLimits, byRole: { ...byRole, CUSTOMER: byRole.OPERATOR } },
    examples: [],
    log: silentLogger,
  });
  return Number(new URL(server.url).port);
}

type Engine = Awaited<ReturnType<typeof startEngine>>;

async function openAccounts(engine: Engine, { accounts, owners }: RightsJob): Promise<void> {
  const open = (index: number) =>
    engine.processor.submit({
      definition: commands.openAccount,
      input: {
        accountId: randomUUID(),
        owner: owners[index] ?? `owner of ${index}`,
        currency: 'USD',
      },
      options: {},
      actor: 'bench',
      roles: allRoles,
      transport: 'http',
      correlationId: null,
      causationId: null,
    });
  for (let from = 0; from < accounts; from += atOnce) {
    const count = Math.min(atOnce, accounts - from);
    await Promise.all(Array.from({ length: count }, (_, index) => open(from + index)));
  }
  const { sequence } = await engine.log.head();
  if (!(await engine.views.waitFor(sequence, 600_000))) throw new Error('the views are behind');
}

function withoutRights(context: Context): Context {
  const visibility: Context['visibility'] = {
    ...context.visibility,
    ofAll: true,
    mayView: async () => true,
    admits: () => true,
    events: async (events) => events,
  };
  return Object.assign(context, { visibility });
}
