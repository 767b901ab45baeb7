import { randomUUID } from 'node:crypto';
import type { Batch, ExpectedStream, PendingEvent } from '../../../src/kernel/log.ts';
import { importBuilt } from './built.ts';

const { newUuid } = await importBuilt<typeof import('../../../src/lib/uuid.ts')>('lib/uuid.js');

/** The streams of a lane, with the version that each has reached. */
export type Lane = Map<string, number>;

export function createLane(streams: number): Lane {
  return new Map(Array.from({ length: streams }, () => [`account-${randomUUID()}`, 0]));
}

/** Opens the accounts of a lane that has no events. */
export function openLane(lane: Lane): Batch {
  const streams = [...lane.keys()];
  const expected = new Map(streams.map((id) => [id, { version: 0, lastEventId: null }]));
  for (const streamId of streams) lane.set(streamId, 1);
  const events = streams.map((streamId) => toEvent(streamId, 1, opened));
  const basis = { epoch: null, expected, validUntil: null };
  return { id: newUuid(), ...basis, events, outcomes: [], records: [] };
}

/** The next deposits, spread over the streams of a lane. */
export function toBatch(lane: Lane, size: number): Batch {
  const streams = [...lane.keys()];
  const expected = new Map<string, ExpectedStream>();
  const events = Array.from({ length: size }, (_, index): PendingEvent => {
    const streamId = streams[index % streams.length] as string;
    const version = (lane.get(streamId) ?? 0) + 1;
    if (!expected.has(streamId)) {
      expected.set(streamId, { version: version - 1, lastEventId: null });
    }
    lane.set(streamId, version);
    return toEvent(streamId, version, deposited);
  });
  const basis = { epoch: null, expected, validUntil: null };
  return { id: newUuid(), ...basis, events, outcomes: [], records: [] };
}

const opened = { type: 'AccountOpened', data: { owner: 'bench', currency: 'USD' } };
const deposited = {
  type: 'CashDeposited',
  data: { amount: '1.00', currency: 'USD', reference: null },
};

function toEvent(
  streamId: string,
  version: number,
  { type, data }: Pick<PendingEvent, 'type' | 'data'>,
): PendingEvent {
  const commandId = newUuid();
  return {
    id: newUuid(),
    streamId,
    version,
    type,
    schemaVersion: 1,
    occurredAt: null,
    actor: 'bench',
    commandId,
    correlationId: commandId,
    causationId: null,
    data,
  };
}
