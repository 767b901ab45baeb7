import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { type BridgesSettings, parseBridgeSettings } from '../../src/bridges/settings.ts';
import { openAccount } from '../../src/contexts/accounts/commands.ts';
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
    views: new Set(),
    hasSecret: () => true,
  });
}

/** An engine with bridges; every secret has the same value. */
export function startBridging(
  url: string,
  bridges: readonly object[],
  { secret = '', logger = silentLogger }: { secret?: string; logger?: Logger } = {},
): Promise<TestEngine> {
  const settings = bridgeSettings(bridges);
  return startTestEngine(url, contexts, logger, { settings, secret: () => secret });
}

/** Starts an engine with bridges in another process, which tests kill. */
export function spawnBridging(
  url: string,
  bridges: readonly object[],
  secret = '',
): { readonly child: ChildProcess; kill(): Promise<void> } {
  const file = path.join(import.meta.dirname, 'bridging-child.ts');
  const args = ['--import', 'tsx', file, url, JSON.stringify(bridges), secret];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  return {
    child,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Opens accounts at once: one event each, on separate streams. */
export async function openAccounts(engine: TestEngine, count: number): Promise<void> {
  const input = { owner: 'Ada', currency: 'EUR' };
  const open = () => engine.accept(openAccount, { accountId: newUuid(), ...input });
  await Promise.all(Array.from({ length: count }, open));
}

/** Waits until the only bridge has delivered all events of the log. */
export function untilDelivered(engine: TestEngine): Promise<void> {
  return until(() => isDelivered(engine), 40_000);
}

/** Whether the only bridge has delivered all events of the log. */
export async function isDelivered(engine: TestEngine): Promise<boolean> {
  const [row] = await engine.bridges.rows();
  return row !== undefined && row.checkpoint === (await engine.log.head()).sequence;
}
