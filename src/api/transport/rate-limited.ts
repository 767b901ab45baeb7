import { GraphQLError } from 'graphql';
import { codeOf } from '../errors.ts';

const code = 'RATE_LIMITED';

/** The error of an actor that is over one of its limits; nothing was executed. */
export function rateLimited(rule: string, waitMs: number): GraphQLError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1_000));
  const message = `this actor may ${rule}: try again in ${retryAfter} s`;
  return new GraphQLError(message, { extensions: { code, retryAfter } });
}

/** After how many seconds a caller that was over its limits may try again; null if it was not. */
export function retryAfterOf(errors: readonly GraphQLError[] | undefined): number | null {
  const [first] = errors ?? [];
  return first !== undefined && codeOf(first) === code
    ? Number(first.extensions['retryAfter'])
    : null;
}
