import type { Engine } from '../../../../src/engine.ts';
import type { Database } from '../../../../src/postgres/database.ts';
import { testMasterKeys } from '../../../support/master-keys.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { answerJobs } from '../answer-jobs.mjs';
import { importBuilt } from '../built.ts';
import { openDatabase } from '../database.ts';

const { parseBridgeSettings } =
  await importBuilt<typeof import('../../../../src/bridges/settings.ts')>('bridges/settings.js');
const { accounts } = await importBuilt<
  typeof import('../../../../src/contexts/accounts/context.ts')
>('contexts/accounts/context.js');
const { startEngine } = await importBuilt<typeof import('../../../../src/engine.ts')>('engine.js');

/** Daybook's engine with one bridge and nothing else: no views, no API. */
answerJobs({ start, isDelivered, megabytes, stop });

let database: Database;
let engine: Engine;

interface BridgeSetup {
  readonly url: string;
  /** The bridge as the configuration has it. */
  readonly bridge: object;
}

async function start({ url, bridge }: BridgeSetup): Promise<void> {
  const settings = parseBridgeSettings(JSON.stringify({ bridges: [bridge] }), {
    types: new Set(),
    contexts: new Set(),
    views: new Set(),
    hasSecret: () => true,
  });
  const bridges = { settings, secret: () => '', createSubmit: () => submitNothing };
  database = await openDatabase(url);
  engine = await startEngine({
    database,
    url,
    contexts: [{ ...accounts, views: [] }],
    logger: silentLogger,
    masterKeys: testMasterKeys(),
    bridges,
  });
}

/** No bridge of this process brings commands in. */
function submitNothing(): Promise<never> {
  throw new Error('there is no bridge that brings commands in');
}

/** Whether the bridge has saved the end of the log as its position; throws if it is parked. */
async function isDelivered({ name }: { readonly name: string }): Promise<boolean> {
  const row = (await engine.bridges.rows()).find((one) => one.name === name);
  if (row?.parked) throw new Error(`the bridge is parked: ${row.error}`);
  return row !== undefined && row.checkpoint === row.headSequence;
}

/** The memory of this process. */
function megabytes(): number {
  return process.memoryUsage.rss() / (1 << 20);
}

/** Finishes what is in flight and gives back the lease. */
async function stop(): Promise<void> {
  await engine.stop();
  await database.stop();
}
