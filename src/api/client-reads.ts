import { createFairGate, type FairGate } from '../lib/fair-gate.ts';
import type { Log } from '../log/log.ts';
import type { Views } from '../views/views.ts';

/**
 * The database reads of clients' operations. They use separate connections, so that they take none
 * from the engine and the health checks. A gate shares these connections fairly between actors.
 */
export interface ClientReads {
  readonly log: Pick<
    Log,
    'events' | 'scan' | 'records' | 'recordsOf' | 'recordsEnd' | 'head' | 'sequenceAt'
  >;
  readonly views: Pick<Views, 'document' | 'list'>;
  readonly gate: FairGate;
}

/** The limits of clients' reads that are settings. */
export interface ReadLimits {
  /** The number of connections for them: how many read at the same time. */
  readonly readConnectionsMax: number;
  /** How many reads of one actor may wait for a connection. */
  readonly readsWaitingPerActorMax: number;
}

export const defaultReadLimits: ReadLimits = {
  readConnectionsMax: 8,
  readsWaitingPerActorMax: 20_000,
};

/** The time after which a statement of a client's read is stopped with QUERY_TIMEOUT. */
export const clientStatementTimeoutMs = 10_000;

export function createClientReads(
  parts: Omit<ClientReads, 'gate'>,
  { readConnectionsMax: max, readsWaitingPerActorMax }: ReadLimits,
): ClientReads {
  const gate = createFairGate({
    runningMax: max,
    // Some remain for other actors, and for other operations of the same actor.
    runningOfHolderMax: Math.ceil((max * 5) / 8),
    runningOfPartMax: Math.ceil((max * 3) / 8),
    waitingOfHolderMax: readsWaitingPerActorMax,
  });
  return { ...parts, gate };
}

/** The views for watchers. Watchers share states, so all of them together are one gate holder. */
export function watchedViews(views: Views, { gate }: ClientReads): Views {
  const holder = Symbol('watchers');
  const read = <Value>(part: object, work: () => Promise<Value>): Promise<Value> =>
    gate.run({ holder, part, isOver: () => false }, work);
  return {
    ...views,
    document: (view, key, at) => read(view, () => views.document(view, key, at)),
    list: (view, page, at) => read(view, () => views.list(view, page, at)),
    versions: (view, keys, range) => read(view, () => views.versions(view, keys, range)),
  };
}
