import { foldStream } from '../commands/streams/fold-stream.ts';
import type { Decider } from '../kernel/decider.ts';
import type { JsonObject, NewEvent } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { ViewHistoryThinnedError, ViewNotReadableError } from '../views/errors.ts';
import { baseSequenceOf } from '../views/read-point.ts';
import type { CommandAnswer } from './command-mutation.ts';
import { toApiError } from './engine-errors.ts';
import type { RequestContext } from './request-context.ts';

/** A stream and the view whose documents are the stream's states. */
interface StateBehind<State extends JsonObject, Event extends NewEvent> {
  readonly decider: Decider<State | null, Event>;
  readonly id: string;
  /** It answers with one look-up, no matter how long the stream is. Absent if streams are short. */
  readonly view?: View<State>;
}

/**
 * The state of a stream right after a command, for its payload; null if there is none. Does not
 * wait for views: a state that the view cannot show is folded from the log.
 */
export async function stateBehind<State extends JsonObject, Event extends NewEvent>(
  { engine }: RequestContext,
  { at }: CommandAnswer<unknown>,
  { decider, id, view }: StateBehind<State, Event>,
): Promise<State | null> {
  const sequence = baseSequenceOf(at);
  try {
    const shown = view && (await readShown(engine, { view, id, sequence }));
    if (shown != null) return shown;
    return await foldStream(engine.log, { decider, id, sequence });
  } catch (error) {
    throw toApiError(error);
  }
}

interface ShownRequest<State extends JsonObject> {
  readonly view: View<State>;
  readonly id: string;
  readonly sequence: number;
}

/** Null if there is no document, or if the view cannot be read at the sequence number now. */
async function readShown<State extends JsonObject>(
  { views }: RequestContext['engine'],
  { view, id, sequence }: ShownRequest<State>,
): Promise<State | null> {
  if (sequence > views.checkpoint()) return null;
  try {
    return (await views.document(view, id, sequence))?.document ?? null;
  } catch (error) {
    const isUnreadable =
      error instanceof ViewNotReadableError || error instanceof ViewHistoryThinnedError;
    if (isUnreadable) return null;
    throw error;
  }
}
