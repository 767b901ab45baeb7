import type { AnyView } from './placement.ts';

/** A document has a place for each combination of its filters: four make 16, and each more doubles. */
const filtersMax = 4;

/** Throws unless every list of the views keeps to what `ViewList` allows: an error of the program. */
export function assertViews(views: readonly AnyView[]): void {
  for (const view of views) {
    for (const [list, { filters = {} }] of Object.entries(view.lists ?? {})) {
      const count = Object.keys(filters).length;
      if (count <= filtersMax) continue;
      throw new Error(
        `the list ${list} of the view ${view.name} has ${count} filters, at most ${filtersMax} can be`,
      );
    }
  }
}
