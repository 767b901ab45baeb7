import type { CommandOrder } from '../../commands/request.ts';
import { unlessAborted } from '../../lib/unless-aborted.ts';
import type { InboundMessage } from './command-source.ts';
import { type Envelope, MalformedMessageError, readEnvelope } from './envelope.ts';
import type { InboundBridge } from './inbound.ts';
import {
  type MutationOutcome,
  type MutationRequest,
  SubmitFailedError,
} from './submit-mutation.ts';

/** The outcomes of the first messages, and why the next one has none; null if all have one. */
interface WindowOutcome {
  readonly outcomes: readonly MutationOutcome[];
  readonly failure: SubmitFailedError | null;
}

type Attempt = MutationOutcome | { readonly kind: 'failed'; readonly error: SubmitFailedError };

/**
 * Submits the commands of messages, in order and without waiting for the answers in between: the
 * processor decides them in order and writes many at once. After the first command without an
 * answer, no more are submitted, and those that wait are not decided. Null if the signal fires
 * before all are answered.
 */
export async function submitWindow(
  bridge: InboundBridge,
  messages: readonly InboundMessage[],
  endSignal: AbortSignal,
): Promise<WindowOutcome | null> {
  const halt = new AbortController();
  const order: CommandOrder = { isBroken: false };
  const attempts = await unlessAborted(
    Promise.all(
      messages.map(async (message): Promise<Attempt> => {
        try {
          return await submit(bridge, message, { signal: halt.signal, order });
        } catch (error) {
          halt.abort();
          if (error instanceof SubmitFailedError) return { kind: 'failed', error };
          throw error;
        }
      }),
    ),
    endSignal,
  );
  if (attempts === null) {
    halt.abort();
    return null;
  }
  const outcomes: MutationOutcome[] = [];
  for (const attempt of attempts) {
    if (attempt.kind === 'failed') return { outcomes, failure: firstFailure(attempts) };
    outcomes.push(attempt);
  }
  return { outcomes, failure: null };
}

/** The failure that made the others fail. */
function firstFailure(attempts: readonly Attempt[]): SubmitFailedError | null {
  const failures = attempts.flatMap((attempt) =>
    attempt.kind === 'failed' ? [attempt.error] : [],
  );
  return failures.find(({ reason }) => reason !== 'ABORTED') ?? failures[0] ?? null;
}

async function submit(
  { actor, map, submit }: InboundBridge,
  { body, idempotencyKey }: InboundMessage,
  together: Pick<MutationRequest, 'signal' | 'order'>,
): Promise<MutationOutcome> {
  let envelope: Envelope;
  try {
    envelope = readEnvelope(body, map);
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  }
  return submit({ ...envelope, ...together, actor, idempotencyKey });
}
