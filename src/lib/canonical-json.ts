/**
 * The same text for all equal JSON values: sorted names, no white space, and no difference between
 * null and absent members. For fingerprints, not for storage.
 */
export function toCanonicalJson(value: unknown): string {
  return toText(value, (member) => member !== null && member !== undefined);
}

/** As `toCanonicalJson`, but null differs from absent, as for an argument that has a default. */
export function toSortedJson(value: unknown): string {
  return toText(value, (member) => member !== undefined);
}

function toText(value: unknown, isKept: (member: unknown) => boolean): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => toText(item, isKept)).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => isKept(member))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${toText(member, isKept)}`);
  return `{${members.join(',')}}`;
}
