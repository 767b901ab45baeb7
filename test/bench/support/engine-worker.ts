import { randomUUID } from 'node:crypto';
import type { Engine } from '../../../src/engine.ts';
import { allRoles } from '../../../src/kernel/role.ts';
import { testMasterKeys } from '../../support/master-keys.ts';
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
const { startEngine } = await importBuilt<typeof import('../../../src/engine.ts')>('engine.js');

/** Daybook's engine without its API; commands go directly to the processor. */
answerJobs({ start, append });

const request = {
  options: {},
  actor: 'bench',
  roles: allRoles,
  transport: 'http',
  correlationId: null,
  causationId: null,
} as const;
const viewsTimeoutMs = 120_000;
let engine: Engine;
let hasViews = false;
let ids: readonly string[] = [];

interface EngineSetup {
  readonly url: string;
  readonly streams: number;
  /** False: the log alone. */
  readonly withViews: boolean;
}

async function start({ url, streams, withViews }: EngineSetup): Promise<void> {
  hasViews = withViews;
  const database = await openDatabase(url);
  const contexts = [withViews ? accounts : { ...accounts, views: [] }];
  engine = await startEngine({
    database,
    url,
    contexts,
    logger: silentLogger,
    masterKeys: testMasterKeys(),
  });
  ids = Array.from({ length: streams }, () => randomUUID());
  await Promise.all(
    ids.map((accountId) => {
      const account = { accountId, owner: 'bench', currency: 'USD' };
      return engine.processor.submit({ ...request, definition: openAccount, input: account });
    }),
  );
}

/** Returns the rate and, with views, the time that they then took to catch up with the log. */
async function append(options: RateOptions) {
  const rate = await measureRate(options, deposit);
  if (!hasViews) return rate;
  const endedAt = performance.now();
  const { sequence } = await deposit();
  const isVisible = await engine.views.waitFor(sequence, viewsTimeoutMs);
  if (!isVisible) throw new Error('the views did not catch up');
  return { ...rate, viewsMs: performance.now() - endedAt };
}

async function deposit() {
  const input = { accountId: pick(ids), amount: '1.00' };
  const result = await engine.processor.submit({ ...request, definition: depositCash, input });
  if (result.rejection !== null) throw new Error(result.rejection.message);
  return result;
}
