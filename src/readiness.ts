import type { Engine } from './engine.ts';
import { unlessAborted } from './lib/unless-aborted.ts';
import type { Database, Query } from './postgres/database.ts';
import { whyUnavailable } from './postgres/errors.ts';

/** Whether this server should receive requests, and how far it has read the log. */
export type Ready = {
  readonly ready: boolean;
  /** The sequence number of the last event of the log, as far as this server knows. */
  readonly sequence: string;
  /** The sequence number up to which its views can be read. */
  readonly views: string;
  /** Why it is not ready, one sentence for each reason; empty if it is ready. */
  readonly reasons: readonly string[];
};

interface ReadinessOptions {
  readonly engine: Pick<Engine, 'views' | 'feed' | 'listener' | 'upgradeNeeded'>;
  /** Has a free connection even when the server is busy. */
  readonly keeper: Database;
}

interface DatabaseState {
  readonly sequence: number;
  readonly isReadOnly: boolean;
  /** The age of the oldest event that the views lack; null if they lack none. */
  readonly lagMs: number | null;
}

/** Creates the check of everything that a server needs in order to answer. It never throws. */
export function createReadiness({ engine, keeper }: ReadinessOptions): () => Promise<Ready> {
  const { views, feed, listener, upgradeNeeded } = engine;
  return async () => {
    const checkpoint = views.checkpoint();
    const [state, upgrade] = await Promise.all([
      readState(keeper, checkpoint),
      withinTime(() => upgradeNeeded(keeper)),
    ]);
    const database = typeof state === 'string' ? null : state;
    const checks: readonly (string | null)[] = [
      typeof state === 'string' ? state : null,
      database?.isReadOnly ? 'the database is read-only' : null,
      views.isReady() ? null : 'views are being built',
      (database?.lagMs ?? 0) > lagMsMax ? lagging(database?.lagMs ?? 0) : null,
      listener.deafMs() > deafMsMax ? 'the database sends no notifications' : null,
      upgrade,
    ];
    const reasons = [...new Set(checks)].filter((reason) => reason !== null);
    return {
      ready: reasons.length === 0,
      sequence: String(database?.sequence ?? feed.tail()),
      views: String(checkpoint),
      reasons,
    };
  };
}

/** Twice as long as a query waits for the views; queries that need them fail before that. */
const lagMsMax = 10_000;
/** Longer than a listener needs to reconnect when the database is well. */
const deafMsMax = 3_000;
const answerMsMax = 2_000;

const read: Query = {
  name: 'readiness',
  text: `select log_head.sequence,
      current_setting('transaction_read_only')::boolean as "isReadOnly",
      (
        select extract(epoch from clock_timestamp() - events.recorded_at) * 1000 from events
        where events.sequence = $1::bigint + 1
      )::float8 as "lagMs"
    from log_head`,
};

/** Reads the state of the database; returns a string with the reason if that failed. */
async function readState(keeper: Database, checkpoint: number): Promise<DatabaseState | string> {
  const rows = await withinTime(() => keeper.query<DatabaseState>(read, [checkpoint]));
  return typeof rows === 'string' ? rows : (rows[0] ?? silent);
}

/** Returns what `ask` resolves to, or a string with the reason if it fails or takes too long. */
async function withinTime<Value>(ask: () => Promise<Value>): Promise<Value | string> {
  try {
    const asked = ask().then((value) => ({ value }));
    const answer = await unlessAborted(asked, AbortSignal.timeout(answerMsMax));
    return answer === null ? silent : answer.value;
  } catch (error) {
    return whyUnavailable(error);
  }
}

const silent = 'the database does not answer';

function lagging(lagMs: number): string {
  return `the views are ${Math.round(lagMs / 1_000)} s behind the log`;
}
