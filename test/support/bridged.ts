import { type BridgesSettings, parseBridgeSettings } from '../../src/bridges/settings.ts';
import type { BridgeRow } from '../../src/bridges/store.ts';
import type { Secrets } from '../../src/bridges/targets/secrets.ts';
import * as commands from '../../src/contexts/accounts/commands.ts';
import { modules } from '../../src/contexts/all.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from './engines.ts';
import { silentLogger } from './silent-logger.ts';
import { until } from './until.ts';

const contexts = modules.map(({ context }) => context);

/** The settings of some bridges, as the program reads them. */
export function bridgeSettings(bridges: readonly object[]): BridgesSettings {
  return parseBridgeSettings(JSON.stringify({ bridges }), {
    types: new Set(contexts.flatMap(({ events }) => Object.keys(events))),
    contexts: new Set(contexts.map(({ name }) => name)),
    views: new Set(contexts.flatMap(({ views }) => views.map(({ name }) => name))),
    hasSecret: () => true,
  });
}

interface BridgedOptions {
  readonly logger?: Logger;
  readonly secret?: Secrets;
}

/** An engine of the whole program with bridges, as one process has it. */
export async function startBridgedEngine(
  url: string,
  bridges: readonly object[],
  { logger = silentLogger, secret = () => '' }: BridgedOptions = {},
): Promise<TestEngine> {
  const settings = bridgeSettings(bridges);
  return startTestEngine(url, contexts, logger, { settings, secret });
}

/** Opens accounts at once: one event each, on separate streams. */
export async function openAccounts(engine: TestEngine, count: number): Promise<void> {
  const input = { owner: 'Ada', currency: 'EUR' };
  const open = () => engine.accept(commands.openAccount, { accountId: newUuid(), ...input });
  await Promise.all(Array.from({ length: count }, open));
}

/** Opens an account and makes deposits into it, one after the other. */
export async function deposit(engine: TestEngine, count: number): Promise<void> {
  const accountId = newUuid();
  await engine.accept(commands.openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
  for (let n = 0; n < count; n += 1) {
    await engine.accept(commands.depositCash, { accountId, amount: '1.00', reference: null });
  }
}

/** The row of the first bridge, which its first leader records. */
export async function bridgeOf(engine: TestEngine): Promise<BridgeRow> {
  await until(async () => (await engine.bridges.rows()).length > 0);
  const [row] = await engine.bridges.rows();
  if (row === undefined) throw new Error('there is no bridge');
  return row;
}

/** Whether the first bridge has delivered the whole log. */
export async function isDelivered(engine: TestEngine): Promise<boolean> {
  const { sequence } = await engine.log.head();
  const rows = await engine.bridges.rows();
  return rows.length > 0 && rows[0]?.checkpoint === sequence;
}

/** Waits until the first bridge has delivered the whole log; an error has all rows. */
export async function untilDelivered(engine: TestEngine, timeoutMs = 20_000): Promise<void> {
  await until(() => isDelivered(engine), timeoutMs, engine.bridges.rows);
}
