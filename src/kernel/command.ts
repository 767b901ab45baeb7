import type { Decider, Loaded } from './decider.ts';
import type { JsonObject, NewEvent } from './event.ts';
import { integer, text } from './field.ts';
import type { RejectionDefinition } from './rejection.ts';

/** What a command handler may do, and all that it may do: pure, synchronous, repeatable. */
export interface CommandContext {
  /** The time at which the command is decided. */
  readonly now: string;
  /**
   * Says that what is decided holds only before a time after `now`. If it cannot be recorded before
   * then, the handler runs again at a later `now`.
   */
  holdsUntil(time: string): void;
  /** A fresh UUID; the same one, in the same place, when the handler runs again. */
  newId(): string;
  /** The state after all that was recorded before, by earlier commands and by this one. */
  load<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string): Loaded<State>;
  /**
   * Says that these streams will be loaded, so that those that are not at hand are fetched together
   * instead of one by one. Never needed for correctness.
   */
  prepare<State, Event extends NewEvent>(
    decider: Decider<State, Event>,
    ids: Iterable<string>,
  ): void;
  /** Appends to the stream, at once in effect for later `load`s; kept only if the handler returns. */
  record<State, Event extends NewEvent>(
    decider: Decider<State, Event>,
    id: string,
    event: Event,
    options?: { readonly occurredAt?: string },
  ): void;
  /** How many steps of work without a bound a command may do in all, reactions included. */
  readonly stepsMax: number;
  /** How many of them are left: a command that has none leaves the rest of its work to a later one. */
  stepsLeft(): number;
  spendSteps(count: number): void;
  /**
   * Abandons the handler: the other command is decided first, and then this one again. The other one
   * must record something each time that it is asked for.
   */
  decideFirst<Input>(command: EarlierCommand<Input>): never;
}

/** A command that has to be decided before another one can be. */
export interface EarlierCommand<Input = JsonObject> {
  readonly definition: CommandDefinition<Input>;
  readonly input: Input;
  readonly actor: string;
}

/** One kind of command: a wish that is accepted (events, perhaps none) or rejected. */
export interface CommandDefinition<Input = JsonObject> {
  /** Imperative; also the name of its mutation. */
  readonly name: string;
  readonly description: string;
  readonly rejections: readonly RejectionDefinition[];
  /** The stream that the command names first: what `expectedVersion` speaks of. */
  target?(input: Input): { readonly decider: Decider; readonly id: string };
  handle(input: Input, context: CommandContext): void;
}

/** What every command takes besides its own input. */
export interface CommandOptions {
  readonly idempotencyKey?: string | null | undefined;
  readonly expectedVersion?: number | null | undefined;
  readonly dryRun?: boolean | null | undefined;
  readonly occurredAt?: string | null | undefined;
}

export const VersionConflict = {
  name: 'VersionConflictError',
  code: 'VERSION_CONFLICT',
  description: 'The stream is not at the version that the command expected.',
  fields: {
    expected: integer('The version that the command named.'),
    actual: integer("The stream's version when the command was decided."),
  },
} as const;

export const IdempotencyKeyReused = {
  name: 'IdempotencyKeyReusedError',
  code: 'IDEMPOTENCY_KEY_REUSED',
  description: 'The same actor has used this idempotency key with another command or input.',
  fields: { idempotencyKey: text('The key that was used before.') },
} as const;
