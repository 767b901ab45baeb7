import { foldStream } from '../commands/streams/fold-stream.ts';
import type { Decider } from '../kernel/decider.ts';
import type { JsonObject, NewEvent } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { ViewNotReadableError } from '../views/errors.ts';
import { sequenceOf } from '../views/read-point.ts';
import type { CommandAnswer } from './command-mutation.ts';
import { toApiError } from './engine-errors.ts';
import type { RequestContext } from './request-context.ts';

/** A stream and the view whose documents are the stream's states. */
export interface StateBehind<State extends JsonObject, Event extends NewEvent> {
  readonly decider: Decider<State | null, Event>;
  readonly id: string;
  /** Preferred, as it takes one look-up however long the stream is. Absent if streams are short. */
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
  const sequence = sequenceOf(at);
  try {
    const shown = view && (await readShown(engine, { view, id, sequence }));
    // The view's own evolve made the document, so it has the view's type.
    if (shown != null) return shown as State;
    return await foldStream(engine.log, { decider, id, sequence });
  } catch (error) {
    throw toApiError(error);
  }
}

/** Null if there is no document, or if the view cannot be read at the sequence number now. */
async function readShown(
  { views }: RequestContext['engine'],
  request: {
    readonly view: { readonly name: string };
    readonly id: string;
    readonly sequence: number;
  },
): Promise<JsonObject | null> {
  if (request.sequence > views.checkpoint()) return null;
  try {
    return (await views.document(request.view, request.id, request.sequence))?.document ?? null;
  } catch (error) {
    if (error instanceof ViewNotReadableError) return null;
    throw error;
  }
}
