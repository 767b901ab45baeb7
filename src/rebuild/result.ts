import type { AnyView } from '../views/lists/placement.ts';
import type { ViewDifference } from './difference.ts';
import type { Swapped } from './swap.ts';
import type { Next } from './take-rows.ts';

/** What became of a view. */
export interface Rebuilt {
  readonly view: AnyView;
  /** Null if the view is as it was. */
  readonly swapped: Swapped | null;
  /** The first difference from what was replaced; null if none was found. */
  readonly difference: ViewDifference | null;
  /** Why the copy could not be built; null if it could. */
  readonly failure: string | null;
}

/** What has become of rows so far. */
export function unswapped({ moving: { view, parked } }: Next): Rebuilt {
  const failure = parked === null ? null : `failed on event ${parked.sequence}: ${parked.message}`;
  return { view, swapped: null, difference: null, failure };
}

/** What is wrong with a view that was not swapped in. */
export function describe({ difference, failure }: Rebuilt): string {
  if (failure !== null) return failure;
  if (difference === null) return 'the checksum of the live view is not that of its rows';
  return `the copy differs from the live view ${describeRange(difference)}`;
}

/** Where a difference is, in words. */
export function describeRange({ from, to, document, isArchived }: ViewDifference): string {
  const range = `between sequences ${from} and ${to}`;
  if (isArchived === true) return `${range}; the events that show the document are archived`;
  if (document === null) return `${range}, in the stored checksum only`;
  return `${range}, first in the document ${document.key} at sequence ${document.sequence}`;
}
