import { type Comparison, type Figure, isMet, ratioOf, type Target } from './comparison.ts';

const headings = ['', 'Daybook', 'compared with', 'its figure', 'ratio', 'target', ''] as const;
/** Columns of numbers are aligned to the right. */
const isRight = [false, true, false, true, true, true, false];

/** Formats one aligned table; rounds that do not count are in brackets. */
export function toTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(toCells);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const rule = widths.map((width) => '─'.repeat(width));
  return [headings, rule, ...rows].map((cells) => toLine(cells, widths)).join('\n');
}

function toCells(comparison: Comparison): readonly string[] {
  const { what, ours, peer, theirs, target } = comparison;
  const ratio = theirs === null ? '' : ratioOf(comparison).toFixed(2);
  const verdict = { true: 'met', false: 'MISSED', null: '' }[`${isMet(comparison)}`];
  const figure = theirs === null ? '' : toText(theirs);
  return [what, toText(ours), peer, figure, ratio, toTargetText(target), verdict];
}

function toLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return isRight[column] ? cell.padStart(width) : cell.padEnd(width);
  });
  return padded.join('  ').trimEnd();
}

function toText({ unit, best, rounds }: Figure): string {
  const others = [...rounds];
  if (unit === '') return String(best);
  others.splice(others.indexOf(best), 1);
  const more = others.length === 0 ? '' : ` (${others.map((n) => toNumber(n, unit)).join(', ')})`;
  return `${toNumber(best, unit)}${unit === '/s' ? unit : ` ${unit}`}${more}`;
}

function toNumber(value: number, unit: Figure['unit']): string {
  return unit === 'ms' ? value.toFixed(2) : Math.round(value).toLocaleString('en');
}

function toTargetText(target: Target): string {
  if (target === null) return '';
  if ('atMost' in target && target.atMost === 0) return 'none';
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}
