import { StaleStreamsError } from '../log/errors.ts';
import type { DecidedBatch, OpenBatch } from './decide-batch.ts';
import { type PlacedBatch, type PlaceOptions, placeDecided } from './place-batch.ts';
import type { Submission } from './request.ts';
import type { CachedStream } from './stream-cache.ts';

/** A batch that is being appended. */
export interface Flight {
  readonly submissions: readonly Submission[];
  /** Null: it appends nothing, and only looks whether its answers still hold. */
  readonly batchId: string | null;
  /** The streams as they will be once it is in the log. */
  readonly changed: ReadonlyMap<string, CachedStream>;
  /** Where the log has put it, or why not; never throws. */
  readonly landing: Promise<Landing>;
  hasLanded: boolean;
}

export type Landing =
  | { readonly placed: PlacedBatch }
  | { readonly placed: null; readonly failure: unknown };

/** Starts to append a batch on top of those that are being appended. */
export function launch(
  options: PlaceOptions,
  open: OpenBatch,
  submissions: readonly Submission[],
  ahead: readonly Flight[],
): Flight {
  const decided = open.decided();
  const { id, events, outcomes } = decided.batch;
  const isEmpty = events.length === 0 && outcomes.length === 0;
  const placing = isEmpty ? placeAfter(options, decided, ahead) : placeDecided(options, decided);
  const flight: Flight = {
    submissions,
    batchId: isEmpty ? null : id,
    changed: open.changed(),
    landing: placing.then(
      (placed): Landing => land({ placed }),
      (failure: unknown): Landing => land({ placed: null, failure }),
    ),
    hasLanded: false,
  };
  function land(landing: Landing): Landing {
    flight.hasLanded = true;
    return landing;
  }
  return flight;
}

/** A batch without anything to append leaves no trace: whether it still holds is seen afterwards. */
async function placeAfter(
  options: PlaceOptions,
  decided: DecidedBatch,
  ahead: readonly Flight[],
): Promise<PlacedBatch> {
  const landings = await Promise.all(ahead.map(({ landing }) => landing));
  if (landings.some(({ placed }) => placed === null)) throw new StaleStreamsError(new Map());
  return placeDecided(options, decided);
}
