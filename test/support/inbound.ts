import { parseBridgeSettings } from '../../src/bridges/settings.ts';
import { openAccount } from '../../src/contexts/accounts/commands.ts';
import { modules } from '../../src/contexts/all.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from './engines.ts';
import type { InboundBus, SentMessage } from './inbound-buses.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { sql } from './rows.ts';

const contexts = modules.map(({ context }) => context);

/** An engine with one bridge that brings commands in; null: with none. */
export function startInboundEngine(
  url: string,
  entry: object | null,
  logger?: Logger,
): Promise<TestEngine> {
  const settings = parseBridgeSettings(JSON.stringify({ inbound: entry === null ? [] : [entry] }), {
    types: new Set(),
    contexts: new Set(),
    views: new Set(),
    hasSecret: () => true,
  });
  return startTestEngine(url, contexts, logger, { settings, secret: () => '' });
}

/** A database and a bus for one test. */
export interface InboundSetup {
  readonly testDatabase: TestDatabase;
  readonly bus: InboundBus;
  start(url?: string): Promise<TestEngine>;
  /** Opens accounts; returns their ids. */
  openAccounts(count: number): Promise<readonly string[]>;
  /** The numbers of deposits and withdrawals in the log. */
  counts(): Promise<Readonly<Record<string, number>>>;
  isDrained(): Promise<boolean>;
  dispose(): Promise<void>;
}

export async function createInboundSetup(open: () => Promise<InboundBus>): Promise<InboundSetup> {
  const testDatabase = await createTestDatabase();
  const bus = await open();
  const started: TestEngine[] = [];
  return {
    testDatabase,
    bus,
    async start(url = testDatabase.url) {
      const engine = await startInboundEngine(url, bus.entry);
      started.push(engine);
      return engine;
    },
    async openAccounts(count) {
      const engine = await startInboundEngine(testDatabase.url, null);
      const ids = Array.from({ length: count }, newUuid);
      for (const accountId of ids) {
        await engine.accept(openAccount, { accountId, owner: 'Ada', currency: 'EUR' });
      }
      await engine.stop();
      return ids;
    },
    async counts() {
      const rows = await sql<{ readonly type: string; readonly count: number }>(
        testDatabase.database,
        `select type, count(*)::integer as count from events
         where type like 'Cash%' group by type`,
      );
      return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
    },
    isDrained: async () => (await bus.unread()) === 0,
    async dispose() {
      for (const engine of started) await engine.stop();
      await bus.dispose();
      await testDatabase.dispose();
    },
  };
}

export function deposit(accountId: string, more: object = {}): SentMessage {
  const input = Object.assign({ accountId, amount: '10.00', reference: null }, more);
  return [accountId, { mutation: 'depositCash', input }];
}

export function withdraw(accountId: string, amount = '10.00'): SentMessage {
  return [accountId, { mutation: 'withdrawCash', input: { accountId, amount } }];
}
