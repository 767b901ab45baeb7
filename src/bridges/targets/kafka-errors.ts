import { GenericError, MultipleErrors, ProtocolError } from '@platformatic/kafka';

/** A request to Kafka failed. */
export class KafkaRequestError extends Error {
  readonly code = 'KAFKA_REQUEST_FAILED';
  constructor(
    message: string,
    /** The names of the errors in Kafka's protocol, such as `MESSAGE_TOO_LARGE`. */
    readonly names: ReadonlySet<string>,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** An error that says in one line which request failed and why. */
export function toKafkaError(request: string, error: unknown): KafkaRequestError {
  const leaves = leavesOf(error);
  const names = new Set(leaves.flatMap(({ apiId }) => (apiId === null ? [] : [apiId])));
  const reasons = [...new Set(leaves.map(({ reason }) => reason))].slice(0, 3);
  return new KafkaRequestError(`Kafka ${request}: ${reasons.join('; ')}`, names, error);
}

interface Leaf {
  readonly apiId: string | null;
  readonly reason: string;
}

/** The errors that the client has packed into others. */
function leavesOf(error: unknown): readonly Leaf[] {
  if (error instanceof MultipleErrors || error instanceof AggregateError) {
    return error.errors.filter((inner) => inner instanceof Error).flatMap(leavesOf);
  }
  if (!(error instanceof Error)) return [{ apiId: null, reason: String(error) }];
  if (error instanceof ProtocolError) {
    const { apiId, serverErrorMessage } = error as ProtocolError & ProtocolFields;
    const text = serverErrorMessage ?? error.message;
    return [{ apiId, reason: `${apiId}: ${text}`.replaceAll(/\s+/g, ' ') }];
  }
  const isWrapper = error instanceof GenericError && error.cause instanceof Error;
  const inner = isWrapper ? leavesOf(error.cause) : [];
  if (inner.length > 0 && inner.every(({ apiId }) => apiId !== null)) return inner;
  const cause = inner.map(({ reason }) => `, ${reason}`).join('');
  return [{ apiId: null, reason: `${error.message.replace(/\.$/, '')}${cause}` }];
}

interface ProtocolFields {
  readonly apiId: string;
  readonly serverErrorMessage: string | null;
}
