import type { Feed } from '../feed/feed.ts';
import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Log } from '../log/log.ts';
import type { Database } from '../postgres/database.ts';
import { type BridgeChange, changeBridge } from './control.ts';
import { deliver } from './deliver.ts';
import { BridgeNotFoundError } from './errors.ts';
import { consume } from './inbound/consume.ts';
import type { InboundBridge } from './inbound/inbound.ts';
import { type Bridge, type OutboundBridge, runBridge } from './run-bridge.ts';
import { type BridgeRow, readBridges } from './store.ts';

/** The bridges of a program: copies of the log in other systems, and commands from them. */
export interface Bridges {
  /** Every bridge in the database, no matter which process runs it; read at each call. */
  rows(): Promise<readonly BridgeRow[]>;
  /** Pauses, resumes or retries a bridge, on whichever server it runs. */
  change(name: string, change: BridgeChange): Promise<BridgeRow>;
  /** Starts the bridges; does not wait until they have reached their targets. */
  start(): void;
  /** Finishes and saves the batches in flight, then stops. May be called more than once. */
  stop(): Promise<void>;
}

interface BridgesOptions {
  readonly database: Database;
  /** The database over which leases are taken and renewed; `database` by default. */
  readonly keeper?: Database;
  readonly log: Log;
  readonly feed: Feed;
  readonly logger: Logger;
  readonly ledger: string;
  readonly outbound: readonly OutboundBridge[];
  readonly inbound: readonly InboundBridge[];
}

export function createBridges(options: BridgesOptions): Bridges {
  const { database, keeper = database, log, feed, logger, ledger } = options;
  const stopping = new AbortController();
  const holder = newUuid();
  const shared = { database, keeper, holder, log, feed, logger, ledger };
  let running: readonly Promise<void>[] = [];
  return {
    rows: () => readBridges(database),
    async change(name, change) {
      const row = await changeBridge(database, name, change);
      if (row === null) throw new BridgeNotFoundError(name);
      return row;
    },
    start() {
      running = bridgesOf(options).map((bridge) => runBridge(shared, bridge, stopping.signal));
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function bridgesOf({ log, ledger, logger, outbound, inbound }: BridgesOptions): readonly Bridge[] {
  return [
    ...outbound.map(
      ({ identity, from, target: kind, openSource }): Bridge => ({
        identity,
        from,
        giveUpAfterMs: kind.giveUpAfterMs,
        work({ state, asked, ...term }) {
          const source = openSource(term.signal);
          return deliver({ ...term, log, ledger, kind, source }, state, asked);
        },
      }),
    ),
    ...inbound.map(
      (bridge): Bridge => ({
        identity: bridge.identity,
        from: null,
        work: (term) => consume({ ...term, bridge, logger }),
      }),
    ),
  ];
}
