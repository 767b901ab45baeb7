/** How a statement breaks programs of the previous version, by a pattern that finds it. */
const patterns: readonly (readonly [name: string, pattern: RegExp])[] = [
  [
    'drop',
    /\bdrop (?:table|view|materialized view|function|procedure|type|schema|sequence)\b[^;]*/g,
  ],
  ['drop column', /\bdrop column\b[^,;]*/g],
  ['rename', /\balter [^;]*?\brename\b[^;]*/g],
  ['change of type', /\balter (?:column )?\w+ (?:set data )?type\b[^,;]*/g],
  ['not null', /\balter (?:column )?\w+ set not null\b/g],
  ['required column', /\badd (?:column )?(?:if not exists )?\w+ [^,;]*\bnot null\b[^,;]*/g],
  ['other function', /\bcreate or replace function\b[^(]*/g],
];

/**
 * The statements of a migration that can break a program of the previous version, with their kind
 * and text. A heuristic: it does not see SQL that is assembled at run time.
 */
export function breakingStatementsOf(sql: string): readonly string[] {
  const text = sql.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ').toLowerCase();
  return patterns.flatMap(([name, pattern]) =>
    [...text.matchAll(pattern)]
      .map(([statement]) => statement.trim())
      .filter((statement) => name !== 'required column' || !/\bdefault\b/.test(statement))
      .map((statement) => `${name}: ${statement}`),
  );
}
