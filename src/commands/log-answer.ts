import type { Logger } from '../lib/logger.ts';
import { outcomeOf } from './record.ts';
import type { CommandResult, Submission } from './request.ts';

/**
 * Writes a line of level debug for a command that has been answered. It never has the input, which
 * may be personal. `sinceMs`: when the command was submitted, in milliseconds of
 * `performance.now()`.
 */
export function logAnswer(
  logger: Logger,
  submission: Submission,
  { rejection, replayed, dryRun }: CommandResult,
  sinceMs: number,
): void {
  const outcome = outcomeOf(rejection);
  const code = rejection?.code;
  const facts = Object.assign(factsOf(submission, sinceMs), { outcome, code, replayed, dryRun });
  logger.debug(facts, 'a command was answered');
}

/** Writes such a line for a command that could not be decided or recorded. */
export function logFailure(
  logger: Logger,
  submission: Submission,
  error: unknown,
  sinceMs: number,
): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const facts = Object.assign(factsOf(submission, sinceMs), { outcome: 'FAILED', code });
  logger.debug(facts, 'a command was not answered');
}

function factsOf({ request, commandId }: Submission, sinceMs: number) {
  const { actor, definition, transport } = request;
  const durationMs = Math.round((performance.now() - sinceMs) * 1_000) / 1_000;
  return { actor, command: definition.name, commandId, transport, durationMs };
}
