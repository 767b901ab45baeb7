import { beginningOf, createChain, type LogPlace } from './chain.ts';
import { ExportError } from './errors.ts';
import { readExportedHead } from './log-head.ts';
import { withSnapshot } from './read-log.ts';

/**
 * Reads a whole log and checks it against its hashes; returns its end. Throws `ExportError` with
 * the first row that is not as it was recorded.
 */
export async function checkLog(url: string): Promise<LogPlace> {
  return withSnapshot(url, async ({ connection, rows }) => {
    const { ledger, sequence } = await readExportedHead(connection);
    const start = beginningOf(ledger);
    const chain = createChain(start);
    for await (const group of rows(start)) {
      for (const row of group) chain.add(row);
    }
    if (chain.sequence() !== sequence) {
      const what = `the log ends at event ${chain.sequence()}, but its head is ${sequence}`;
      throw new ExportError('DAMAGED', what);
    }
    return chain.place();
  });
}
