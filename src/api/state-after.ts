import { type Decider, entityIdOf } from '../kernel/decider.ts';
import type { JsonObject, NewEvent } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { baseSequenceOf, type ReadPoint } from '../views/read-point.ts';
import type { CommandAnswer } from './command-mutation.ts';
import type { RequestContext } from './request-context.ts';
import { stateBehind } from './state-behind.ts';

/** A kind of stream, the view of its states, and how a state becomes the source of its type. */
interface ShownStream<State extends JsonObject, Event extends NewEvent, Source> {
  readonly decider: Decider<State | null, Event>;
  readonly view: View<State>;
  readonly toSource: (state: State, at: ReadPoint) => Source;
}

/**
 * Returns the state of a stream right after a command, which must have loaded the stream. A
 * replayed command has the state that its first answer showed. Throws if the stream does not exist.
 */
type StateAfter<Source> = (
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  id: string,
) => Source | Promise<Source>;

/** Creates the function that returns the state of a stream of this kind right after a command. */
export function createStateAfter<State extends JsonObject, Event extends NewEvent, Source>({
  decider,
  view,
  toSource,
}: ShownStream<State, Event, Source>): StateAfter<Source> {
  const readState: StateAfter<Source> = async (context, answer, id) => {
    const state = await stateBehind(context, answer, { decider, id, view });
    if (state !== null) return toSource(state, answer.at);
    throw new Error(`${decider.category} ${id} does not exist at ${baseSequenceOf(answer.at)}`);
  };
  return (context, answer, id) => {
    const decided = answer.result.stateOf(decider, id);
    return decided === null ? readState(context, answer, id) : toSource(decided, answer.at);
  };
}

/** A payload field that shows a state right after the command. */
interface FieldAfter<Type, Input, Source> {
  readonly type: Type;
  readonly description: string;
  readonly state: StateAfter<Source>;
  readonly idOf: (answer: CommandAnswer<Input>) => string;
}

/** The options of a payload field that shows a state right after the command. */
export function fieldAfter<Type, Input, Source>({
  type,
  description,
  state,
  idOf,
}: FieldAfter<Type, Input, Source>) {
  const resolve = (answer: CommandAnswer<Input>, _args: object, context: RequestContext) =>
    state(context, answer, idOf(answer));
  return { type, description, resolve };
}

/** The id of the entity that a command created. */
export function createdId({ result }: CommandAnswer<unknown>): string {
  if (result.firstStreamId === null) throw new Error('the command created nothing');
  return entityIdOf(result.firstStreamId);
}
