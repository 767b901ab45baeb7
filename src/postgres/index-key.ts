/**
 * The key of the indexes of events by type, actor and correlation, as SQL: 24 bits of the hash of
 * the text, then 40 bits of the sequence. Texts can have the same hash, so a condition on the text
 * is needed as well.
 */
export function indexKey(text: string, sequence: string): string {
  return `((hashtext(${text})::bigint & 16777215) << 40 | ${sequence})`;
}

/** The greatest sequence for which the key has room. */
export const indexSequenceMax = 2 ** 40 - 1;
