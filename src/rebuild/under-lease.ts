import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Log } from '../log/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { type Leadership, withLeadership } from '../postgres/leadership.ts';
import { createPacking, type Packing } from '../views/building/packing.ts';
import type { AnyView } from '../views/lists/placement.ts';
import type { Next } from './take-rows.ts';

/** What a rebuild works with. */
export interface RebuildParts {
  readonly database: Database;
  readonly keeper: Database;
  /** The URL of the same database, from which whole views are read. */
  readonly url: string;
  readonly log: Pick<Log, 'head' | 'events' | 'archived'>;
  readonly logger: Logger;
}

/** How far a rebuild has come. */
interface RebuildProgress {
  readonly step: 'building' | 'comparing' | 'swapping';
  /** The sequence up to which all copies are built, and that to which they must be. */
  readonly sequence: number;
  readonly of: number;
}

/** Which views to rebuild, and how. */
export interface RebuildRequest {
  readonly views: readonly AnyView[];
  /** Swap in a copy that differs from what it replaces. */
  readonly acceptsDifferences: boolean;
  readonly signal: AbortSignal;
  /** Called once this process has the right to rebuild the views. */
  onBegun?(): void;
  onProgress(progress: RebuildProgress): void;
}

/** A rebuild that runs under the leases of its rows. */
export interface Running {
  readonly parts: RebuildParts;
  readonly request: RebuildRequest;
  readonly executor: Executor;
  readonly signal: AbortSignal;
  /** Packs the history of the rows while they are built. */
  readonly packing: Packing;
}

/** Takes rows of views under their leases, or refuses to. */
export type Take = (
  executor: Executor,
  views: readonly AnyView[],
  leadership: Pick<Leadership, 'take'>,
) => Promise<readonly Next[]>;

/**
 * Takes rows of views and works on them under their leases, which it releases at the end. Throws
 * `RebuildError` if another process has one of them.
 */
export function withRows<T>(
  parts: RebuildParts,
  request: RebuildRequest,
  take: Take,
  work: (rebuild: Running, nexts: readonly Next[]) => Promise<T>,
): Promise<T> {
  const { database, keeper, logger, log } = parts;
  const options = {
    database,
    keeper,
    logger,
    kind: 'daybook.views',
    signal: request.signal,
  } as const;
  return withLeadership({ ...options, holder: newUuid() }, async (executor, leadership) => {
    const { epoch } = await log.head();
    const nexts = await take(executor, request.views, leadership);
    for (const { moving } of nexts) moving.epoch = epoch;
    request.onBegun?.();
    const { signal } = leadership;
    const packing = createPacking({ executor: database, logger, signal });
    try {
      return await work({ parts, request, executor, signal, packing }, nexts);
    } finally {
      await packing.stop();
      await leadership.release(nexts.map(({ moving }) => moving.id));
    }
  });
}
