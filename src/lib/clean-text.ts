/** What PostgreSQL cannot store or JSON cannot carry: NUL, and half of a surrogate pair. */
export function isCleanText(input: string): boolean {
  return !input.includes('\u0000') && input.isWellFormed();
}
