import type { AnyView } from './placement.ts';

/** A document has an entry for each combination of filters: 16 for four, twice as many for five. */
const filtersMax = 4;

/** Throws if a list of a view breaks the rules of `ViewList`, which is an error in the program. */
export function assertViews(views: readonly AnyView[]): void {
  for (const view of views) {
    for (const [list, { filters = {} }] of Object.entries(view.lists ?? {})) {
      const count = Object.keys(filters).length;
      if (count <= filtersMax) continue;
      const filtered = `the list ${list} of the view ${view.name} has ${count} filters`;
      throw new Error(`${filtered}: at most ${filtersMax} are allowed`);
    }
  }
}
