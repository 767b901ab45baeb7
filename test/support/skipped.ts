/** The title of a group of tests, with the reason why it is skipped; null: it is not. */
export function titleWith(title: string, reason: string | null): string {
  return reason === null ? title : `${title}: skipped, ${reason}`;
}
