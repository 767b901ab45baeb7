import type { Chain } from './chain.ts';
import { toJsonLine } from './lines.ts';
import { type ExportedFile, exportFormat } from './manifest.ts';
import type { RowReader } from './row-reader.ts';
import { writeCompressed } from './write-durably.ts';

/** How much a file of an export has before it ends, with the next batch. */
export interface SegmentLimits {
  readonly events: number;
  readonly characters: number;
}

export const segmentLimits: SegmentLimits = { events: 100_000, characters: 256 * 1024 * 1024 };

interface SegmentParts {
  readonly directory: string;
  readonly ledger: string;
  readonly reader: RowReader;
  readonly chain: Chain;
  readonly limits: SegmentLimits;
  readonly signal: AbortSignal;
  /** Called now and then with the last event that was written. */
  readonly onProgress: (sequence: number) => void;
}

const chunkCharacters = 64 * 1024;

/** Writes the next file of an export. */
export async function writeSegment(name: string, parts: SegmentParts): Promise<ExportedFile> {
  const start = parts.chain.place();
  const counts = { events: 0, outcomes: 0, batches: 0 };
  const written = await writeCompressed(
    parts.directory,
    name,
    segmentLines(parts, counts),
    parts.signal,
  );
  return { name, ...written, ...counts, start, end: parts.chain.place() };
}

/** The first line says what the file is. */
async function* segmentLines(
  { ledger, reader, chain, limits, onProgress }: SegmentParts,
  counts: { events: number; outcomes: number; batches: number },
): AsyncGenerator<string, void, undefined> {
  const { sequence } = chain.place();
  let text = `${JSON.stringify({ kind: 'file', format: exportFormat, ledger, after: sequence })}\n`;
  let characters = 0;
  for (let rows = await reader.next(); rows !== null; rows = await reader.next()) {
    for (const [index, row] of rows.entries()) {
      chain.add(row);
      text += `${toJsonLine(row)}\n`;
      counts[countOf[row.kind]] += 1;
      if (row.kind === 'batch' && isFull(counts.events, characters + text.length, limits)) {
        reader.putBack(rows.slice(index + 1));
        onProgress(sequence + counts.events);
        yield text;
        return;
      }
      if (text.length > chunkCharacters) {
        yield text;
        characters += text.length;
        text = '';
      }
    }
    onProgress(sequence + counts.events);
  }
  yield text;
}

const countOf = { event: 'events', outcome: 'outcomes', batch: 'batches' } as const;

function isFull(events: number, characters: number, limits: SegmentLimits): boolean {
  return events >= limits.events || characters >= limits.characters;
}
