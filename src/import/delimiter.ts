/** The character that separates the cells of a record. */
export type Delimiter = string;

const candidates = [',', ';', '\t', '|'] as const;

/** The delimiter named by a line like "sep=;", as Excel uses it; null if it is another line. */
export function readSeparatorLine(line: string): Delimiter | null {
  return /^"?sep=([^"\w])"?\s*$/i.exec(line)?.[1] ?? null;
}

/**
 * Finds the delimiter of a header: the first candidate outside quotes with which the header can be
 * read, otherwise the most frequent one.
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
