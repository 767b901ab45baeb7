import type { CommandRecord } from '../../src/kernel/command-record.ts';
import type { Log } from '../../src/log/log.ts';
import type { CommandRecordFilter } from '../../src/log/record-batches.ts';
import { type RecordPage, scanRecordsWhile } from '../../src/log/records.ts';

/** The records of a log that pass a filter, read in scans until there are no more. */
export async function allRecords(
  log: Pick<Log, 'records' | 'recordsEnd' | 'head'>,
  filter: CommandRecordFilter = {},
  page: Partial<RecordPage> = {},
): Promise<readonly CommandRecord[]> {
  const end = await log.recordsEnd((await log.head()).sequence);
  const scan = (rest: RecordPage) => log.records(filter, rest);
  const wanted = { end, limit: 100_000, ...page };
  return (await scanRecordsWhile(scan, wanted, () => true)).records;
}
