import fc from 'fast-check';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import type { Database } from '../../src/postgres/database.ts';
import { createMovingView, type MovingView } from '../../src/views/building/advance.ts';
import { createBlockMemory } from '../../src/views/lists/block-memory.ts';
import { readViews, registerView } from '../../src/views/store.ts';
import { type Note, notes, walletsView } from './wallets.ts';

/** Events to fold into wallets, and the sizes of the pages in which they arrive. */
export function programsOf(maxLength: number, minLength = 1) {
  const event = fc.oneof(
    { weight: 6, arbitrary: notes },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  return fc.record({
    events: fc.array(event, { minLength, maxLength }).map((given) => given.map(toEvent)),
    pageSizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
  });
}

/** A note, or an event that does not concern the view. */
export function toEvent(note: Note | null, index: number): StoredEvent {
  const recordedAt = '2026-01-01T00:00:00.000000Z';
  return {
    id: newUuid(),
    sequence: index + 1,
    streamId: 'notes-1',
    version: index + 1,
    type: note === null ? 'Other' : 'Noted',
    schemaVersion: 1,
    recordedAt,
    occurredAt: recordedAt,
    actor: 'ann',
    commandId: newUuid(),
    correlationId: 'c',
    causationId: null,
    data: { ...note },
  };
}

/** A new, empty view of wallets with the given number of entries in a block. */
export async function createWalletsView(
  database: Database,
  entriesMax?: number,
): Promise<MovingView> {
  const view = { ...walletsView, name: newUuid() };
  await registerView(database, view);
  const row = (await readViews(database)).find(({ name }) => name === view.name);
  return createMovingView(view, row?.id ?? 0, 0, 'building', createBlockMemory(entriesMax));
}

export function* paged(events: readonly StoredEvent[], sizes: readonly number[]) {
  for (let done = 0, turn = 0; done < events.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield events.slice(done, done + size);
    done += size;
  }
}
