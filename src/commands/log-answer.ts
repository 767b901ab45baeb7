import type { Logger } from '../lib/logger.ts';
import { outcomeOf } from './record.ts';
import type { CommandResult, Submission } from './request.ts';

/** A command, and when it was submitted, in milliseconds of `performance.now()`. */
interface Answered {
  readonly submission: Submission;
  readonly sinceMs: number;
}

/**
 * Writes a line of level debug for a command that has been answered. It never has the input, which
 * may be personal. Never throws.
 */
export function logAnswer(
  logger: Logger,
  answered: Answered,
  { rejection, replayed, dryRun }: CommandResult,
): void {
  const answer = { outcome: outcomeOf(rejection), code: rejection?.code, replayed, dryRun };
  write(logger, answered, answer);
}

/**
 * Writes such a line for a command that could not be decided or recorded, or of which that is not
 * known. Never throws.
 */
export function logFailure(logger: Logger, answered: Answered, error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  write(logger, answered, { outcome: 'FAILED', code });
}

function write(logger: Logger, { submission, sinceMs }: Answered, answer: object): void {
  try {
    const { request, commandId } = submission;
    const { actor, definition, transport } = request;
    const durationMs = Math.round((performance.now() - sinceMs) * 1_000) / 1_000;
    const facts = { actor, command: definition.name, commandId, transport, durationMs };
    logger.debug(Object.assign(facts, answer), 'a command was answered');
  } catch {
    // The commands after this one wait for their answers.
  }
}
