/**
 * The names of rows that no program reads. Programs find a view by its name and version; no view
 * has a name with a parenthesis.
 */

/** The name of the rows that a rebuild makes beside a view. */
export function copyNameOf(view: string): string {
  return `${view} (copy)`;
}

/** The name of the rows that a rebuild has replaced. */
export function keptNameOf(view: string): string {
  return `${view} (previous)`;
}

/** The view to which rows belong. */
export function viewNameOf(rowName: string): string {
  return rowName.replace(/ \(.*$/, '');
}
