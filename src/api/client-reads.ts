import { createFairGate, type FairGate } from '../lib/fair-gate.ts';
import type { Log } from '../log/log.ts';
import type { Views } from '../views/views.ts';

/**
 * What clients' operations read by: on connections of their own, so that they take none from the
 * engine and from health checks, and through a gate, so that they take none from each other.
 */
export interface ClientReads {
  readonly log: Pick<Log, 'events' | 'scan' | 'head' | 'sequenceAt'>;
  readonly views: Pick<Views, 'document' | 'list'>;
  readonly gate: FairGate;
}

/** The connections on which clients read. */
export const clientConnectionsMax = 8;
/** A statement of a client's read is stopped after so long: QUERY_TIMEOUT. */
export const clientStatementTimeoutMs = 10_000;

export function createClientReads(parts: Omit<ClientReads, 'gate'>): ClientReads {
  const gate = createFairGate({
    runningMax: clientConnectionsMax,
    runningOfHolderMax: 5,
    runningOfPartMax: 3,
    waitingOfHolderMax: 20_000,
  });
  return { ...parts, gate };
}

/** The views as watchers read them: what is watched is shared, so they are a holder together. */
export function watchedViews(views: Views, { gate }: ClientReads): Views {
  const holder = Symbol('watchers');
  const read = <Value>(part: object, work: () => Promise<Value>): Promise<Value> =>
    gate.run({ holder, part, isOver: () => false }, work);
  return {
    ...views,
    document: (view, key, at) => read(view, () => views.document(view, key, at)),
    list: (view, page, at) => read(view, () => views.list(view, page, at)),
  };
}
