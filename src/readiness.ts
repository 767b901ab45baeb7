import type { Engine } from './engine.ts';
import { unlessAborted } from './lib/unless-aborted.ts';
import type { Database, Query } from './postgres/database.ts';
import { whyUnavailable } from './postgres/errors.ts';

/** Whether this server should get requests, and where it stands. */
export type Ready = {
  readonly ready: boolean;
  /** The last sequence of the log, as far as this server knows. */
  readonly sequence: string;
  /** The sequence at which its views can be read. */
  readonly views: string;
  /** Why it is not ready: a sentence for each thing that is not as it should be. */
  readonly reasons: readonly string[];
};

export interface ReadinessOptions {
  readonly engine: Pick<Engine, 'views' | 'feed' | 'listener' | 'upgradeNeeded'>;
  /** Has a connection to spare, whatever the server is doing. */
  readonly keeper: Database;
}

interface DatabaseState {
  readonly sequence: number;
  readonly isReadOnly: boolean;
  /** How long the oldest event has been waiting that the views lack; null when they lack none. */
  readonly lagMs: number | null;
}

/** Looks at everything that a server needs in order to answer; never throws. */
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

/** Twice as long as a query waits for the views: then those that ask for it have failed. */
const lagMsMax = 10_000;
/** Longer than a listener takes to connect again at once, shorter than anyone would wait. */
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

/** A text: why it could not be read. */
async function readState(keeper: Database, checkpoint: number): Promise<DatabaseState | string> {
  const rows = await withinTime(() => keeper.query<DatabaseState>(read, [checkpoint]));
  return typeof rows === 'string' ? rows : (rows[0] ?? silent);
}

/** What the database has been asked for, or a text: why it could not be. */
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
