import { oneLine } from '../lib/one-line.ts';
import type { Decider, Loaded } from './decider.ts';
import type { JsonObject, NewEvent } from './event.ts';
import { integer, text } from './field.ts';
import type { RejectionDefinition } from './rejection.ts';
import type { Caller } from './role.ts';

/**
 * Everything a command handler can do. Handlers are pure and synchronous and may run more than
 * once.
 */
export interface CommandContext {
  /** The time at which the command is decided. */
  readonly now: string;
  /** Who sent the command. What a command does must not depend on it; what a rejection says may. */
  readonly caller: Caller;
  /**
   * Declares that the decision is valid only before a time after `now`. If it cannot be recorded by
   * then, the handler runs again at a later `now`.
   */
  holdsUntil(time: string): void;
  /** A new UUID. If the handler runs again, the same call returns the same UUID. */
  newId(): string;
  /** The state after everything recorded so far, by earlier commands and by this one. */
  load<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string): Loaded<State>;
  /**
   * Announces the streams that will be loaded, so that missing ones are fetched together instead of
   * one by one. Never needed for correctness.
   */
  prepare<State, Event extends NewEvent>(
    decider: Decider<State, Event>,
    ids: Iterable<string>,
  ): void;
  /**
   * Appends an event to a stream. Later `load`s include it. The event is kept only if the handler
   * returns or throws a `Rejection` with `keepsEvents`.
   */
  record<State, Event extends NewEvent>(
    decider: Decider<State, Event>,
    id: string,
    event: Event,
    options?: { readonly occurredAt?: string },
  ): void;
  /** The number of steps of otherwise unbounded work that a command may do, reactions included. */
  readonly stepsMax: number;
  /**
   * The number of steps left. A command with none left leaves the rest of its work to a later
   * command.
   */
  stepsLeft(): number;
  spendSteps(count: number): void;
  /** Whether personal texts were recorded for a person, or the person was forgotten. */
  hasPersonalKey(subject: string): boolean;
  /**
   * Abandons the handler: the other command is decided first, then the handler runs again. The
   * other command must record an event each time.
   */
  decideFirst<Input>(command: EarlierCommand<Input>): never;
}

/** A command that must be decided before another one. */
export interface EarlierCommand<Input = JsonObject> {
  readonly definition: CommandDefinition<Input>;
  readonly input: Input;
  readonly actor: string;
}

/** What a caller needs to send a kind of command. */
export interface Right<Input = JsonObject> {
  /** Who has the right; completes the sentence "Allowed for …" in the description of a mutation. */
  readonly holders: string;
  /**
   * Throws `Rejection` unless the caller has the right. It runs before the handler, on the same
   * state, so that no change can come between the check and the command. What the caller may not
   * see is rejected as if it did not exist; what it may only see is rejected as `Forbidden`.
   */
  assert(input: Input, context: CommandContext): void;
}

/** A kind of command. A command is accepted, with any number of events, or rejected. */
export interface CommandDefinition<Input = JsonObject> {
  /** An imperative phrase; also the name of the mutation. */
  readonly name: string;
  readonly description: string;
  /** The rejections of the handler. Every command can also be rejected as `Forbidden`. */
  readonly rejections: readonly RejectionDefinition[];
  readonly right: Right<Input>;
  /** The members of the input that are personal to somebody; none by default. */
  readonly personal?: readonly string[];
  /** The stream whose version `expectedVersion` is compared with. */
  target?(input: Input): { readonly decider: Decider; readonly id: string };
  handle(input: Input, context: CommandContext): void;
}

/** How commands reach a server; `process`: a process manager of the server sends them itself. */
export type CommandTransport = 'http' | 'sse' | 'websocket' | 'bridge' | 'process';

/** The options that every command has, in addition to its own input. */
export interface CommandOptions {
  readonly idempotencyKey?: string | null | undefined;
  readonly expectedVersion?: number | null | undefined;
  readonly dryRun?: boolean | null | undefined;
  readonly occurredAt?: string | null | undefined;
}

export const VersionConflict = {
  name: 'VersionConflictError',
  code: 'VERSION_CONFLICT',
  description:
    'The stream does not have the expected version. Read its current state, then decide again.',
  fields: {
    expected: integer('The version that the command expected.'),
    actual: integer('The version of the stream when the command was decided.'),
  },
} as const;

export const Forbidden = {
  name: 'ForbiddenError',
  code: 'FORBIDDEN',
  description: oneLine`The actor may not send this command. The description of the mutation says who
    may.`,
  fields: {},
} as const;

export const IdempotencyKeyReused = {
  name: 'IdempotencyKeyReusedError',
  code: 'IDEMPOTENCY_KEY_REUSED',
  description: oneLine`The actor has already used the idempotency key with another command or input.
    Send the new command with a new key.`,
  fields: { idempotencyKey: text('The idempotency key.') },
} as const;
