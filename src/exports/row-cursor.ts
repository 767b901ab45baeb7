import type { LogValues } from './columns.ts';

/** Reads rows that arrive in groups, one by one. */
export interface RowCursor {
  /** The row at which the cursor is; null after the last one. */
  row(): LogValues | null;
  /** Goes to the next row if it has arrived; otherwise returns false, and `load` must follow. */
  step(): boolean;
  /** Waits for the next group of rows. */
  load(): Promise<void>;
  /** Ends the reading. */
  close(): Promise<void>;
}

/** Opens a cursor at the first row. */
export async function openCursor(
  groups: AsyncGenerator<readonly LogValues[], void, undefined>,
): Promise<RowCursor> {
  let group: readonly LogValues[] = [];
  let at = 0;
  const load = async (): Promise<void> => {
    const { value } = await groups.next();
    group = value ?? [];
    at = 0;
  };
  await load();
  return {
    row: () => group[at] ?? null,
    step() {
      at += 1;
      return at < group.length;
    },
    load,
    close: async () => void (await groups.return()),
  };
}
