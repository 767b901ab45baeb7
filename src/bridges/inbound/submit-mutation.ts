import type { CommandOrder } from '../../commands/request.ts';

/** A command of a message, as a mutation of the API. */
export interface MutationRequest {
  readonly mutation: string;
  /** As JSON gives it: not checked yet. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly actor: string;
  readonly idempotencyKey: string;
  /** When it fires, the command is no longer submitted. */
  readonly signal: AbortSignal;
  /** The order of the messages that are submitted together. */
  readonly order: CommandOrder;
}

/**
 * The answer to a command. `refused`: the same message will never be accepted, because it is
 * malformed or because the command was rejected.
 */
export type MutationOutcome =
  | { readonly kind: 'accepted'; readonly sequence: number; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/**
 * Runs a mutation as the API does. Resolves once the outcome is in the log. The processor gets the
 * commands in the order of the calls. Throws `SubmitFailedError`.
 */
export type SubmitMutation = (request: MutationRequest) => Promise<MutationOutcome>;

/** A command could not be answered. It may or may not have been recorded. */
export class SubmitFailedError extends Error {
  readonly code = 'SUBMIT_FAILED';
  /** `isPassing`: the same command can succeed later. */
  constructor(
    readonly reason: string,
    message: string,
    readonly isPassing: boolean,
  ) {
    super(message);
  }
}
