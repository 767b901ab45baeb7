import type { JsonObject, NewEvent } from '../kernel/event.ts';
import { sequenceOf } from '../views/read-point.ts';
import type { CommandAnswer } from './command-mutation.ts';
import type { RequestContext } from './request-context.ts';
import { type StateBehind, stateBehind } from './state-behind.ts';

/**
 * The state of a stream right after a command, which must have loaded the stream. A replayed
 * command has the state that its first answer showed. Throws if the stream does not exist.
 */
export async function stateAfter<State extends JsonObject, Event extends NewEvent>(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  stream: StateBehind<State, Event>,
): Promise<State> {
  const { decider, id } = stream;
  const decided = answer.result.stateOf(decider, id);
  const state = decided ?? (await stateBehind(context, answer, stream));
  if (state !== null) return state;
  throw new Error(`${decider.category} ${id} does not exist at ${sequenceOf(answer.at)}`);
}
