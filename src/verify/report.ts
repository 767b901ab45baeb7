import type { LaneReport } from './check-stream.ts';

const titles = [
  ...['lane', 'messages', 'next', 'repeated', 'gaps', 'foreign'],
  ...['first', 'last'],
] as const;

/** The counts of each lane as an aligned table, with a total if there are several lanes. */
export function tableLines(lanes: readonly LaneReport[]): readonly string[] {
  const total = lanes.reduce(add, { messages: 0, next: 0, repeated: 0, gaps: 0, foreign: 0 });
  const rows = [
    titles,
    ...lanes.map((lane) => [lane.lane, ...countsOf(lane), toText(lane.first), toText(lane.last)]),
    ...(lanes.length === 1 ? [] : [['total', ...countsOf(total), '', '']]),
  ];
  const widths = titles.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return index === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Lines on the lanes that no longer have their first messages. */
export function noteLines(lanes: readonly LaneReport[]): readonly string[] {
  return lanes
    .filter(({ begunAfter }) => begunAfter !== null)
    .map(({ lane, begunAfter }) => `${lane} begins after event ${begunAfter}`);
}

type Counts = Pick<LaneReport, 'messages' | 'next' | 'repeated' | 'gaps' | 'foreign'>;

/** The sum of the counts of lanes. */
function add(sum: Counts, lane: Counts): Counts {
  return {
    messages: sum.messages + lane.messages,
    next: sum.next + lane.next,
    repeated: sum.repeated + lane.repeated,
    gaps: sum.gaps + lane.gaps,
    foreign: sum.foreign + lane.foreign,
  };
}

function countsOf({ messages, next, repeated, gaps, foreign }: Counts): readonly string[] {
  return [messages, next, repeated, gaps, foreign].map(String);
}

function toText(sequence: number | null): string {
  return sequence === null ? '' : String(sequence);
}
