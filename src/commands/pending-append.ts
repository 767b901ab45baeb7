import { type PlacedBatch, type PlaceOptions, placeDecided } from './append-batch.ts';
import type { OpenBatch } from './decide-batch.ts';
import type { Submission } from './request.ts';
import type { CachedStream } from './streams/cache.ts';

/** A batch that is being appended. */
export interface Flight {
  readonly submissions: readonly Submission[];
  /** The streams as they will be once it is in the log. */
  readonly changed: ReadonlyMap<string, CachedStream>;
  /** Where the log has put it, or why not; never throws. */
  readonly landing: Promise<Landing>;
  hasLanded: boolean;
}

export type Landing =
  | { readonly placed: PlacedBatch }
  | { readonly placed: null; readonly failure: unknown };

/** Starts to append a batch. */
export function launch(
  options: PlaceOptions,
  open: OpenBatch,
  submissions: readonly Submission[],
): Flight {
  const flight: Flight = {
    submissions,
    changed: open.changed(),
    landing: placeDecided(options, open.decided()).then(
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
