/** What separates the cells of a record: one character. */
export type Delimiter = string;

const candidates = [',', ';', '\t', '|'] as const;

/** The separator that a line like "sep=;" names, as Excel writes and reads it; null: it is none. */
export function readSeparatorLine(line: string): Delimiter | null {
  return /^"?sep=([^"\w])"?\s*$/i.exec(line)?.[1] ?? null;
}

/**
 * What separates the cells of a header: the first candidate outside quotes by which it can be read,
 * or else the one that is there most often.
 */
export function findDelimiter(
  header: string,
  isReadable: (candidate: Delimiter) => boolean,
): Delimiter {
  const bare = header.replaceAll(/"[^"]*"?/g, '');
  const count = (candidate: string): number => bare.split(candidate).length - 1;
  const present = candidates.filter((candidate) => bare.includes(candidate));
  const [most = ','] = present.toSorted((a, b) => count(b) - count(a));
  return present.find(isReadable) ?? most;
}
