import type { CopyConnection } from '../postgres/copy-out.ts';
import { batchColumns, eventColumns, type LogRow, outcomeColumns } from './columns.ts';
import { toCopyLine } from './copy-text.ts';

/** Puts rows into the tables of the log, in the transaction of its connection. */
interface RowLoader {
  /** Takes a row; returns whether enough wait that `flush` should be called. */
  add(row: LogRow): boolean;
  /** Stores the rows that wait. */
  flush(): Promise<void>;
}

const statements = {
  events: `copy events (${eventColumns.join(', ')}, hash) from stdin`,
  outcomes: `copy command_outcomes (${outcomeColumns.join(', ')}, recorded_at) from stdin`,
  batches: `copy command_batches (${batchColumns.join(', ')}, hash) from stdin`,
  terms: 'copy command_terms (term, recorded_at) from stdin',
} as const;
type Table = keyof typeof statements;

const waitingMax = 4 * 1024 * 1024;

export function createRowLoader(connection: Pick<CopyConnection, 'copyIn'>): RowLoader {
  const waiting: Record<Table, string[]> = { events: [], outcomes: [], batches: [], terms: [] };
  let characters = 0;
  function push(table: Table, line: string): void {
    waiting[table].push(line, '\n');
    characters += line.length;
  }
  return {
    add(row) {
      const line = toCopyLine(row.values);
      if (row.kind === 'event') push('events', `${line}\t\\\\x${row.hash}`);
      if (row.kind === 'outcome') push('outcomes', `${line}\t${row.recordedAt}`);
      if (row.kind === 'batch') {
        push('batches', `${line}\t\\\\x${row.hash}`);
        for (const term of row.terms) push('terms', `${term}\t${row.values[0]}`);
      }
      return characters >= waitingMax;
    },
    async flush() {
      for (const table of Object.keys(statements) as Table[]) {
        const lines = waiting[table].splice(0);
        if (lines.length === 0) continue;
        await connection.copyIn(statements[table], Buffer.from(lines.join('')));
      }
      characters = 0;
    },
  };
}
