import type { LogRow } from './columns.ts';

/** Reads rows in groups, and takes back what was not used of a group. */
export interface RowReader {
  /** The next rows; null after the last one. */
  next(): Promise<readonly LogRow[] | null>;
  /** Puts rows in front of those that follow. */
  putBack(rows: readonly LogRow[]): void;
  /** Whether no row follows. */
  isOver(): Promise<boolean>;
}

export function createRowReader(groups: AsyncIterator<readonly LogRow[]>): RowReader {
  let waiting: readonly LogRow[] = [];
  async function next(): Promise<readonly LogRow[] | null> {
    if (waiting.length > 0) {
      const rows = waiting;
      waiting = [];
      return rows;
    }
    const { done, value } = await groups.next();
    return done === true ? null : value;
  }
  return {
    next,
    putBack(rows) {
      waiting = rows;
    },
    async isOver() {
      const rows = await next();
      waiting = rows ?? [];
      return rows === null;
    },
  };
}
