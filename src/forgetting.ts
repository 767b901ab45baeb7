import { entityIdOf } from './kernel/decider.ts';
import type { StoredEvent } from './kernel/event.ts';
import { personCategory, personErased } from './kernel/personal.ts';
import type { KeyRing } from './personal/key-ring.ts';

/**
 * Drops the keys of people as soon as this process knows that they were forgotten, before any
 * reader gets the event. `onErased`: called after that.
 */
export function createForgetting(
  keys: KeyRing,
  onErased: () => void,
): (events: readonly StoredEvent[]) => void {
  return (events) => {
    const erasures = events.filter(({ type }) => type === personErased);
    if (erasures.length === 0) return;
    for (const { streamId, recordedAt } of erasures) {
      if (streamId.startsWith(`${personCategory}-`)) keys.forget(entityIdOf(streamId), recordedAt);
    }
    onErased();
  };
}
