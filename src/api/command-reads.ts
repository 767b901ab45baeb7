import { maySeeLog } from '../access/log-access.ts';
import type { CommandRecord, RecordPlace } from '../kernel/command-record.ts';
import type { Moment } from '../kernel/moment.ts';
import { parseDateTime } from '../lib/date-time.ts';
import type { CommandRecordFilter } from '../log/record-batches.ts';
import {
  type RecordedBy,
  type RecordPage,
  type RecordsEnd,
  scanRecordsWhile,
} from '../log/records.ts';
import { baseSequenceOf, type ReadPoint } from '../views/read-point.ts';
import type { ParsedCommandFilter } from './command-filter.ts';
import { type Connection, goingOnAt, type PagingArgs, parsePage, toConnection } from './paging.ts';
import type { RequestContext } from './request-context.ts';

/** A record, and the read point at which it is shown. */
export type CommandAt = CommandRecord & { readonly at: ReadPoint };

/** The time after which a page is answered with fewer records than requested. */
const scanMsMax = 200;

/** Reads a page of the records up to a moment. */
export async function readCommandConnection(
  context: RequestContext,
  { filter, since, until }: ParsedCommandFilter,
  paging: PagingArgs,
  asOf: Moment | null | undefined,
): Promise<Connection<CommandAt>> {
  const page = parsePage(paging, parseCursor);
  const { at, end } = await endOf(context, asOf);
  const { after, before, fromEnd: descending } = page;
  const wanted = { after, before, since, until, end, limit: page.size + 1, descending };
  const scanUntil = performance.now() + scanMsMax;
  const { records, stoppedAt } = await scan(
    context,
    filter,
    wanted,
    () => performance.now() < scanUntil && !context.signal.aborted,
  );
  const found = toConnection(page, records, (record) => ({
    cursor: toCursor(record.place),
    node: Object.assign(record, { at }),
  }));
  return stoppedAt === null ? found : goingOnAt(found, page, toCursor(stoppedAt));
}

/** The record of a command, as the operation sees it; null if there is none. */
export async function findCommand(context: RequestContext, id: string): Promise<CommandAt | null> {
  const { at, end } = await endOf(context, null);
  // Few batches have commands with ids of about the same time, so this always ends soon.
  const goesOn = () => !context.signal.aborted;
  const [record] = (await scan(context, { id }, { end, limit: 1, descending: true }, goesOn))
    .records;
  return record === undefined ? null : Object.assign(record, { at });
}

/** The first records with a correlation id, in the order of recording. */
export async function readCorrelatedCommands(
  context: RequestContext,
  correlationId: string,
  limit: number,
): Promise<readonly CommandAt[]> {
  const { at, end } = await endOf(context, null);
  const goesOn = () => !context.signal.aborted;
  const { records } = await scan(context, { correlationId }, { end, limit }, goesOn);
  return records.map((record) => Object.assign(record, { at }));
}

/**
 * Creates what reads the records of the commands of some events, all of them when the first is
 * asked for. Null for commands of earlier releases, and for a caller who may not see the log.
 */
export function recordsOfEvents(
  context: RequestContext,
  events: readonly RecordedBy[],
  at: ReadPoint,
): (commandId: string) => Promise<CommandAt | null> {
  let reading: Promise<ReadonlyMap<string, CommandRecord>> | null = null;
  return async (commandId) => {
    if (!maySeeLog(context.visibility.caller)) return null;
    reading ??= context.read(({ log }) => log.recordsOf(events));
    const record = (await reading).get(commandId);
    return record === undefined ? null : Object.assign(record, { at });
  };
}

function scan(
  context: RequestContext,
  filter: CommandRecordFilter,
  page: RecordPage,
  goesOn: () => boolean,
) {
  const read = (rest: RecordPage) => context.read(({ log }) => log.records(filter, rest));
  return scanRecordsWhile(read, page, goesOn);
}

interface RecordsCut {
  readonly at: ReadPoint;
  readonly end: RecordsEnd;
}

/** Where the records end for the fields of an operation without `asOf`. */
const cuts = new WeakMap<RequestContext, Promise<RecordsCut>>();

function endOf(context: RequestContext, asOf: Moment | null | undefined): Promise<RecordsCut> {
  if (asOf != null) return readEnd(context, asOf);
  const known = cuts.get(context) ?? readEnd(context, null);
  cuts.set(context, known);
  return known;
}

async function readEnd(context: RequestContext, asOf: Moment | null): Promise<RecordsCut> {
  const at = await context.readPointOf(asOf);
  const sequence = baseSequenceOf(at);
  if (asOf?.kind === 'time') return { at, end: { sequence, recordedAt: asOf.time } };
  const end = await context.read(({ log }) => log.recordsEnd(sequence));
  if (end.isOpen) context.readsPresent();
  return { at, end };
}

/** Cursors are like `2026-11-23T12:00:00.000000Z/3`: the time of a batch and an index in it. */
function toCursor({ batch, index }: RecordPlace): string {
  return `${batch}/${index}`;
}

function parseCursor(text: string): RecordPlace | null {
  const [, batch = '', index = ''] = /^(.{27})\/(0|[1-9]\d{0,6})$/.exec(text) ?? [];
  return parseDateTime(batch) === batch && batch !== '' ? { batch, index: Number(index) } : null;
}
