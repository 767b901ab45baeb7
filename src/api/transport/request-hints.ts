import { correlationIdRule, isCorrelationId } from '../correlation-id.ts';
import { codedError } from '../errors.ts';
import type { RequestHints } from '../operation-init.ts';

type GivenHints = { readonly [Name in keyof RequestHints]?: unknown };

const sequence = /^(?:0|[1-9]\d{0,17})$/;

/** Whether a text is a sequence number in digits. */
export function isSequence(text: string): boolean {
  return sequence.test(text);
}

/**
 * Reads `extensions: { daybook: { minSequence, correlationId } }` of a request. If one is absent
 * there, the request's header counts; if that is absent too, the hint is null.
 *
 * @throws GraphQLError BAD_USER_INPUT if a hint is malformed
 */
export function readRequestHints(
  extensions: unknown,
  headers: GivenHints | undefined,
): RequestHints {
  const given = daybookExtension(extensions);
  const minSequence = given.minSequence ?? headers?.minSequence ?? null;
  const correlationId = given.correlationId ?? headers?.correlationId ?? null;
  if (minSequence !== null && !isText(minSequence, isSequence)) {
    throw codedError(
      'BAD_USER_INPUT',
      'minSequence must be a sequence number as a string, like "42"',
    );
  }
  if (correlationId !== null && !isText(correlationId, isCorrelationId)) {
    throw codedError('BAD_USER_INPUT', `correlationId must be a string of ${correlationIdRule}`);
  }
  return { minSequence, correlationId };
}

/** Decodes a header as UTF-8; Node.js decodes its bytes as Latin-1. */
export function headerText(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(', ') : header;
  return text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8');
}

function daybookExtension(extensions: unknown): GivenHints {
  if (!isObject(extensions)) return {};
  const { daybook } = extensions;
  if (daybook === undefined || daybook === null) return {};
  if (!isObject(daybook))
    throw codedError('BAD_USER_INPUT', 'extensions.daybook must be an object');
  const { minSequence, correlationId } = daybook;
  return { minSequence, correlationId };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, isRight: (text: string) => boolean): value is string {
  return typeof value === 'string' && isRight(value);
}
