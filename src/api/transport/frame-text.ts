import type { ExecutionResult } from 'graphql';

/** A result as it is sent. */
export interface FrameText {
  readonly text: string;
  /** The sequence number from which a reader can resume; null if the payload has none. */
  readonly sequence: string | null;
}

const texts = new WeakMap<ExecutionResult, FrameText>();

/**
 * Returns a result as JSON, serialized once for all its readers. It must not change afterwards.
 * `payload` is what the first caller made the result from.
 */
export function toFrameText(result: ExecutionResult, payload?: unknown): FrameText {
  const known = texts.get(result);
  if (known !== undefined) return known;
  const text = { text: JSON.stringify(result), sequence: sequenceOf(payload) };
  texts.set(result, text);
  return text;
}

function sequenceOf(payload: unknown): string | null {
  if (typeof payload !== 'object' || payload === null || !('sequence' in payload)) return null;
  return typeof payload.sequence === 'number' ? String(payload.sequence) : null;
}
