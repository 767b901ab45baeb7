/** Whether a text has no NUL, which PostgreSQL cannot store, and no lone surrogate. */
export function isCleanText(input: string): boolean {
  return !input.includes('\u0000') && input.isWellFormed();
}
