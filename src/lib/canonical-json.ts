/**
 * Returns the same text for all equal JSON values: names are sorted, there is no whitespace, and a
 * member that is null counts as absent. For fingerprints, not for storage.
 */
export function toCanonicalJson(value: unknown): string {
  return toText(value, (member) => member !== null && member !== undefined);
}

/**
 * Like `toCanonicalJson`, but null differs from absent, as it does for an argument with a default.
 */
export function toSortedJson(value: unknown): string {
  return toText(value, (member) => member !== undefined);
}

function toText(value: unknown, isKept: (member: unknown) => boolean): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => toText(item, isKept)).join(',')}]`;
  const members = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const name of Object.keys(members).sort()) {
    if (!isKept(members[name])) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${toText(members[name], isKept)}`;
  }
  return `{${text}}`;
}
