import { isTransient } from '../../log/errors.ts';
import type { Log } from '../../log/log.ts';
import type { Decision } from '../decide.ts';
import { UnavailableError } from '../errors.ts';
import type { CommandResult, Submission } from '../request.ts';
import { retry } from '../retry.ts';
import { replayOutcome } from './replay.ts';

/**
 * Whether a command is a dry run with an idempotency key. Nothing is appended for it, so its key
 * has to be looked up.
 */
export function isKeyedDryRun({ key, request }: Submission): boolean {
  return key !== null && request.options.dryRun === true;
}

interface AnswerOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Answers the dry runs that have an idempotency key as the command itself would be answered: with
 * the recorded outcome if there is one, else as decided. Never throws. Call it once the streams on
 * which they were decided are known to have been current: a key that is unused now was unused then.
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
