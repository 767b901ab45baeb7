import { type Count, type RowTally, unsentOf } from './tally.ts';
import { toVisible } from './visible.ts';

/** Lists the first rows that could not be recorded and counts the others. */
export function faultLines({ faults, faultCount }: RowTally): readonly string[] {
  if (faultCount() === 0) return [];
  const shown = faults.map(({ file, line, fault, text }) => {
    const what = text ? `: ${toVisible(text)}` : '';
    return `  ${file}:${line}  ${fault}${what}`;
  });
  const more = faultCount() - faults.length;
  const rest = more > 0 ? [`  and ${formatCount(more)} more`] : [];
  return ['Not recorded:', ...shown, ...rest];
}

/** Lists the prices that differ from those known now and says what the user can do. */
export function differenceLines(tally: RowTally): readonly string[] {
  const { shown, count, isCut } = tally.differences();
  if (count === 0 && !isCut) return [];
  const lines = shown.map(({ file, line, symbol, occurredAt, price, known }) => {
    const now = known === null ? 'none' : known;
    return `  ${file}:${line}  ${symbol} ${occurredAt}: ${price} in the file, ${now} known now`;
  });
  const more = count - shown.length;
  return [
    ...(count === 0 ? [] : ['Recorded earlier, but the prices known now differ:', ...lines]),
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
    ...(isCut ? ['  Not all rows were compared: run the same command again.'] : []),
    ...(count === 0
      ? []
      : ['Nothing was changed; use --again to record the prices of the file again.']),
  ];
}

const titles = ['file', 'symbol', 'rows read', 'recorded', 'already there', 'bad', 'from', 'to'];
const numeric = new Set(['rows read', 'recorded', 'already there', 'bad', 'not sent']);

/** The counts by file and symbol as an aligned table; a total follows if it has several rows. */
export function tableLines(counts: readonly Count[]): readonly string[] {
  if (counts.length === 0) return [];
  const total = sumOf(counts);
  const isCutShort = unsentOf(total) > 0;
  const head = isCutShort ? [...titles, 'not sent'] : titles;
  const cells = (count: Count): string[] => {
    const row = [
      ...[count.file, count.symbol ?? '?', formatCount(count.read), formatCount(count.recorded)],
      ...[formatCount(count.alreadyThere), formatCount(count.bad)],
      ...[dayOf(count.from), dayOf(count.to)],
    ];
    return isCutShort ? [...row, formatCount(unsentOf(count))] : row;
  };
  const rows = [head, ...counts.map(cells), ...(counts.length > 1 ? [cells(total)] : [])];
  const widths = head.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return numeric.has(head[index] ?? '') ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** The result of the whole import in one sentence. */
export function summaryLine(counts: readonly Count[]): string {
  const { recorded, alreadyThere, bad } = sumOf(counts);
  const parts = [
    `${formatCount(recorded)} recorded`,
    `${formatCount(alreadyThere)} already there`,
    `${formatCount(bad)} bad`,
  ];
  return `${parts.join(', ')}.`;
}

function sumOf(counts: readonly Count[]): Count {
  const sum = (of: (count: Count) => number) =>
    counts.reduce((total, count) => total + of(count), 0);
  const times = (of: (count: Count) => string | null) =>
    counts
      .map(of)
      .filter((time) => time !== null)
      .sort();
  return {
    file: 'total',
    symbol: '',
    read: sum(({ read }) => read),
    recorded: sum(({ recorded }) => recorded),
    alreadyThere: sum(({ alreadyThere }) => alreadyThere),
    bad: sum(({ bad }) => bad),
    from: times(({ from }) => from)[0] ?? null,
    to: times(({ to }) => to).at(-1) ?? null,
  };
}

function dayOf(time: string | null): string {
  return time === null ? '-' : time.slice(0, 10);
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
