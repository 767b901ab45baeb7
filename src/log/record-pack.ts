import { accountIdsIn } from '../kernel/account-ids.ts';
import type { CommandTransport } from '../kernel/command.ts';
import type { CommandOutcome, CommandRecord, PendingRecord } from '../kernel/command-record.ts';
import type { JsonObject } from '../kernel/event.ts';
import type { Role } from '../kernel/role.ts';
import { addMicroseconds } from '../lib/date-time.ts';

/**
 * The records of a batch as one JSON text: `{"texts": […], "records": […]}`. Texts that repeat,
 * such as names and actors, are written once, and each record has their indexes. The inputs are
 * written as they are.
 */
export function packRecords(records: readonly PendingRecord[]): string {
  const indexes = new Map<string, number>();
  const indexOf = (text: string): number => {
    const index = indexes.get(text) ?? indexes.size;
    indexes.set(text, index);
    return index;
  };
  const rows = records.map((record) => toRow(record, indexOf));
  return `{"texts":${JSON.stringify([...indexes.keys()])},"records":[${rows.join(',')}]}`;
}

/** A record as a JSON array; see `PackedRecord`. Built as text, because the input is text. */
function toRow(record: PendingRecord, indexOf: (text: string) => number): string {
  const { id, name, actor, roles, transport, eventCount, correlationId, causationId } = record;
  const { idempotencyKey, code, message, outcome, otherAccountIds, input } = record;
  const rejection = code === null ? 'null' : JSON.stringify([outcome, code, message]);
  const correlation = correlationId === id ? 'null' : JSON.stringify(correlationId);
  return `["${id}",${indexOf(name)},${indexOf(actor)},${indexOf(roles.join(' '))},${indexOf(
    transport,
  )},${eventCount},${JSON.stringify(idempotencyKey)},${correlation},${JSON.stringify(
    causationId,
  )},${rejection},${JSON.stringify(otherAccountIds)},${input}]`;
}

/** The members of a packed record, in order. */
type PackedRecord = readonly [
  id: string,
  name: number,
  actor: number,
  roles: number,
  transport: number,
  eventCount: number,
  idempotencyKey: string | null,
  /** Null: the id of the command. */
  correlationId: string | null,
  causationId: string | null,
  /** Null: the command was accepted. */
  rejection: readonly [outcome: CommandOutcome, code: string, message: string] | null,
  otherAccountIds: readonly string[],
  input: JsonObject,
];

/** The records of a batch as they are stored. */
export interface RecordPack {
  /** The time of the batch. */
  readonly batch: string;
  /** The sequence of its first event, or the sequence that it would have had. */
  readonly firstSequence: number;
  readonly records: string;
}

/** The records of a batch, in the order in which its commands took effect. */
export function unpackRecords({ batch, firstSequence, records }: RecordPack) {
  const pack = JSON.parse(records) as {
    readonly texts: readonly string[];
    readonly records: readonly PackedRecord[];
  };
  const textAt = (index: number): string => pack.texts[index] ?? '';
  let offset = 0;
  return pack.records.map((row, index): CommandRecord => {
    const [id, name, actor, roles, transport, eventCount, idempotencyKey] = row;
    const [, , , , , , , correlationId, causationId, rejection, otherAccountIds, input] = row;
    offset += eventCount;
    return {
      id,
      name: textAt(name),
      actor: textAt(actor),
      roles: textAt(roles).split(' ').filter(Boolean) as Role[],
      transport: textAt(transport) as CommandTransport,
      outcome: rejection?.[0] ?? 'ACCEPTED',
      code: rejection?.[1] ?? null,
      message: rejection?.[2] ?? null,
      eventCount,
      idempotencyKey,
      correlationId: correlationId ?? id,
      causationId,
      input,
      accountIds: [...accountIdsIn(input, new Set(otherAccountIds))],
      place: { batch, index },
      sequence: firstSequence - 1 + offset,
      recordedAt: addMicroseconds(batch, Math.max(offset - 1, 0)),
    };
  });
}
