import type { Message } from './message.ts';
import type { PageEnd } from './progress.ts';
import type { MessagePage } from './source.ts';

/** Messages that are sent at once. */
interface Part {
  readonly messages: readonly Message[];
  /** Null: the position cannot be saved after this part. */
  readonly end: PageEnd | null;
}

/**
 * The parts of a page that are sent at once. The position can be saved after a part unless the next
 * one begins with the same sequence number.
 */
export function partsOf(
  { messages, end, endEventId }: MessagePage,
  batchMax: number,
): readonly Part[] {
  const parts: Part[] = [];
  for (let start = 0; start < messages.length; start += batchMax) {
    const part = messages.slice(start, start + batchMax);
    const [last, next] = [part.at(-1), messages[start + batchMax]];
    const isCut = last === undefined || last.sequence === next?.sequence;
    const partEnd = isCut ? null : { end: last.sequence, endEventId: last.eventId };
    parts.push({ messages: part, end: partEnd });
  }
  const lastPart = parts.pop()?.messages ?? [];
  return [...parts, { messages: lastPart, end: { end, endEventId } }];
}
