import { isTransient } from '../../log/errors.ts';
import type { Log } from '../../log/log.ts';
import type { Decision } from '../decide.ts';
import { UnavailableError } from '../errors.ts';
import type { CommandResult, Submission } from '../request.ts';
import { retry } from '../retry.ts';
import { replayOutcome } from './replay.ts';

/** Whether a command's key is to be looked up, because no append will find out that it is used. */
export function isKeyedDryRun({ key, request }: Submission): boolean {
  return key !== null && request.options.dryRun === true;
}

export interface AnswerOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Answers the dry runs with a key as the command itself would be: from the record, if there is one,
 * else as decided. To be called once it is known that what they were decided on was the latest: a
 * key that is still unused then was so when they were decided. Never throws.
 */
export async function answerDryRuns(
  options: AnswerOptions,
  decisions: readonly Decision[],
  results: readonly CommandResult[],
): Promise<void> {
  const answering = decisions.map(({ submission }, index) => {
    const decided = results[index];
    return decided && isKeyedDryRun(submission) ? answer(options, submission, decided) : null;
  });
  await Promise.all(answering.filter((one) => one !== null));
}

async function answer(
  options: AnswerOptions,
  submission: Submission,
  decided: CommandResult,
): Promise<void> {
  try {
    const recorded = await findAnswer(options, submission);
    submission.resolve(recorded === null ? decided : { ...recorded, dryRun: true });
  } catch (error) {
    submission.reject(isTransient(error) ? new UnavailableError({ cause: error }) : error);
  }
}

function findAnswer(
  { log, signal }: AnswerOptions,
  { key, request, deadline }: Submission,
): Promise<CommandResult | null> {
  const find = async (): Promise<CommandResult | null> => {
    if (key === null) return null;
    const [outcome] = await log.outcomes([[request.actor, key.idempotencyKey]]);
    return outcome === undefined ? null : replayOutcome(log, key, outcome);
  };
  return retry(find, { deadline, signal });
}
