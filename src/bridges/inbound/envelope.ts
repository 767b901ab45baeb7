import type { InboundSettings } from '../settings.ts';
import { withNumbersAsText } from './number-texts.ts';

/** What a message asks for. */
export interface Envelope {
  readonly mutation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A message contains no command. Another delivery of it would not either. */
export class MalformedMessageError extends Error {
  readonly code = 'MALFORMED_MESSAGE';
}

type Mapping = NonNullable<InboundSettings['map']>;

const bytesMax = 1024 * 1024;

/**
 * Reads the command of a message. Without a mapping, the body is a JSON object with exactly the
 * members `mutation` and `input`. Throws `MalformedMessageError`.
 */
export function readEnvelope(body: Uint8Array, mapping: Mapping | undefined): Envelope {
  if (body.length > bytesMax) {
    throw new MalformedMessageError(`the body has ${body.length} bytes, more than ${bytesMax}`);
  }
  const json = toText(body);
  const value = toValue(json);
  if (mapping === undefined) return toEnvelope(value);
  // Mapped members are texts, as the scalars of the API are: "187.50", not 187.5.
  const texts: unknown = JSON.parse(withNumbersAsText(json));
  const input = Object.entries(mapping.input).map(([field, pointer]) => [
    field,
    find(texts, pointer),
  ]);
  return { mutation: mapping.mutation, input: Object.fromEntries(input) };
}

function toText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new MalformedMessageError('the body is not UTF-8');
  }
}

function toValue(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new MalformedMessageError(
      `the body is not JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function toEnvelope(value: unknown): Envelope {
  if (!isObject(value)) throw new MalformedMessageError('the body is not a JSON object');
  const { mutation, input, ...others } = value;
  if (typeof mutation !== 'string') throw new MalformedMessageError('mutation must be a string');
  if (!isObject(input)) throw new MalformedMessageError('input must be an object');
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new MalformedMessageError(
      `unknown member ${JSON.stringify(other)}; the members are mutation and input`,
    );
  }
  return { mutation, input };
}

/** The value at a JSON Pointer (RFC 6901). */
function find(value: unknown, pointer: string): unknown {
  let found = value;
  for (const token of pointer.slice(1).split('/')) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const isIn = Array.isArray(found) ? /^(?:0|[1-9]\d*)$/.test(name) : isObject(found);
    if (!isIn || !Object.hasOwn(found as object, name)) {
      throw new MalformedMessageError(`the body has no value at ${pointer}`);
    }
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
