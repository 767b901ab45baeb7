import { createAnswered } from './api/answered.ts';
import {
  createClientReads,
  defaultReadLimits,
  type ReadLimits,
  watchedViews,
} from './api/client-reads.ts';
import type { EngineParts } from './api/engine-parts.ts';
import type { AccessParts } from './api/visibility.ts';
import { type Bridges, createBridges } from './bridges/bridges.ts';
import { inboundBridge } from './bridges/inbound/inbound.ts';
import type { SubmitMutation } from './bridges/inbound/submit-mutation.ts';
import { outboundBridges } from './bridges/outbound.ts';
import type { BridgesSettings } from './bridges/settings.ts';
import { readLedger } from './bridges/store.ts';
import type { Secrets } from './bridges/targets/secrets.ts';
import { createProcessor } from './commands/processor.ts';
import { createConsumers } from './consumers/consumers.ts';
import { type Pools, poolsOf } from './engine-pools.ts';
import { createFeed } from './feed/feed.ts';
import { createForgetting } from './forgetting.ts';
import { type BoundedContext, eventDefinitionsOf } from './kernel/context.ts';
import { reactionNamesOf, reactionsByType } from './kernel/reaction.ts';
import { UpgradeNeededError } from './kernel/upgrade-needed.ts';
import type { Logger } from './lib/logger.ts';
import { LogReplacedError } from './log/errors.ts';
import { createLog } from './log/log.ts';
import { createReactionRegistry } from './log/reactions.ts';
import { type KeyRing, openKeyRing } from './personal/key-ring.ts';
import type { MasterKeys } from './personal/master-keys.ts';
import type { Database, Executor } from './postgres/database.ts';
import { createListener, type Listener } from './postgres/listener.ts';
import { createProofParts } from './proof/proof-parts.ts';
import type { SigningState } from './proof/signer.ts';
import { createRebuilds } from './rebuild/rebuilds.ts';
import { createViews } from './views/views.ts';
import { createWatcher } from './views/watching/watcher.ts';

/** Log, processor, feed, views and consumers of some bounded contexts, on one migrated database. */
export interface Engine extends EngineParts {
  /**
   * Why only a newer version can do all the work of this log, in one line; null if this one can.
   */
  upgradeNeeded(executor?: Executor): Promise<string | null>;
  readonly listener: Pick<Listener, 'deafMs'>;
  /** Stops waiting for an unreachable database: everything that waits for it is answered. */
  giveUp(): void;
  /** Finishes the accepted commands, then stops all parts. Does not stop the database. */
  stop(): Promise<void>;
}

/** The configuration of bridges, and what those that bring commands in need. */
export interface EngineBridges {
  readonly settings: BridgesSettings;
  readonly secret: Secrets;
  /** Creates what runs the commands of messages, once the parts of the engine exist. */
  readonly createSubmit: (engine: EngineParts) => SubmitMutation;
}

/** The limits of an engine that are settings. */
export interface EngineLimits extends ReadLimits {
  /** How many commands may wait for their decision. */
  readonly commandsWaitingMax: number;
}

export const defaultEngineLimits: EngineLimits = {
  ...defaultReadLimits,
  commandsWaitingMax: 10_000,
};

interface EngineOptions {
  readonly database: Database;
  /** Connections for appends only; those of `database` if absent. */
  readonly writer?: Database;
  /** Connections for reads of clients; those of `database` if absent. */
  readonly readers?: Database;
  /** Connections for renewing leases without delay; those of `database` if absent. */
  readonly keeper?: Database;
  /** The URL of the same database, to which the listener connects. */
  readonly url: string;
  readonly contexts: readonly BoundedContext[];
  readonly logger: Logger;
  /** What wraps the keys of personal data. */
  readonly masterKeys: MasterKeys;
  /** The bridges to run; none if absent. */
  readonly bridges?: EngineBridges;
  /** Whether the record of every command is kept, as it is by default. */
  readonly recordsCommands?: boolean;
  /** What this process has signed of the log; nothing if absent. */
  readonly signing?: () => SigningState;
  /** `defaultEngineLimits` if absent. */
  readonly limits?: EngineLimits;
  /** Called when archived events are needed; returns whether they are being fetched back. */
  readonly fetchBack?: (() => boolean) | undefined;
  /** Called when the log was restored to an earlier state, after cached reads were discarded. */
  readonly onReplaced?: () => void;
  /** Called when people have been forgotten: nothing that may have their texts must be kept. */
  readonly onErased?: () => void;
}

/**
 * Connections that have been silent for this long are closed when the listener has gone silent.
 * This is a little less than the deadline of the listener.
 */
const silentMs = 4_000;

/** Starts an engine. If a part cannot be started, stops the parts that were started and rejects. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const pools = poolsOf(options);
  const { database, readers } = pools;
  const keys = await openKeyRing({ database, readers, masterKeys: options.masterKeys });
  const parts = createParts(options, pools, keys);
  const { log, processor, feed, views, watcher, consumers, answered, registry, rebuilds } = parts;
  await startReading(parts, pools.writer);
  let submit: SubmitMutation | undefined;
  const bridges = await openBridges(options, parts, pools, (request) => {
    if (submit === undefined) throw new Error('the bridges run before the engine');
    return submit(request);
  }).catch(async (error: unknown) => {
    await stopReading(parts);
    throw error;
  });
  const reads = createClientReads({ log: log.reads, views }, options.limits ?? defaultEngineLimits);
  const shared = { reads, watcher, consumers, answered, rebuilds };
  const access = accessOf(options.contexts);
  const proof = createProofParts(readers, options.signing);
  const own = { log, processor, feed, bridges, access, keys };
  const watched = watchedViews(views, reads);
  const engineParts: EngineParts = { ...shared, ...own, views: watched, proof };
  try {
    submit = options.bridges?.createSubmit(engineParts);
  } catch (error) {
    await stopReading(parts);
    throw error;
  }
  watcher.start();
  consumers.start();
  bridges.start();
  const listener = startListener(options, parts, pools);
  return {
    ...engineParts,
    async upgradeNeeded(executor = pools.keeper) {
      const unreadable = feed.failure() ?? views.unreadable()?.message ?? null;
      return unreadable ?? (await registry.assertDecides(executor).then(() => null, reasonOf));
    },
    listener,
    giveUp() {
      processor.giveUp();
      for (const pool of pools.all) pool.cut();
    },
    async stop() {
      await rebuilds.stop();
      await bridges.stop();
      await consumers.stop();
      await processor.stop();
      await listener.stop();
      await stopReading(parts);
    },
  };
}

/** Events whose type no context defines are shown only to those who may see the log. */
function accessOf(contexts: readonly BoundedContext[]): AccessParts {
  const definitions = eventDefinitionsOf(contexts);
  const rights = contexts.find((context) => context.rights !== undefined)?.rights ?? null;
  return { rights, audienceOf: (type) => definitions.get(type)?.audience ?? 'LOG' };
}

type Parts = ReturnType<typeof createParts>;

/** Creates the parts; none of them runs yet. */
function createParts(
  options: EngineOptions,
  { database, writer, readers, keeper }: Pools,
  keys: KeyRing,
) {
  const { contexts, logger, url, limits = defaultEngineLimits } = options;
  const ownViews = contexts.flatMap((context) => context.views);
  const definitions = eventDefinitionsOf(contexts);
  const log = createLog(database, definitions, { writer, readers, fetchBack: options.fetchBack });
  const onEvents = createForgetting(keys, () => {
    watcher.forget();
    options.onErased?.();
  });
  const feed = createFeed({ log, logger, onReplaced: forgetLog, onEvents });
  const views = createViews({ database, readers, keeper, log, feed, logger, views: ownViews });
  const watcher = createWatcher({ feed, views, logger });
  const registry = createReactionRegistry(reactionNamesOf(contexts));
  const processor = createProcessor({
    log,
    definitions,
    keys,
    reactions: reactionsByType(contexts),
    logger,
    queueMax: limits.commandsWaitingMax,
    recordsCommands: options.recordsCommands ?? true,
    assertDecides: () => registry.assertDecides(writer),
    onAppended: feed.offer,
    onReplaced: feed.wake,
  });
  const answered = createAnswered(views);
  const consumers = createConsumers({
    database,
    keeper,
    log,
    feed,
    processor,
    logger,
    managers: contexts.flatMap(({ processManagers = [] }) => processManagers),
  });
  const rebuilds = createRebuilds({ database, keeper, url, log, logger, views: ownViews });
  function forgetLog(): void {
    processor.forget();
    keys.clear();
    answered.reset();
    views.reset();
    watcher.reset(new LogReplacedError());
    options.onReplaced?.();
  }
  const reading = { log, feed, views, watcher, rebuilds, keys };
  return { ...reading, registry, processor, answered, consumers };
}

/** Creates the bridges of the configuration; they do not run yet. */
async function openBridges(
  { contexts, logger, bridges: configured, signing }: EngineOptions,
  { log, feed, views, keys }: Parts,
  { database, keeper }: Pools,
  submit: SubmitMutation,
): Promise<Bridges> {
  const ledger = await readLedger(keeper);
  const secret: Secrets = configured?.secret ?? (() => '');
  const signedHead = () => signing?.().line ?? null;
  const outboundParts = { contexts, log, feed, views, keys, ledger, secret, signedHead };
  const outbound = (configured?.settings.bridges ?? []).flatMap((settings) =>
    outboundBridges(settings, outboundParts),
  );
  const inbound = (configured?.settings.inbound ?? []).map((settings) =>
    inboundBridge(settings, { secret, submit }),
  );
  return createBridges({ database, keeper, log, feed, logger, ledger, outbound, inbound });
}

/** Starts the feed and the views. If that fails, stops them and rejects. */
async function startReading(parts: Parts, writer: Database): Promise<void> {
  const { log, feed, views, registry } = parts;
  try {
    await registry.register(writer);
    await feed.start();
    // No log has epoch 0: the first append finds the true epoch, after `assertDecides` has passed.
    log.useEpoch(0);
    await views.start();
  } catch (error) {
    await stopReading(parts);
    throw error;
  }
}

async function stopReading({ watcher, views, feed }: Parts): Promise<void> {
  await watcher.stop();
  await views.stop();
  await feed.stop();
}

/** Listens to the notifications that wake the feed and the views. */
function startListener(
  { url, logger }: EngineOptions,
  { feed, views }: Parts,
  pools: Pools,
): Listener {
  return createListener({
    url,
    channels: ['daybook_log', 'daybook_views'],
    onNotification(channel, payload) {
      if (channel === 'daybook_log') feed.announce(Number(payload));
      else views.wake();
    },
    onSilent() {
      for (const pool of pools.all) pool.closeSilent(silentMs);
    },
    onConnected() {
      // The network works: attempts to connect that began earlier may wait for a lost answer.
      for (const pool of pools.all) pool.closeSilent(Number.POSITIVE_INFINITY);
      feed.wake();
      views.wake();
    },
    log: logger,
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof UpgradeNeededError) return error.message;
  throw error;
}
