import type { StoredEvent } from '../kernel/event.ts';
import { oneLine } from '../lib/one-line.ts';
import type { ApiParts } from './api-parts.ts';
import type { RequestContext } from './request-context.ts';

/** What every subscription to a state promises; part of the description of each. */
export const latestDescription = oneLine`A slow reader may miss intermediate states, but never the
  latest. To resume, subscribe again: the first frame has the current state.`;

/** The options of the field `sequence` of a frame with a state. */
export const frameSequence = {
  type: 'Sequence',
  description: 'The sequence number at which this state was read.',
} as const;

/** The options of the field `event` of a frame with the state of a document. */
export function frameEvent({ event: type }: ApiParts) {
  return {
    type,
    nullable: true,
    description: oneLine`The event that led to this state. Null in the first frame, and if the actor
      may not see the event.`,
    async resolve({ event }: FrameSource, _args: object, { visibility }: RequestContext) {
      const [shown] = event === null ? [] : await visibility.events([event]);
      return shown ?? null;
    },
  } as const;
}

interface FrameSource {
  readonly event: StoredEvent | null;
}
